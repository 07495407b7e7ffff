//! A scope for tests: given input, a small context object, a few variables.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Budget, Draws, Scope, Variables};
use crate::Timestamp;

/// Calls `read` with the scope.
pub(super) fn scope<T>(input: &Value, read: impl FnOnce(&Scope<'_>) -> T) -> T {
    let context = json!({
        "Execution": {"Name": "n", "Input": {"i": 1}},
        "StateMachine": {"Id": "arn", "Name": "a-b"}
    });
    let variables = Variables::from([
        (Arc::from("x"), Arc::new(json!({"y": [1, 2], "wanted": 0}))),
        (Arc::from("größe"), Arc::new(json!(3))),
    ]);
    let draws = Draws::new(0);
    read(&Scope {
        input,
        result: None,
        error_output: None,
        context: &context,
        variables: &variables,
        draws: &draws,
        budget: &Budget::new(),
        now: Timestamp(0),
    })
}
