//! The reference suite of JSONata, run through the bounds and the functions of our own.
//!
//! Its files are no part of the project: see `recordings`.

use std::collections::HashMap;

use asl::Timestamp;
use asl::query::jsonata::{Bounds, Chance, EvaluationError, Limit, Program};
use serde_json::Value;

use crate::recordings;

/// Cases whose text holds half of a surrogate pair: no Unicode text, which neither we nor
/// `serde_json` can hold. All others pass.
const LONE_SURROGATES: [&str; 2] = [
    "function-encodeUrl/case002",
    "function-encodeUrlComponent/case002",
];

/// What the suite asks of an implementation: an array of ten million items, and some levels.
const BOUNDS: Bounds = Bounds {
    depth_max: 1_000,
    items_max: 10_000_000,
    memory_bytes_max: 1 << 30,
};

#[test]
fn the_reference_suite_passes() {
    let Some(folder) = recordings::folder("jsonata") else {
        return;
    };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let mut datasets = HashMap::new();
    let (mut passed, mut skipped, mut failed) = (0, Vec::new(), Vec::new());
    let cases = read("cases.jsonl");
    for line in cases.lines() {
        let Ok(case) = serde_json::from_str::<Value>(line) else {
            skipped.push(line);
            continue;
        };
        let input = match (case.get("data"), case["dataset"].as_str()) {
            (Some(data), _) => Some(data.clone()),
            (None, Some(name)) => Some(
                datasets
                    .entry(name.to_owned())
                    .or_insert_with(|| {
                        let text = read(&format!("datasets/{name}.json"));
                        serde_json::from_str::<Value>(&text).unwrap()
                    })
                    .clone(),
            ),
            (None, None) => None,
        };
        let name = case["case"].as_str().unwrap();
        let outcome = run(&case, input.as_ref());
        if check(&case, &outcome) {
            passed += 1;
        } else {
            failed.push(format!("{name}: {} gave {outcome:?}", case["expr"]));
        }
    }
    println!(
        "{passed} passed, {} skipped, {} failed",
        skipped.len(),
        failed.len()
    );
    for name in LONE_SURROGATES {
        let named = |line: &&str| line.contains(&format!("\"case\": \"{name}\""));
        skipped.retain(|line| !named(line));
    }
    assert!(skipped.is_empty(), "no JSON: {}", skipped.join("\n"));
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// The value, or the error's code.
fn run(case: &Value, input: Option<&Value>) -> Result<Option<Value>, String> {
    let code = |message: &str| message.split(':').next().unwrap_or_default().to_owned();
    let program = Program::parse(case["expr"].as_str().expect("a case has a text"))
        .map_err(|error| code(&error.message))?;
    let variables = case["bindings"].as_object().into_iter().flatten();
    let chance = Chance {
        seed: 0,
        now: Timestamp(0),
    };
    program
        .evaluate_within(
            BOUNDS,
            input,
            variables.map(|(name, value)| (&**name, value)),
            chance,
        )
        .map_err(|error| match error {
            EvaluationError::Undefined => "undefined".to_owned(),
            EvaluationError::Failed { message } => code(&message),
            EvaluationError::Internal => "internal".to_owned(),
            // What jsonata-js calls a stack overflow or a timeout, by the suite's own code.
            EvaluationError::LimitExceeded {
                which: Limit::Time | Limit::Steps | Limit::Depth,
            } => "U1001".to_owned(),
            EvaluationError::LimitExceeded { which: Limit::Size } => "size".to_owned(),
        })
}

fn check(case: &Value, outcome: &Result<Option<Value>, String>) -> bool {
    let code = case["code"].as_str().or(case["error"]["code"].as_str());
    match (outcome, code, case.get("result")) {
        (Err(code), Some(expected), _) => code == expected,
        (Ok(Some(value)), None, Some(expected)) => {
            same(value, expected) || (case["unordered"] == true && same_items(value, expected))
        }
        (Ok(None), None, None) => case["undefinedResult"] == true,
        _ => false,
    }
}

/// Whether two values are equal as JavaScript compares their numbers.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

fn same_items(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else {
        return false;
    };
    a.len() == b.len() && b.iter().all(|b| a.iter().any(|a| same(a, b)))
}
