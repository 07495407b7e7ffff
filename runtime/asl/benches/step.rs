//! What does one execution cost in the interpreter alone?
//!
//! Sketch: three states of Pass → Choice → Succeed make eight records, each some
//! allocations and one map look-up: 3 to 6 µs. The limit set beside it is what cannot be
//! left out: parsing the input and printing the output once.
//!
//! `cargo bench -p asl --bench step` prints µs an execution.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::arn::Place;
use asl::interpreter::{Command, Event, Execution, Identity, Kind, Report};
use asl::{Payload, Timestamp, definition};
use bench::{Figure, INPUT, THREE_STATES};

const ONE_TASK: &str = r#"{
    "StartAt": "Task",
    "States": {
        "Task": {
            "Type": "Task",
            "Resource": "wasm:task",
            "Parameters": { "amount.$": "$.amount", "currency": "EUR" },
            "ResultPath": "$.result",
            "End": true
        }
    }
}"#;

const WIDE: &str = r#"{
    "StartAt": "Map",
    "States": {
        "Map": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemProcessor": {
                "StartAt": "Item",
                "States": { "Item": { "Type": "Pass", "End": true } }
            },
            "End": true
        }
    }
}"#;

fn main() {
    let limit = measure(&mut || {
        let payload = Payload::from_text(INPUT).expect("JSON");
        black_box(Payload::from_value(payload.value().clone()).text().len());
        1
    });
    for (name, text) in [
        ("Pass -> Choice -> Succeed", THREE_STATES),
        ("one Task", ONE_TASK),
        ("Map over 8 items", WIDE),
    ] {
        let machine = definition::parse(text).machine.expect("a sound definition");
        let machine = Arc::new(machine);
        let identity = Arc::new(identity());
        let cost = measure(&mut || {
            run(&machine, &identity);
            1
        });
        Figure::new("step", name, cost, "µs")
            .beside("parse and print the input once", limit)
            .print();
    }
}

/// Runs one execution to its end.
fn run(machine: &Arc<definition::StateMachine>, identity: &Arc<Identity>) {
    let mut execution = Execution::new(Arc::clone(machine), Arc::clone(identity));
    let input = Payload::from_text(INPUT).expect("JSON");
    let mut step = execution.step(Event::Start { input }, Timestamp(1), 7);
    while execution.end().is_none() {
        let event = match step.commands.first() {
            Some(Command::ScheduleTask(command)) => Event::Task {
                task: command.task,
                report: Report::Succeeded(command.input.clone()),
                usage: None,
            },
            _ => Event::Continue,
        };
        step = execution.step(event, Timestamp(2), 7);
    }
    black_box(&execution);
}

fn identity() -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", "name"),
        name: "name".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Standard,
        map_state: None,
    }
}

/// The best of five runs of 200 ms each, in µs a round: the best, since noise only adds.
fn measure(round: &mut dyn FnMut() -> u32) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let (started, mut rounds) = (Instant::now(), 0_u32);
        while started.elapsed() < Duration::from_millis(200) {
            for _ in 0..64 {
                rounds += round();
            }
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
    }
    best
}
