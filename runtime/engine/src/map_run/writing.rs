//! Results on their way into objects: from the rows, where children's ends are durable, in one
//! walk. It may be done again after a crash: the same objects come of it, each once.
//!
//! Source: Step Functions developer guide, "ResultWriter".

use std::sync::Arc;

use asl::arn::ExecutionArn;
use asl::map_run::{
    ChildEnd, ChildName, ChildOutcome, LastEnds, MapRun, OutputType, Record, Target,
};
use asl::{Failure, Payload};
use objects::{ObjectWriter, Objects};
use serde_json::{Value, json};

use super::children::Nursery;
use super::log::each_row;
use crate::parts::Error;

/// Bytes that are handed over at once.
const PARCEL_BYTES: usize = 256 * 1024;
/// Children's ends that wait between the walk and who writes.
const ENDS_WAITING: usize = 64;

/// What is written: a kind of file each.
const KINDS: [&str; 3] = ["FAILED", "PENDING", "SUCCEEDED"];

/// Writes all results of a run, and the manifest last. Answers the state's result.
///
/// # Errors
/// The journal's; a failure of the writer is inside.
pub(super) async fn write(
    nursery: &Arc<Nursery>,
    run: MapRun,
) -> Result<Result<Payload, Failure>, Error> {
    let Some(target) = nursery.writer.target.clone() else {
        return Ok(Ok(Payload::from_value(Value::Null)));
    };
    let (ends, mut taken) = tokio::sync::mpsc::channel(ENDS_WAITING);
    let shared = Arc::clone(&nursery.shared);
    // Rows are read where that may block.
    let walk = tokio::task::spawn_blocking(move || {
        let rows_of = ExecutionArn(Arc::clone(&run.arn().0));
        let mut last = LastEnds::new(run);
        each_row(&shared, &rows_of, 0, |_, records| {
            for record in records {
                let is_one = last.is_one(&record);
                let Record::Child(end) = record else { continue };
                // Nobody takes it when writing has failed.
                if is_one && ends.blocking_send(end).is_err() {
                    return Ok(());
                }
            }
            Ok(())
        })
    });
    let mut files = Files::new(nursery, target);
    let mut failed = None;
    while let Some(end) = taken.recv().await {
        if let Err(failure) = files.add(&end).await {
            failed = Some(failure);
            break;
        }
    }
    drop(taken);
    let walked = walk.await;
    walked.map_err(|error| Error::Damaged(format!("the walk over the results: {error}")))??;
    Ok(match failed {
        Some(failure) => Err(failure),
        None => files.finish().await,
    })
}

fn manifest_key(target: &Target) -> String {
    format!("{}manifest.json", target.prefix)
}

async fn create(
    objects: &dyn Objects,
    target: &Target,
    key: &str,
) -> Result<Box<dyn ObjectWriter>, Failure> {
    let owner = target.owner.as_deref();
    objects.create(&target.bucket, owner, key).await
}

/// Finds out, before any child begins, whether what a run writes has a place at all: nothing is
/// written yet.
///
/// # Errors
/// `States.ResultWriterFailed`.
pub(super) async fn has_place(nursery: &Nursery) -> Result<(), Failure> {
    let Some(target) = &nursery.writer.target else {
        return Ok(());
    };
    let objects = &*nursery.shared.objects;
    create(objects, target, &manifest_key(target))
        .await
        .map(drop)
}

/// The files of one run.
struct Files<'n> {
    nursery: &'n Nursery,
    target: Target,
    kinds: [Kind; 3],
}

/// The files of one kind.
#[derive(Default)]
struct Kind {
    open: Option<File>,
    /// `{"Key":…,"Size":…}`, of each that is whole.
    whole: Vec<Value>,
}

/// A file that is being written.
struct File {
    object: Box<dyn ObjectWriter>,
    key: String,
    bytes: u64,
    parcel: Vec<u8>,
}

impl<'n> Files<'n> {
    fn new(nursery: &'n Nursery, target: Target) -> Self {
        Self {
            nursery,
            target,
            kinds: Default::default(),
        }
    }

    async fn add(&mut self, end: &ChildEnd) -> Result<(), Failure> {
        let kind = match &end.outcome {
            ChildOutcome::Failed(_) | ChildOutcome::TimedOut(_) => 0,
            // Started, and cut off when the run ended.
            ChildOutcome::Aborted(_) => 1,
            ChildOutcome::Succeeded(_) => 2,
        };
        let plan = &self.nursery.command.plan;
        let name = ChildName::of(&plan.arn, plan.children, end.number);
        for text in self.nursery.writer.texts(&name, end) {
            self.put(kind, &text).await?;
        }
        Ok(())
    }

    async fn put(&mut self, kind: usize, text: &str) -> Result<(), Failure> {
        let output_type = self.nursery.writer.output_type;
        let most = self.nursery.shared.objects.result_bytes_max();
        let file = self.kinds[kind].open.as_ref();
        if file.is_some_and(|file| file.bytes + text.len() as u64 + 2 > most) {
            self.close(kind).await?;
        }
        if self.kinds[kind].open.is_none() {
            let (number, word) = (self.kinds[kind].whole.len(), KINDS[kind]);
            let ending = match output_type {
                OutputType::Json => "json",
                OutputType::Jsonl => "jsonl",
            };
            let key = format!("{}{word}_{number}.{ending}", self.target.prefix);
            let objects = &*self.nursery.shared.objects;
            self.kinds[kind].open = Some(File {
                object: create(objects, &self.target, &key).await?,
                key,
                bytes: 0,
                parcel: Vec::new(),
            });
        }
        let Some(file) = &mut self.kinds[kind].open else {
            return Ok(());
        };
        let before = match (output_type, file.bytes) {
            (OutputType::Json, 0) => "[",
            (OutputType::Json, _) => ",",
            (OutputType::Jsonl, _) => "",
        };
        let after = if output_type == OutputType::Jsonl {
            "\n"
        } else {
            ""
        };
        for part in [before, text, after] {
            file.parcel.extend_from_slice(part.as_bytes());
            file.bytes += part.len() as u64;
        }
        match file.parcel.len() < PARCEL_BYTES {
            true => Ok(()),
            false => file.object.write(std::mem::take(&mut file.parcel)).await,
        }
    }

    async fn close(&mut self, kind: usize) -> Result<(), Failure> {
        let Some(mut file) = self.kinds[kind].open.take() else {
            return Ok(());
        };
        if self.nursery.writer.output_type == OutputType::Json {
            file.parcel.push(b']');
            file.bytes += 1;
        }
        file.object.write(file.parcel).await?;
        file.object.finish().await?;
        self.kinds[kind]
            .whole
            .push(json!({ "Key": file.key, "Size": file.bytes }));
        Ok(())
    }

    /// The manifest comes last: who finds it finds all.
    async fn finish(mut self) -> Result<Payload, Failure> {
        let mut files = serde_json::Map::new();
        for (kind, word) in KINDS.iter().enumerate() {
            self.close(kind).await?;
            let whole = std::mem::take(&mut self.kinds[kind].whole);
            files.insert((*word).to_owned(), whole.into());
        }
        let run = self.nursery.command.plan.arn.as_str();
        let manifest = json!({
            "DestinationBucket": self.target.bucket,
            "MapRunArn": run,
            "ResultFiles": files,
        });
        let key = manifest_key(&self.target);
        let objects = &*self.nursery.shared.objects;
        let mut object = create(objects, &self.target, &key).await?;
        object.write(manifest.to_string().into_bytes()).await?;
        object.finish().await?;
        Ok(Payload::from_value(json!({
            "MapRunArn": run,
            "ResultWriterDetails": { "Bucket": self.target.bucket, "Key": key },
        })))
    }
}
