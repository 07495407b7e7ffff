//! What the tests of all functions go through.

use serde_json::{Value, json};

use super::{Failed, Intrinsic};
use crate::query::sample;

pub(super) fn evaluate(call: &str, input: &Value) -> Result<Value, Failed> {
    let call = Intrinsic::parse(call).unwrap_or_else(|error| panic!("{call}: {error}"));
    sample::scope(input, |scope| call.evaluate(scope))
}

/// Each call, with `$.a`, `$.b` and `$.c` from the array.
pub(super) fn check(cases: &[(&str, Value, Value)]) {
    for (call, input, expected) in cases {
        let input = json!({"a": input[0], "b": input[1], "c": input[2]});
        assert_eq!(
            evaluate(call, &input),
            Ok(expected.clone()),
            "{call} of {input}"
        );
    }
}

pub(super) fn check_fails(cases: &[(&str, &str)]) {
    for (call, expected) in cases {
        let error = evaluate(call, &json!({"a": [1], "s": "text", "o": {}})).expect_err(call);
        assert_eq!(error.to_string(), *expected, "{call}");
    }
}
