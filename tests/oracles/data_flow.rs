//! Of what becomes of data in a state, in either language.

use std::slice;
use std::sync::Arc;

use asl::definition::parse;
use asl::interpreter::{Command, End, Event, Execution};
use asl::query::jsonpath::ReferencePath;
use asl::{ErrorName, Payload, Timestamp};
use serde_json::{Value, json};

use super::machines::identity;
use crate::generators::{self, Choices};

/// Steps that a few Pass states take, at most.
const STEPS_MAX: i64 = 20;

/// States that move data alone: each field does what it says and no more.
pub fn data_flow(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let (_, path) = generators::plain(choices);
    let (input, result) = (generators::value(choices, 3), generators::value(choices, 2));
    let told = format!("{result} at {path} of {input}");
    nothing_changes(&input);
    what_is_placed_is_found(&path, &input, &result, &told);
    what_is_assigned_is_read(&path, &input, &told);
}

/// A state without fields gives what it is given.
fn nothing_changes(input: &Value) {
    for language in ["JSONPath", "JSONata"] {
        let pass = json!({"Type": "Pass", "QueryLanguage": language});
        assert_eq!(run(&[pass], input), Ok(input.clone()), "{language}");
    }
}

/// `ResultPath` puts the result at its place, where `OutputPath` finds it, and leaves all else
/// as it was.
fn what_is_placed_is_found(path: &str, input: &Value, result: &Value, told: &str) {
    if ReferencePath::parse(path).is_err() {
        return;
    }
    let place = json!({"Type": "Pass", "Result": result, "ResultPath": path});
    let placed = match run(slice::from_ref(&place), input) {
        Ok(placed) => placed,
        Err(error) => {
            assert_eq!(error, ErrorName::RESULT_PATH_MATCH_FAILURE, "{told}");
            return;
        }
    };
    let mut found = place;
    found["OutputPath"] = path.into();
    assert_eq!(run(&[found], input), Ok(result.clone()), "{told}");
    // What was there before, put back, gives what was there before.
    if let Some(before) = at(input, path) {
        let back = json!({"Type": "Pass", "Result": before, "ResultPath": path});
        assert_eq!(run(&[back], &placed), Ok(input.clone()), "{told}");
    }
}

/// What the path leads to.
fn at(input: &Value, path: &str) -> Option<Value> {
    let select = json!({"Type": "Pass", "InputPath": path});
    run(&[select], input).ok()
}

/// A variable has the value of its path, and `Assign` reads only what was before it.
fn what_is_assigned_is_read(path: &str, input: &Value, told: &str) {
    let read = run(
        &[json!({"Type": "Pass", "Parameters": {"x.$": path, "y": 1}})],
        input,
    );
    let assign = json!({
        "Type": "Pass", "Assign": {"v.$": path, "w": 1},
    });
    let swap = json!({"Type": "Pass", "Assign": {"v.$": "$w", "w.$": "$v"}});
    let tell = json!({"Type": "Pass", "Parameters": {"x.$": "$w", "y.$": "$v"}});
    assert_eq!(run(&[assign, swap, tell], input), read, "{told}");
}

/// The output of these states one after another, or the name of the failure.
fn run(states: &[Value], input: &Value) -> Result<Value, String> {
    let mut definition = json!({"StartAt": "S0", "States": {}});
    for (place, state) in states.iter().enumerate() {
        let mut state = state.clone();
        match place + 1 == states.len() {
            true => state["End"] = true.into(),
            false => state["Next"] = format!("S{}", place + 1).into(),
        }
        definition["States"][format!("S{place}")] = state;
    }
    let parsed = parse(&definition.to_string());
    let machine = parsed.machine.unwrap_or_else(|| {
        panic!("{definition}: {:?}", parsed.diagnostics);
    });
    let mut execution = Execution::new(Arc::new(machine), Arc::new(identity()));
    let mut event = Event::Start {
        input: Payload::from_value(input.clone()),
    };
    for now in 1..=STEPS_MAX {
        let step = execution.step(event, Timestamp(now), 7_u64);
        match execution.end() {
            Some(End::Succeeded(output)) => return Ok(output.value().clone()),
            Some(End::Failed(failure)) => return Err(failure.error_name().to_owned()),
            Some(other) => panic!("{definition} of {input}: {other:?}"),
            None => {}
        }
        let goes_on = step.commands.contains(&Command::Continue);
        assert!(goes_on, "{definition} of {input} waits");
        event = Event::Continue;
    }
    panic!("{definition} of {input} does not end");
}
