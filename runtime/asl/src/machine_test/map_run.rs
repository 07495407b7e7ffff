//! Map Runs of a case: their children are executions on the same stage.
//!
//! What a run comes to is decided by [`crate::map_run::MapRun`], as ever; a script may answer
//! for the whole run, or for what its ItemReader reads.

use std::sync::Arc;
use std::vec;

use serde_json::{Value, json};

use super::stage::{ActorId, Stage, Stopped, failure};
use crate::interpreter::{
    End, Event, Execution, Identity, ItemSource, Kind, MapItem, MapRunCommand, MapRunReport,
    TaskKey,
};
use crate::map_run::{Batch, ChildEnd, ChildOutcome, MapRun, Record, Verdict};
use crate::{Failure, Payload, Timestamp};

/// A Map Run on the stage.
pub(super) struct Run {
    command: Arc<MapRunCommand>,
    run: MapRun,
    items: vec::IntoIter<Value>,
    source: Arc<str>,
    /// The item that did not fit into the last batch.
    kept: Option<Payload>,
    taken: u64,
    begun: u64,
    open: Vec<Open>,
}

/// A child that runs.
struct Open {
    actor: ActorId,
    number: u64,
    items: u64,
    started_at: Timestamp,
}

impl Stage<'_, '_> {
    pub(super) fn start_map_run(
        &mut self,
        actor: ActorId,
        command: MapRunCommand,
    ) -> Result<(), Stopped> {
        let key = command.run;
        let answer = self.answer_for_run(&command.plan.state_name);
        let after = answer.map_or(0.0, |answer| answer.after);
        let at = self.now.plus_milliseconds((after * 1000.0).round() as i64);
        let report = match answer {
            Some(answer) => match (&answer.error, &answer.returned) {
                (Some(error), _) => Some(MapRunReport::Failed(failure(answer, error))),
                (None, Some(result)) => {
                    Some(MapRunReport::Succeeded(Payload::from_value(result.clone())))
                }
                (None, None) => None,
            },
            None => None,
        };
        if let Some(report) = report {
            self.at(at, actor, Event::MapRun { run: key, report });
            return Ok(());
        }
        if answer.is_some_and(|answer| answer.never) {
            return Ok(());
        }
        let read = answer.and_then(|answer| answer.items.clone());
        let (items, source) = match &command.plan.source {
            ItemSource::Items(items) => match read {
                Some(items) => (items, "STATE_DATA".to_owned()),
                None => (
                    items.value().as_array().cloned().unwrap_or_default(),
                    "STATE_DATA".to_owned(),
                ),
            },
            ItemSource::Reader { reader, items_max } => {
                let Some(mut items) = read else {
                    return Err(Stopped::NoItems {
                        state: Arc::clone(&command.plan.state_name),
                        event: key.scheduled,
                    });
                };
                items.truncate(usize::try_from(*items_max).unwrap_or(usize::MAX));
                (items, uri(reader.value()))
            }
            ItemSource::Refused(failure) => {
                let report = MapRunReport::Failed(failure.clone());
                self.at(at, actor, Event::MapRun { run: key, report });
                return Ok(());
            }
        };
        let run = Run {
            run: MapRun::new(&command.plan),
            command: Arc::new(command),
            items: items.into_iter(),
            source: source.into(),
            kept: None,
            taken: 0,
            begun: 0,
            open: Vec::new(),
        };
        self.runs.insert((actor, key), run);
        self.go_on((actor, key));
        Ok(())
    }

    /// Ends a run's children: nothing more is heard of them.
    pub(super) fn stop_map_run(&mut self, actor: ActorId, key: TaskKey) {
        let run = self.runs.remove(&(actor, key));
        for child in run.into_iter().flat_map(|run| run.open) {
            self.children.remove(&child.actor);
            self.actors[child.actor.0] = None;
            let below = self
                .runs
                .keys()
                .filter(|(parent, _)| *parent == child.actor);
            let below: Vec<(ActorId, TaskKey)> = below.copied().collect();
            for (parent, key) in below {
                self.stop_map_run(parent, key);
            }
        }
    }

    /// A child ended: its run goes on.
    pub(super) fn child_ended(&mut self, actor: ActorId, end: End) -> Result<(), Stopped> {
        self.actors[actor.0] = None;
        let Some(key) = self.children.remove(&actor) else {
            return Ok(());
        };
        let now = self.now;
        if let Some(run) = self.runs.get_mut(&key)
            && let Some(place) = run.open.iter().position(|open| open.actor == actor)
        {
            let child = run.open.swap_remove(place);
            run.run.apply(&Record::Child(ChildEnd {
                input: None,
                redrives: 0,
                passed: None,
                number: child.number,
                items: child.items,
                outcome: outcome(end),
                started_at: child.started_at,
                stopped_at: now,
            }));
            self.go_on(key);
        }
        Ok(())
    }

    /// Opens children as long as there may be more, or tells the parent what the run came to.
    fn go_on(&mut self, key: (ActorId, TaskKey)) {
        let Some(mut run) = self.runs.remove(&key) else {
            return;
        };
        while run.run.total().is_none() && run.open.len() < run.run.settings().concurrency as usize
        {
            match self.next_child(key.0, &mut run) {
                Ok(Some((items, input))) => self.open(key, &mut run, items, input),
                Ok(None) => run.run.apply(&Record::Exhausted {
                    children: run.begun,
                    items: run.taken,
                }),
                Err(failure) => return self.end_run(key, run, MapRunReport::Failed(failure)),
            }
        }
        match run.run.verdict() {
            None => {
                self.runs.insert(key, run);
            }
            Some(Verdict::Succeeded(result)) => {
                self.end_run(key, run, MapRunReport::Succeeded(result));
            }
            Some(Verdict::Failed(failure)) => {
                self.end_run(key, run, MapRunReport::Failed(failure));
            }
            Some(Verdict::Write) => {
                let written = written(&run.command);
                self.end_run(key, run, MapRunReport::Succeeded(written));
            }
        }
    }

    fn end_run(&mut self, key: (ActorId, TaskKey), run: Run, report: MapRunReport) {
        self.runs.insert(key, run);
        self.stop_map_run(key.0, key.1);
        self.report_run(key.0, key.1, report);
    }

    fn open(&mut self, key: (ActorId, TaskKey), run: &mut Run, items: u64, input: Payload) {
        let Some(parent) = self.actors[key.0.0].as_ref().map(Execution::identity) else {
            return;
        };
        let identity = child(parent, &run.command, run.begun);
        let actor = self.begin(identity, input);
        self.opened_inside(actor, key.0, key.1.scope);
        self.children.insert(actor, key);
        run.open.push(Open {
            actor,
            number: run.begun,
            items,
            started_at: self.now,
        });
        run.begun += 1;
    }

    fn next_child(
        &mut self,
        parent: ActorId,
        run: &mut Run,
    ) -> Result<Option<(u64, Payload)>, Failure> {
        let command = Arc::clone(&run.command);
        let Some(batching) = &command.plan.batching else {
            let input = self.next_item(parent, run)?;
            return Ok(input.map(|input| (1, input)));
        };
        let mut batch = Batch::new(batching);
        while batch.has_room() {
            let Some(item) = self.next_item(parent, run)? else {
                break;
            };
            if let Err(unfit) = batch.add(item) {
                run.kept = Some(unfit);
                break;
            }
        }
        Ok(batch.input())
    }

    fn next_item(&mut self, parent: ActorId, run: &mut Run) -> Result<Option<Payload>, Failure> {
        if let Some(kept) = run.kept.take() {
            return Ok(Some(kept));
        }
        let Some(value) = run.items.next() else {
            return Ok(None);
        };
        let item = MapItem {
            key: None,
            index: run.taken,
            value,
            source: Arc::clone(&run.source),
        };
        run.taken += 1;
        let (key, now, entropy) = (run.command.run, self.now, self.draw());
        let parent = self.actors[parent.0].as_mut();
        let selected = parent.map(|parent| parent.select_item(key, item, now, entropy));
        selected.transpose()
    }
}

/// Where a reader's items are from, as `$$.Map.Item.Source` has it.
fn uri(reader: &Value) -> String {
    let parameters = reader.get("Parameters").or(reader.get("Arguments"));
    let text = |field: &str| parameters.and_then(|all| all.get(field)?.as_str());
    let (bucket, key) = (text("Bucket"), text("Key").or(text("Prefix")));
    format!(
        "S3://{}/{}",
        bucket.unwrap_or_default(),
        key.unwrap_or_default()
    )
}

/// What a Map with a ResultWriter answers: where its results would be.
fn written(command: &MapRunCommand) -> Payload {
    let writer = command.plan.writer.as_ref().map(Payload::value);
    let parameters = writer.and_then(|writer| writer.get("Parameters").or(writer.get("Arguments")));
    let text = |field: &str| parameters.and_then(|all| all.get(field)?.as_str());
    let (prefix, id) = (text("Prefix").unwrap_or_default(), command.plan.arn.name());
    let slash = if prefix.is_empty() { "" } else { "/" };
    Payload::from_value(json!({
        "MapRunArn": command.plan.arn.as_str(),
        "ResultWriterDetails": {
            "Bucket": text("Bucket").unwrap_or_default(),
            "Key": format!("{prefix}{slash}{id}/manifest.json"),
        },
    }))
}

fn child(parent: &Identity, command: &MapRunCommand, number: u64) -> Identity {
    let plan = &command.plan;
    let machine = plan.arn.state_machine();
    let kind = match plan.children {
        Kind::Standard => "execution",
        Kind::Express => "express",
    };
    let place = machine
        .0
        .replacen(":stateMachine:", &format!(":{kind}:"), 1);
    let name = format!("child-{number}");
    Identity {
        execution_arn: format!("{place}:{name}").into(),
        name,
        state_machine_name: machine.name().to_owned(),
        state_machine_arn: machine,
        role_arn: Arc::clone(&parent.role_arn),
        region: Arc::clone(&parent.region),
        kind: plan.children,
        map_state: Some(Arc::clone(&plan.state_name)),
    }
}

fn outcome(end: End) -> ChildOutcome {
    match end {
        End::Succeeded(output) => ChildOutcome::Succeeded(output),
        End::Failed(failure) => ChildOutcome::Failed(failure),
        End::TimedOut(failure) => ChildOutcome::TimedOut(failure),
        End::Aborted(failure) => ChildOutcome::Aborted(failure),
    }
}
