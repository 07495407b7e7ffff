//! Pass.

use serde_json::Value;

use super::expression::path_or_call;
use super::fields::{Fields, Shape};
use super::report::Problem;
use crate::definition::{Pass, QueryLanguage};

pub(super) const SHAPE: Shape = Shape {
    required: &[],
    both: &["Assign"],
    jsonpath: &["Parameters", "Result", "ResultPath"],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// `Result` is taken as it stands; one that seems to want otherwise is warned of.
pub(super) fn read(fields: &Fields<'_>) -> Pass {
    let result = fields
        .value("Result")
        .filter(|_| fields.language == QueryLanguage::JsonPath);
    if result.is_some_and(has_query) {
        let place = fields.place.key("Result");
        let message = "Attempt to use a path in the result of a pass state";
        let problem = Problem::error("PASS_RESULT_IS_STATIC", place.steps(), message);
        fields.report(
            problem
                .warning()
                .hint("use Parameters to have paths evaluated"),
        );
    }
    Pass {
        result: result.cloned(),
    }
}

/// Whether some field in it is called `….$` and holds a path or a call. Recursion is bounded
/// by the depth of the JSON.
fn has_query(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(key, value)| match value {
            Value::String(text) => key.ends_with(".$") && path_or_call(text).is_ok(),
            value => has_query(value),
        }),
        Value::Array(items) => items.iter().any(has_query),
        _ => false,
    }
}
