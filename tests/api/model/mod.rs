//! AWS's service model of Step Functions: what each operation takes, answers and refuses with.
//!
//! `stepfunctions.json` is the model that AWS's own SDKs are made from, without its prose.

pub(super) mod baseline;
mod conforms;
mod crossed;
mod hostile;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub(super) use conforms::answer as conforms;
use serde::Deserialize;
use serde_json::{Value, json};

use super::stand::in_virtual_time;

/// The model.
pub(super) static MODEL: LazyLock<Model> = LazyLock::new(|| {
    serde_json::from_str(include_str!("stepfunctions.json")).expect("the model is JSON")
});

/// Errors that any operation may answer with, which the model does not list.
/// Source: AWS, API reference of Step Functions, "Common Errors".
pub(super) const COMMON_ERRORS: [&str; 3] = [
    "ValidationException",
    "SerializationException",
    "ThrottlingException",
];

/// Operations and shapes, by name.
#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) operations: BTreeMap<String, Operation>,
    pub(super) shapes: BTreeMap<String, Shape>,
}

/// An operation: the names of its shapes.
#[derive(Deserialize)]
pub(super) struct Operation {
    input: String,
    output: String,
    errors: Vec<String>,
}

/// A shape, in the model's own words.
#[derive(Debug, Deserialize)]
pub(super) struct Shape {
    #[serde(rename = "type")]
    kind: String,
    /// Of a number's value, a text's characters, a list's elements.
    min: Option<i64>,
    max: Option<i64>,
    #[serde(rename = "enum", default)]
    words: Vec<String>,
    /// A text's; how it is written is not read here.
    pattern: Option<String>,
    #[serde(default)]
    pub(super) required: Vec<String>,
    /// A structure's, by name: the names of their shapes.
    #[serde(default)]
    pub(super) members: BTreeMap<String, String>,
    /// A list's.
    pub(super) member: Option<String>,
    /// A map's.
    value: Option<String>,
}

impl Model {
    pub(super) fn shape(&self, name: &str) -> &Shape {
        &self.shapes[name]
    }

    /// What an operation answers.
    pub(super) fn output(&self, operation: &str) -> &Shape {
        self.shape(&self.operations[operation].output)
    }

    /// Whether an operation may refuse with this.
    pub(super) fn may_refuse(&self, operation: &str, error: &str) -> bool {
        let declared = &self.operations[operation].errors;
        COMMON_ERRORS.contains(&error) || declared.iter().any(|name| name == error)
    }
}

/// Runs a test on every operation that there is.
fn on_every_operation(test: impl AsyncFn(&str, Value) -> Vec<String>) {
    let wrong: Vec<String> = in_virtual_time(async {
        let mut wrong = Vec::new();
        for operation in api::OPERATIONS {
            let found = test(operation, baseline::request(operation)).await;
            wrong.extend(found.into_iter().map(|what| format!("{operation} {what}")));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn right_requests_are_granted() {
    on_every_operation(async |operation, right| {
        let answer = baseline::world().await.call(operation, &right).await;
        match (answer.status == 200) == baseline::is_granted(operation) {
            true => vec![],
            false => vec![answer.body.to_string()],
        }
    });
}

#[test]
fn unknown_fields_are_passed_over() {
    on_every_operation(async |operation, right| {
        let mut more = right.clone();
        more["noSuchField"] = json!({ "a": [1] });
        let plain = baseline::world().await.call(operation, &right).await;
        let more = baseline::world().await.call(operation, &more).await;
        match plain == more {
            true => vec![],
            false => vec![format!("{} is {}", plain.body, more.body)],
        }
    });
}

#[test]
fn missing_crossed_and_mistyped_fields_are_refused() {
    on_every_operation(async |operation, right| {
        let stand = baseline::world().await;
        let mut found = Vec::new();
        for wrong in crossed::all(operation, &right) {
            let answer = stand.call(operation, &wrong.body).await;
            if !wrong.is_told(&answer.body) {
                let told = answer.body.to_string();
                found.push(format!("{}: {told:.200}", wrong.what));
            }
        }
        found
    });
}

#[test]
fn hostile_requests_are_answered() {
    // `Stand` checks each answer by the model; a fault, or no answer, fails there.
    on_every_operation(async |operation, right| {
        let stand = baseline::world().await;
        for body in hostile::bodies() {
            stand.send(operation, &body).await;
        }
        for text in hostile::texts() {
            for body in hostile::with_text(&right, &text) {
                stand.call(operation, &body).await;
            }
        }
        vec![]
    });
}
