//! What a ResultWriter writes: in files of a size, of runs that were cut off, and when it cannot.

use std::sync::Arc;

use asl::interpreter::End;
use asl::{ErrorName, Failure, Payload};
use objects::{Answering, Buckets, Known, ObjectWriter, Objects, OpenedItems};
use serde_json::{Value, json};

use crate::world::in_virtual_time;

use super::map_runs::{items, map, output, run_of, task, told, world, writer, written};

/// Buckets whose files of results are short.
struct Narrow {
    buckets: Arc<Buckets>,
    bytes_max: u64,
}

impl Narrow {
    fn new(folder: &std::path::Path, bytes_max: u64) -> Self {
        let buckets = Buckets::new([("bucket", folder)], "123456789012", None).expect("a folder");
        Self {
            buckets: Arc::new(buckets),
            bytes_max,
        }
    }
}

impl Objects for Narrow {
    fn open<'a>(&'a self, reader: &'a Payload, known: Known) -> Answering<'a, OpenedItems> {
        self.buckets.open(reader, known)
    }

    fn result_bytes_max(&self) -> u64 {
        self.bytes_max
    }

    fn create<'a>(
        &'a self,
        bucket: &'a str,
        owner: Option<&'a str>,
        key: &'a str,
    ) -> Answering<'a, Box<dyn ObjectWriter>> {
        self.buckets.create(bucket, owner, key)
    }
}

fn lines() -> Value {
    writer(json!({"Transformation": "COMPACT", "OutputType": "JSONL"}))
}

#[test]
fn a_file_of_results_is_no_longer_than_it_may_be() {
    in_virtual_time(async {
        // Each is `{"n":0}` and what is between it and the next.
        for (output_type, bytes_max) in [("JSONL", 30), ("JSON", 28)] {
            let (mut world, folder) = world();
            items(folder.path(), 10);
            world.has_objects(Arc::new(Narrow::new(folder.path(), bytes_max)));
            let more = writer(json!({"Transformation": "COMPACT", "OutputType": output_type}));
            let definition = map("EXPRESS", task("echo"), more);
            let arn = world.start(output_type, &definition, json!({})).await;
            let result = output(world.end(&arn).await);
            let files = written(folder.path(), &result);
            let files = files["SUCCEEDED"].as_array().expect("files");
            assert_eq!(files.len(), 4, "{files:?}");
            let mut numbers = Vec::new();
            for text in files.iter().filter_map(Value::as_str) {
                assert!(text.len() as u64 <= bytes_max, "{text}");
                let rows: Vec<Value> = match output_type {
                    "JSON" => serde_json::from_str(text).expect("an array"),
                    _ => text
                        .lines()
                        .map(|line| serde_json::from_str(line).expect("JSON"))
                        .collect(),
                };
                numbers.extend(rows.iter().filter_map(|row| row["n"].as_u64()));
            }
            numbers.sort_unstable();
            assert_eq!(numbers, (0..10).collect::<Vec<_>>());
        }
    });
}

#[test]
fn children_that_were_cut_off_are_written_as_pending() {
    in_virtual_time(async {
        for kind in ["STANDARD", "EXPRESS"] {
            let (world, folder) = world();
            items(folder.path(), 5);
            let mut more = lines();
            more["MaxConcurrency"] = json!(2);
            let arn = world
                .start(kind, &map(kind, task("slow"), more), json!({}))
                .await;
            world.sleep(15).await;
            let stopped = world.engine.stop(&arn, Failure::default()).await;
            stopped.expect("an execution that runs");
            assert!(matches!(world.end(&arn).await, End::Aborted(_)));
            let run = run_of(&world, &arn);
            let id = run
                .as_str()
                .rsplit(':')
                .next()
                .unwrap_or_default()
                .to_owned();
            let manifest = format!("out/{id}/manifest.json");
            // The run ends after the execution whose Map it is.
            while told(&world, &arn).stopped_at.is_none() {
                world.sleep(1).await;
            }
            let result = json!({
                "MapRunArn": run.as_str(), "ResultWriterDetails": {"Key": manifest},
            });
            let files = written(folder.path(), &result);
            assert_eq!(
                files["SUCCEEDED"],
                json!(["\"slow\"\n\"slow\"\n"]),
                "{kind}"
            );
            assert_eq!(files["FAILED"], json!([]));
            let pending = files["PENDING"][0].as_str().expect("a file");
            let mut inputs: Vec<String> = Vec::new();
            for line in pending.lines() {
                let record: Value = serde_json::from_str(line).expect("JSON");
                assert_eq!(record["Status"], "ABORTED");
                inputs.push(record["Input"].as_str().expect("a text").to_owned());
            }
            inputs.sort();
            assert_eq!(inputs, [r#"{"n":2}"#, r#"{"n":3}"#], "{kind}");
        }
    });
}

/// A real disk that refuses: where the folder of results belongs there is a file.
#[test]
fn results_that_cannot_be_written_are_kept_for_a_redrive() {
    in_virtual_time(async {
        let (mut world, folder) = world();
        items(folder.path(), 5);
        let in_the_way = folder.path().join("out");
        std::fs::write(&in_the_way, "no folder").expect("a file");
        let definition = map("EXPRESS", task("ask"), lines());
        let arn = world.start("run", &definition, json!({})).await;
        let End::Failed(failure) = world.end(&arn).await else {
            panic!("it has failed");
        };
        assert_eq!(failure.error_name(), ErrorName::RESULT_WRITER_FAILED);
        let cause = failure.cause.unwrap_or_default();
        let id = run_of(&world, &arn)
            .as_str()
            .rsplit(':')
            .next()
            .map(str::to_owned);
        let object = format!(
            "s3://bucket/out/{}/SUCCEEDED_0.jsonl: ",
            id.unwrap_or_default()
        );
        assert!(cause.starts_with(&object), "{cause}");
        assert!(cause.ends_with("Not a directory (os error 20)"), "{cause}");
        for _ in 0..5 {
            world.call().await;
        }
        world.restart();
        std::fs::remove_file(in_the_way).expect("a file");
        world.engine.redrive(&arn, None).await.expect("a redrive");
        let result = output(world.end(&arn).await);
        assert!(world.is_quiet(), "a child was run again");
        let files = written(folder.path(), &result);
        let text = files["SUCCEEDED"][0].as_str().expect("a file");
        assert_eq!(text.lines().count(), 5);
        assert_eq!(told(&world, &arn).run.redrives(), 1);
    });
}
