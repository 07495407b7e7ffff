//! Of definitions, and of the executions of those that are sound.

use std::sync::Arc;

use asl::arn::Place;
use asl::definition::{Parsed, parse};
use asl::diagnostic::Diagnostic;
use asl::history::{Record, decode, encode};
use asl::interpreter::{Command, Event, Execution, Identity, Kind, Report};
use asl::validate::{MachineType, validate};
use asl::{Failure, Payload, Timestamp};
use serde_json::{Value, json};

use super::raw;
use crate::generators::{self, Choices};

/// Steps and records after which an execution is left alone: loops are fine.
const STEPS_MAX: u64 = 40;
const RECORDS_MAX: usize = 500;

/// A definition's text: every problem has a place in it.
pub fn definition(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = match raw(choices) {
        true => choices.rest(),
        false => generators::definition(choices, 2).to_string(),
    };
    let parsed = parse(&text);
    check(&text, &parsed);
    let judged = validate(&text, MachineType::Standard);
    check(&text, &judged);
    assert!(
        parsed.machine.is_some() || judged.machine.is_none(),
        "{text}"
    );
}

fn check(text: &str, parsed: &Parsed) {
    let errors = parsed.diagnostics.iter().any(Diagnostic::is_error);
    assert!(!(errors && parsed.machine.is_some()), "{text}");
    for diagnostic in &parsed.diagnostics {
        assert!(!diagnostic.message.is_empty());
        let Some(span) = &diagnostic.span else {
            continue;
        };
        assert!(
            text.get(span.clone()).is_some(),
            "{diagnostic}: {span:?} in {text}"
        );
    }
}

/// An execution: what is replayed is what was lived, at every step.
pub fn history(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = generators::definition(choices, 2).to_string();
    let Some(machine) = parse(&text).machine else {
        return;
    };
    let machine = Arc::new(machine);
    let mut execution = Execution::new(Arc::clone(&machine), Arc::new(identity()));
    let mut events = vec![Event::Start {
        input: Payload::from_value(input(choices)),
    }];
    let mut records = Vec::new();
    for now in 1..=STEPS_MAX {
        let Some(event) = events.pop().filter(|_| records.len() < RECORDS_MAX) else {
            break;
        };
        let step = execution.step(event, Timestamp(now as i64 * 100_000), now);
        records.extend(step.records);
        events.extend(
            step.commands
                .into_iter()
                .filter_map(|command| answer(choices, command)),
        );
        check_replay(&text, &execution, &records);
    }
}

/// An input that has what most paths ask for.
fn input(choices: &mut Choices<'_>) -> Value {
    let (items, any) = (generators::value(choices, 2), generators::value(choices, 2));
    json!({"items": [items, 1, {"a": "x"}], "a": any, "n": 3, "s": "x"})
}

fn check_replay(text: &str, live: &Execution, records: &[Record]) {
    let stored = decode(&encode(records)).expect("records are read as they were written");
    let (machine, identity) = (Arc::clone(live.machine()), Arc::clone(live.identity()));
    let folded = Execution::replay(machine, identity, &stored);
    assert!(folded == *live, "{text}: {folded:?} is not {live:?}");
    assert_eq!(folded.pending(), live.pending(), "{text}");
}

/// What the world makes of a command.
fn answer(choices: &mut Choices<'_>, command: Command) -> Option<Event> {
    Some(match command {
        Command::Continue => Event::Continue,
        Command::StartTimer(timer) => Event::Timer(timer),
        Command::ScheduleTask(command) => Event::Task {
            task: command.task,
            report: match choices.below(4) {
                0 => Report::Succeeded(command.input),
                1 => Report::Failed(Failure::new("E", "why")),
                2 => Report::TimedOut,
                _ => Report::Succeeded(Payload::from_value(generators::value(choices, 3))),
            },
            usage: None,
        },
        _ => return None,
    })
}

pub(super) fn identity() -> Identity {
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
