//! What a state fails with when the definition and the data do not fit together: one row for each
//! way, as TestState tells it: an execution's cause has the state's name before it.

use serde_json::{Value, json};

use super::{Next, Place, TestState, Timestamp};
use crate::ErrorName;

/// A state but for its end, its input, and what it fails with.
type Row = (Value, Value, &'static str, &'static str);

const RUNTIME: &str = ErrorName::RUNTIME;
const QUERY: &str = ErrorName::QUERY_EVALUATION_ERROR;

fn check(rows: &[Row]) {
    let wrong = rows.iter().filter_map(|(state, input, error, cause)| {
        let mut state = state.clone();
        let fields = state.as_object_mut().expect("a state");
        let mock = fields.remove("mock");
        if !["Choice", "Fail"].contains(&fields["Type"].as_str().unwrap_or_default()) {
            fields.insert("End".into(), true.into());
        }
        let mut request = json!({"definition": state.to_string(), "input": input.to_string()});
        if let Some(mock) = mock {
            request["mock"] = mock;
        }
        let request = serde_json::from_value(request).expect("a request");
        let test = TestState::new(&request, &Place::default());
        let next = test.and_then(|mut test| test.start(Timestamp(0), 7));
        let told = match next {
            Ok(Next::Done(answer)) => {
                let answer = serde_json::to_value(answer).expect("JSON");
                (answer["error"].clone(), answer["cause"].clone())
            }
            other => (format!("{other:?}").into(), Value::Null),
        };
        let expected = (Value::from(*error), Value::from(*cause));
        (told != expected)
            .then(|| format!("{state} of {input}\n  is       {told:?}\n  and not  {expected:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn map(extra: Value) -> Value {
    let mut state = json!({
        "Type": "Map", "mock": {"result": "[1]"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
        },
    });
    let fields = state.as_object_mut().expect("a state");
    fields.extend(extra.as_object().expect("fields").clone());
    state
}

fn jsonata(mut state: Value) -> Value {
    state["QueryLanguage"] = "JSONata".into();
    state
}

fn task(extra: Value) -> Value {
    let mut state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "mock": {"result": "{}"},
    });
    let fields = state.as_object_mut().expect("a state");
    fields.extend(extra.as_object().expect("fields").clone());
    state
}

#[test]
fn paths_that_lead_nowhere() {
    let parameters = json!({"Type": "Pass", "Parameters": {"a.$": "$.x"}});
    let choice =
        json!({"Type": "Choice", "Choices": [{"Variable": "$.x", "IsNull": true, "Next": "N"}]});
    let null = "Unable to apply Path transformation to null or empty input.";
    check(&[
        (
            parameters.clone(),
            json!({"b": 1}),
            RUNTIME,
            "The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '{\"b\":1}'",
        ),
        (parameters, json!(null), RUNTIME, null),
        (
            json!({"Type": "Pass", "InputPath": "$.x"}),
            json!(null),
            RUNTIME,
            null,
        ),
        (
            json!({"Type": "Pass", "InputPath": "$.x"}),
            json!({}),
            RUNTIME,
            "Invalid path '$.x' : No results for path: $['x']",
        ),
        (
            json!({"Type": "Pass", "OutputPath": "$.x.y"}),
            json!({}),
            RUNTIME,
            "Invalid path '$.x.y' : Missing property in path $['x']",
        ),
        (
            choice.clone(),
            json!({}),
            RUNTIME,
            "Invalid path '$.x': The choice state's condition path references an invalid value.",
        ),
        (
            choice,
            json!({"x": 1}),
            "States.NoChoiceMatched",
            "Failed to transition out of the state. The state does not point to a next state.",
        ),
        (
            json!({"Type": "Pass", "Parameters": {"a.$": "States.ArrayLength($.x)"}}),
            json!({}),
            RUNTIME,
            "The function 'States.ArrayLength($.x)' had the following error: The JsonPath argument for the field '$.x' could not be found in the input '{}'",
        ),
        (
            json!({"Type": "Pass", "ResultPath": "$.a"}),
            json!("text"),
            "States.ResultPathMatchFailure",
            "Unable to apply ReferencePath $.a to input \"text\"",
        ),
    ]);
}

#[test]
fn paths_that_lead_to_something_else() {
    check(&[
        (
            json!({"Type": "Fail", "ErrorPath": "$.n"}),
            json!({}),
            RUNTIME,
            "The JSONPath '$.n' specified for the field 'ErrorPath' could not be found in the input '{}'",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$.n"}),
            json!({}),
            RUNTIME,
            "The SecondsPath parameter does not reference an input value: $.n",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$.n"}),
            json!({"n": "x"}),
            RUNTIME,
            "The SecondsPath parameter cannot be parsed as a long value: $.n == x",
        ),
        (
            json!({"Type": "Wait", "SecondsPath": "$.n"}),
            json!({"n": -1}),
            RUNTIME,
            "The SecondsPath parameter references a negative value: $.n == -1",
        ),
        (
            json!({"Type": "Wait", "TimestampPath": "$.n"}),
            json!({"n": "x"}),
            RUNTIME,
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string: $.n == x",
        ),
        (
            task(json!({"TimeoutSecondsPath": "$.n"})),
            json!({}),
            RUNTIME,
            "The JSONPath '$.n' specified for the field 'TimeoutSecondsPath' could not be found in the input '{}'",
        ),
        (
            map(json!({"ItemsPath": "$.n"})),
            json!({"n": "x"}),
            RUNTIME,
            "Reference path \"$.n\" must point to array.",
        ),
        (
            map(json!({"ItemsPath": "$.i", "MaxConcurrencyPath": "$.n"})),
            json!({"i": [1], "n": "x"}),
            RUNTIME,
            "The MaxConcurrencyPath field refers to value \"x\" which is not a valid integer: $.n",
        ),
        (
            map(json!({"ItemsPath": "$.i", "MaxConcurrencyPath": "$.n"})),
            json!({"i": [1], "n": -1}),
            RUNTIME,
            "Expected non-negative integer for MaxConcurrency, got '-1' instead.",
        ),
        (
            map(json!({"ItemsPath": "$.i", "ToleratedFailureCountPath": "$.n"})),
            json!({"i": [1], "n": -1}),
            RUNTIME,
            "ToleratedFailureCount cannot be negative.",
        ),
        (
            map(json!({"ItemsPath": "$.i", "ToleratedFailurePercentagePath": "$.n"})),
            json!({"i": [1], "n": 100.1}),
            RUNTIME,
            "ToleratedFailurePercentage must be between 0 and 100.",
        ),
    ]);
}

#[test]
fn expressions() {
    check(&[
        (
            jsonata(json!({"Type": "Pass", "Output": {"a": [{"b": "{% $states.input.x %}"}]}})),
            json!({}),
            QUERY,
            "The JSONata expression '$states.input.x' specified for the field 'Output/a[0]/b' returned nothing (undefined).",
        ),
        (
            jsonata(json!({"Type": "Pass", "Assign": {"a": "{% 1 + 'x' %}"}})),
            json!({}),
            QUERY,
            "The JSONata expression '1 + 'x'' specified for the field 'Assign/a' threw an error during evaluation. T2002: The right side of the \"+\" operator must evaluate to a number",
        ),
        (
            jsonata(json!({"Type": "Wait", "Seconds": "{% 'x' %}"})),
            json!({}),
            QUERY,
            "The JSONata expression ''x'' specified for the field 'Seconds' returned an unexpected result type. Expected 'number', but was 'string' for value: \"x\"",
        ),
        (
            jsonata(json!({"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "N"}]})),
            json!({}),
            QUERY,
            "The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
        ),
        (
            jsonata(map(json!({"Items": "{% {'a': 1} %}"}))),
            json!([]),
            QUERY,
            "The JSONata expression '{'a': 1}' specified for the field 'Items' returned an unexpected result type. Expected 'array', but was 'object' for value: {\"a\":1}",
        ),
        (
            jsonata(map(json!({"Items": [1], "MaxConcurrency": "{% 'x' %}"}))),
            json!([]),
            QUERY,
            "The JSONata expression ''x'' specified for the field 'MaxConcurrency' returned an unexpected result type. Expected 'number', but was 'string' for value: \"x\"",
        ),
        (
            jsonata(json!({"Type": "Fail", "Error": "{% 1 %}"})),
            json!({}),
            QUERY,
            "The JSONata expression '1' specified for the field 'Error' returned an unexpected result type. Expected 'string', but was 'number' for value: 1",
        ),
        (
            jsonata(json!({"Type": "Pass", "Output": "{% $sum([1, 'a']) %}"})),
            json!({}),
            QUERY,
            "The JSONata expression '$sum([1, 'a'])' specified for the field 'Output' threw an error during evaluation. T0412: Argument 1 of function \"sum\" must be an array of \"numbers\"",
        ),
    ]);
}
