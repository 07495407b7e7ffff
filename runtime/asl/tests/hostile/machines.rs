//! Whole state machines: thousands of expressions in one state, each of which alone is fine.

use std::sync::Arc;

use asl::arn::Place;
use asl::interpreter::{End, Event, Execution, Identity, Kind, Step};
use asl::{Payload, Timestamp, definition};
use serde_json::{Value, json};

use super::Ends::{Well, With};
use super::Rows;

fn identity() -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", "name"),
        name: "name".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Express,
        map_state: None,
    }
}

/// Starts a machine of these states.
fn start(states: &Value, input: &Value) -> (Execution, Step) {
    let text = json!({"StartAt": "State", "States": states}).to_string();
    let parsed = definition::parse(&text);
    let Some(machine) = parsed.machine else {
        panic!("{:?}", parsed.diagnostics);
    };
    let mut execution = Execution::new(Arc::new(machine), Arc::new(identity()));
    let input = Payload::from_value(input.clone());
    let step = execution.step(Event::Start { input }, Timestamp(1), 7);
    (execution, step)
}

/// A machine of one state that fails in its first step.
fn check(rows: &mut Rows, name: &str, state: &Value, expected: &'static str) {
    let states = json!({"State": state, "Next": {"Type": "Succeed"}});
    let input = input();
    rows.row(name, With(expected), || {
        match start(&states, &input).0.end() {
            Some(End::Failed(failure)) => Err(failure.cause.clone().unwrap_or_default()),
            _ => Ok(()),
        }
    });
}

/// A template of `count` fields that all say the same.
fn template(count: usize, suffix: &str, text: &str) -> Value {
    let fields = (0..count).map(|n| (format!("f{n}{suffix}"), Value::from(text)));
    Value::Object(fields.collect())
}

fn input() -> Value {
    let items: Vec<Value> = (0..12_000).map(|n| json!({"a": n})).collect();
    json!({"text": "a".repeat(100_000), "items": items})
}

const NODES: &str = "the state's expressions visit more than";
const STEPS: &str = "Expression evaluation timeout: Check for infinite loop";
const SIZE: &str = "Expression evaluation memory limit exceeded: Check for excessive memory usage";

#[test]
fn templates() {
    let rows = &mut Rows::default();
    let pass = |language: &str, field: &str, template: Value| json!({"Type": "Pass", "QueryLanguage": language, field: template, "End": true});
    for (name, count, text) in [
        ("20,000 copies of the input", 20_000, "$"),
        ("5,000 descents", 5_000, "$..a"),
        ("5,000 calls", 5_000, "States.JsonToString($)"),
    ] {
        let state = pass("JSONPath", "Parameters", template(count, ".$", text));
        check(rows, name, &state, NODES);
    }
    for (name, count, text, expected) in [
        ("20,000 results", 20_000, "{% $states.input %}", SIZE),
        (
            "5,000 sums",
            5_000,
            "{% $sum($states.input.items.a) %}",
            STEPS,
        ),
        (
            "5,000 searches",
            5_000,
            "{% $contains($states.input.text, /a*b/) %}",
            STEPS,
        ),
        (
            "5,000 texts",
            5_000,
            "{% $length($states.input.text & 'b') %}",
            STEPS,
        ),
    ] {
        let state = pass("JSONata", "Output", template(count, "", text));
        check(rows, name, &state, expected);
    }
}

#[test]
fn choices() {
    let rows = &mut Rows::default();
    let choice =
        |rule: Value| json!({"Type": "Choice", "Choices": vec![rule; 5_000], "Default": "Next"});
    for (name, test) in [
        (
            "5,000 patterns",
            json!({"Variable": "$.text", "StringMatches": "*a*a*a*b"}),
        ),
        (
            "5,000 comparisons",
            json!({"Variable": "$.text", "StringLessThanPath": "$.text"}),
        ),
    ] {
        check(
            rows,
            name,
            &choice(json!({"Not": {"Not": test}, "Next": "Next"})),
            NODES,
        );
    }
    let condition = "{% $sum($states.input.items.a) = 0 %}";
    let mut state = choice(json!({"Condition": condition, "Next": "Next"}));
    state["QueryLanguage"] = json!("JSONata");
    check(rows, "5,000 conditions", &state, STEPS);
}

/// One transition of a loop is fine; a step must end before there are many.
#[test]
fn loops() {
    let rows = &mut Rows::default();
    let states = json!({"State": {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": "{% ($sum([1..131000].($ * 2)); $states.input) %}",
        "Next": "State",
    }});
    let yields = |execution: &Execution, step: &Step| {
        assert!(execution.end().is_none(), "it goes on");
        match step.records.len() {
            0..100 => Ok(()),
            many => Err(format!("a step of {many} records")),
        }
    };
    let mut started = None;
    rows.row("a loop", Well, || {
        let (execution, step) = started.insert(start(&states, &json!({})));
        yields(execution, step)
    });
    rows.row("a loop goes on", Well, || {
        let (execution, _) = started.as_mut().expect("just started");
        let step = execution.step(Event::Continue, Timestamp(1), 7);
        yields(execution, &step)
    });
}
