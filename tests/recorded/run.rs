//! Runs a case on the real engine, in memory, in virtual time.

use std::sync::Arc;

use asl::Payload;
use asl::arn::Place;
use asl::history::Record;
use asl::interpreter::{Identity, Kind};
use engine::{Clock, Definition, Engine, Parts, StartRequest};
use journal::MemoryJournal;
use serde_json::{Value, json};

use super::case::{ACCOUNT, Case};
use super::compare;
use super::functions::Functions;
use crate::virtual_time::{FixedEntropy, VirtualClock};

/// Runs every execution of a case and compares it with what was recorded.
pub(super) fn check(case: &Case) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    let mut bindings = compare::Bindings::default();
    for (place, (definition, input)) in case.executions.iter().enumerate() {
        let events = runtime.block_on(run(case, place, definition, input))?;
        if let Some(recorded) = case.histories.get(place) {
            compare::history(recorded, &events, &mut bindings)
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

async fn run(
    case: &Case,
    place: usize,
    definition: &Value,
    input: &str,
) -> Result<Vec<Value>, String> {
    let definition = Definition::parse(&definition.to_string())
        .map_err(|diagnostics| format!("does not parse: {diagnostics:?}"))?;
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
    let functions = Arc::new(Functions {
        behaviours: case.functions.clone(),
        clock: Arc::clone(&clock),
    });
    let engine = Engine::new(Parts {
        journal: Arc::new(MemoryJournal::default()),
        host: functions.clone(),
        modules: functions,
        clock,
        entropy: Arc::new(FixedEntropy),
        observer: None,
    });
    let aws = Place {
        region: "us-east-1".into(),
        account_id: ACCOUNT.into(),
    };
    let (machine, name) = ("state-machine", format!("execution-{place}"));
    let identity = Identity {
        execution_arn: aws.execution(machine, &name),
        name,
        state_machine_arn: aws.state_machine(machine),
        state_machine_name: machine.to_owned(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/role").into(),
        region: "us-east-1".into(),
        kind: Kind::Standard,
        map_state: None,
    };
    let arn = identity.execution_arn.clone();
    let input = Payload::from_text(input).map_err(|error| error.to_string())?;
    let request = StartRequest {
        identity,
        definition,
        input,
        started_as: engine::StartedAs::default(),
    };
    engine
        .start(request)
        .await
        .map_err(|error| error.to_string())?;
    // A recording may end in the middle of a long wait; ours must get as far.
    let year = std::time::Duration::from_secs(400 * 86_400);
    let _ = tokio::time::timeout(year, engine.wait(&arn)).await;
    let told = engine.tell(&arn).map_err(|error| error.to_string())?;
    Ok(events(&told.records))
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
