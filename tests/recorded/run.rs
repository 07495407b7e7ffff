//! Runs a case on the real engine, in memory, in virtual time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use asl::arn::{ExecutionArn, Place};
use asl::history::Record;
use asl::interpreter::{Identity, Kind};
use asl::{Failure, Payload};
use engine::{Clock, Definition, Directory, Engine, NoTarget, Parts, StartRequest, StartTarget};
use journal::MemoryJournal;
use serde_json::{Value, json};

use super::case::{ACCOUNT, Callback, Case, Execution, Said};
use super::functions::Functions;
use super::queue::Queue;
use super::{bucket, compare};
use crate::virtual_time::{FixedEntropy, VirtualClock};

/// Longest a recording waits; ours must get as far as it does, which may be in the middle.
const PATIENCE: Duration = Duration::from_secs(400 * 86_400);

/// Runs every execution of a case and compares it with what was recorded.
pub(super) fn check(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let mut bindings = compare::Bindings::default();
    let histories = runtime.block_on(histories(case))?;
    // Helpers come before what is recorded.
    let recorded = case.histories.len().max(case.outputs.len());
    let helpers = histories.len().saturating_sub(recorded);
    for (place, events) in histories.iter().skip(helpers).enumerate() {
        if let Some(recorded) = case.histories.get(place) {
            compare::history(recorded, events, &mut bindings)
                .map_err(|why| format!("execution {place}: {why}"))?;
        }
        if let Some(recorded) = case.outputs.get(place) {
            let last = events.last().cloned().unwrap_or(Value::Null);
            let output = &last["executionSucceededEventDetails"]["output"];
            compare::value("output", recorded, output, &mut bindings)
                .map_err(|why| format!("execution {place}: {why}"))?;
        }
    }
    Ok(())
}

/// The histories of a case's executions.
async fn histories(case: &Case) -> Result<Vec<Vec<Value>>, String> {
    let mut histories = Vec::new();
    if case.is_one_story() {
        let stage = Stage::new(case);
        let mut executions = Vec::new();
        for (place, execution) in case.executions.iter().enumerate() {
            executions.push(stage.start(place, execution).await?);
        }
        stage.call_back(&case.callbacks).await?;
        for arn in &executions {
            histories.push(stage.history(arn).await?);
        }
    } else {
        for (place, execution) in case.executions.iter().enumerate() {
            let stage = Stage::new(case);
            let arn = stage.start(place, execution).await?;
            histories.push(stage.history(&arn).await?);
        }
    }
    Ok(histories)
}

/// An engine, and what is around it.
struct Stage {
    engine: Arc<Engine>,
    queue: Arc<Queue>,
    /// Kept as long as it is used.
    _shelf: bucket::Shelf,
}

impl Stage {
    fn new(case: &Case) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
        let functions = Arc::new(Functions {
            behaviours: case.functions.clone(),
            clock: Arc::clone(&clock),
        });
        let journal = Arc::new(MemoryJournal::default());
        let queue = Arc::new(Queue::default());
        let shelf = bucket::Shelf::of(&case.name, &case.buckets());
        let engine = Arc::new(Engine::new(Parts {
            objects: Arc::new(Arc::clone(&shelf.buckets)),
            clock,
            entropy: Arc::new(FixedEntropy),
            services: queue.clone(),
            directory: Arc::new(Machines(case.machines.clone())),
            ..Parts::new(journal, functions.clone(), functions)
        }));
        queue.serve(Arc::downgrade(&engine));
        Self {
            engine,
            queue,
            _shelf: shelf,
        }
    }

    async fn start(&self, place: usize, execution: &Execution) -> Result<ExecutionArn, String> {
        let identity = identity(&execution.machine, format!("execution-{place}"));
        let arn = identity.execution_arn.clone();
        let definition = Definition::parse(&execution.definition.to_string())
            .map_err(|diagnostics| format!("does not parse: {diagnostics:?}"))?;
        let input = Payload::from_text(&*execution.input).map_err(|error| error.to_string())?;
        let request = StartRequest {
            identity,
            definition,
            input,
            started_as: engine::StartedAs::default(),
        };
        let started = self.engine.start(request).await;
        started.map_err(|error| error.to_string())?;
        Ok(arn)
    }

    /// Makes the calls of a case: its tokens stand for ours, in the order of their appearance.
    async fn call_back(&self, callbacks: &[Callback]) -> Result<(), String> {
        let mut seen: Vec<&str> = Vec::new();
        for Callback { token, said } in callbacks {
            let known = seen.iter().position(|known| known == token);
            let place = known.unwrap_or_else(|| {
                seen.push(token);
                seen.len() - 1
            });
            let ours = self.queue.token(place).await;
            let sent = match said {
                Said::Heartbeat => self.engine.task_heartbeat(&ours).await,
                Said::Success(output) => {
                    let output = output.replace(token, &ours);
                    let output = Payload::from_text(output).map_err(|error| error.to_string())?;
                    self.engine.task_succeeded(&ours, output).await
                }
                Said::Failure { error, cause } => {
                    let failure = Failure {
                        error: error.as_deref().map(Into::into),
                        cause: cause.clone(),
                    };
                    self.engine.task_failed(&ours, failure).await
                }
            };
            sent.map_err(|error| format!("{said:?}: {error}"))?;
        }
        Ok(())
    }

    async fn history(&self, arn: &ExecutionArn) -> Result<Vec<Value>, String> {
        let _ = tokio::time::timeout(PATIENCE, self.engine.wait(arn)).await;
        let told = self.engine.tell(arn).map_err(|error| error.to_string())?;
        Ok(events(&told.records))
    }
}

fn aws() -> Place {
    Place {
        region: "us-east-1".into(),
        account_id: ACCOUNT.into(),
    }
}

/// The state machines of a case, by name.
struct Machines(HashMap<String, Value>);

impl Directory for Machines {
    fn has_activity(&self, _: &str) -> bool {
        false
    }

    fn target(&self, arn: &str, _: u64) -> Result<StartTarget, NoTarget> {
        let name = arn.rsplit(':').next().unwrap_or_default();
        let definition = self
            .0
            .get(name)
            .map(|text| Definition::parse(&text.to_string()));
        let definition = definition.and_then(Result::ok);
        Ok(StartTarget {
            place: aws(),
            name: name.to_owned(),
            kind: Kind::Standard,
            role_arn: "role".into(),
            definition: definition.ok_or_else(|| NoTarget::does_not_exist(arn))?,
            started_as: engine::StartedAs::default(),
        })
    }
}

fn identity(machine: &str, name: String) -> Identity {
    let aws = aws();
    Identity {
        execution_arn: aws.execution(machine, &name),
        name,
        state_machine_arn: aws.state_machine(machine),
        state_machine_name: machine.to_owned(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/role").into(),
        region: "us-east-1".into(),
        kind: Kind::Standard,
        map_state: None,
    }
}

fn events(records: &[Record]) -> Vec<Value> {
    let events = records.iter().filter_map(|record| match record {
        Record::Event(_, event) => Some(event.to_aws()),
        Record::Note(_) => None,
    });
    let mut events: Vec<Value> = events.collect();
    for event in &mut events {
        event["timestamp"] = json!("timestamp");
    }
    events
}
