//! Languages, paths, templates, expressions and variables.

use super::{PASS, TASK, jsonata, state};
use crate::definition::{Query, StateKind, Template, parse};

#[test]
fn languages() {
    state(
        &format!(r#"{PASS}, "Output": 1"#),
        &[
            "@ The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
        ],
    );
    jsonata(
        &format!(r#"{TASK}, "InputPath": "$", "Parameters": {{}}"#),
        &[
            "@ The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage",
            "@ The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage",
        ],
    );
    state(
        &format!(r#"{PASS}, "QueryLanguage": "JSONata", "Output": 1"#),
        &[],
    );
    jsonata(
        &format!(r#"{PASS}, "QueryLanguage": "JSONPath", "Output": 1"#),
        &["@ 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine"],
    );
    state(
        &format!(r#"{PASS}, "QueryLanguage": "foo", "InputPath": "$.a""#),
        &[
            "@ The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' QueryLanguage",
            "@/QueryLanguage Value should be one of the following: [JSONPath, JSONata]",
        ],
    );
    // The states of an inner flow inherit from the machine, not from the state around them.
    state(
        r#""Type": "Map", "QueryLanguage": "JSONata", "End": true,
            "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": 1, "End": true}}}"#,
        &[
            "@/ItemProcessor/States/P The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage",
        ],
    );
}

#[test]
fn paths() {
    state(
        &format!(r#"{PASS}, "InputPath": "a""#),
        &["@/InputPath Value must be a valid JSONPath."],
    );
    state(
        &format!(r#"{PASS}, "OutputPath": 1"#),
        &["@/OutputPath Expected value of type [STRING]"],
    );
    state(
        &format!(
            r#"{PASS}, "InputPath": "$.a[*]", "OutputPath": "$$.State.Name", "ResultPath": null"#
        ),
        &[],
    );
    for path in ["$.a[*]", "a", "$..a", "$$.a", "$x.y"] {
        state(
            &format!(r#"{PASS}, "ResultPath": "{path}""#),
            &["@/ResultPath Value is not a Reference Path"],
        );
    }
    state(
        r#""Type": "Wait", "SecondsPath": "$.a[*]", "End": true"#,
        &["@/SecondsPath Value is not a Reference Path"],
    );
    state(
        r#""Type": "Wait", "TimestampPath": "x", "End": true"#,
        &["@/TimestampPath Value is not a Reference Path: Reference path didn't start with '$'"],
    );
}

#[test]
fn templates() {
    let dollar = "must be a valid JSONPath or a valid intrinsic function call";
    state(
        &format!(
            r#"{PASS}, "Parameters": {{"a.$": "x", "b": {{"c.$": 1}}, "d": [{{"e.$": "$.["}}]}}"#
        ),
        &[
            &format!("@/Parameters The value for the field 'a.$' {dollar}"),
            &format!("@/Parameters/b The value for the field 'c.$' {dollar}"),
            &format!("@/Parameters/d[0] The value for the field 'e.$' {dollar}"),
        ],
    );
    state(
        &format!(r#"{PASS}, "Parameters": {{"a": 1, "a.$": "$.x"}}"#),
        &["@/Parameters The fields 'a' and 'a.$' would be one in the output"],
    );
    state(
        &format!(
            r#"{PASS}, "Parameters": {{"a": "$.x", "b": "$5.00", "c": "States.UUID()"}}, "Result": {{"a.$": 1}}"#
        ),
        &[
            "warning: NO_DOLLAR /States/S/Parameters/a No .$ on a field that appears to be a JSONPath or Intrinsic Function",
            "warning: NO_DOLLAR /States/S/Parameters/c No .$ on a field that appears to be a JSONPath or Intrinsic Function",
        ],
    );
    jsonata(
        &format!(
            r#"{PASS}, "Output": {{"a": "{{% 1 +  %}}", "b": ["{{%%}}"], "c": " {{% 1 %}}", "d.$": "x"}}"#
        ),
        &[
            "INVALID_JSONATA_EXPRESSION /States/S/Output/a Unexpected end of expression",
            "INVALID_JSONATA_EXPRESSION /States/S/Output/b[0] Unexpected end of expression",
            "warning: UNCLOSED_EXPRESSION /States/S/Output/c The string is only half in '{% %}', so it is taken as it stands",
        ],
    );
}

#[test]
fn jsonata_that_is_not_awss() {
    for (expression, message) in [
        (
            "phone",
            "Reference to 'phone' at the top level is not supported.",
        ),
        ("$$", "Reference to '$$' is not supported."),
    ] {
        jsonata(
            &format!(r#"{PASS}, "Output": {{"v": "{{% {expression} %}}"}}"#),
            &[&format!(
                "UNSUPPORTED_JSONATA_EXPRESSION /States/S/Output/v {message}"
            )],
        );
    }
}

#[test]
fn the_states_object() {
    let gone = |place: &str, name: &str| {
        format!(
            "UNSUPPORTED_JSONATA_EXPRESSION /States/S/{place} Field '$states.{name}' does not exist."
        )
    };
    jsonata(
        &format!(
            r#"{TASK}, "Arguments": "{{% $states.result %}}", "Output": "{{% $states.errorOutput %}}""#
        ),
        &[&gone("Output", "errorOutput"), &gone("Arguments", "result")],
    );
    jsonata(
        &format!(
            r#"{TASK}, "Output": "{{% $states.result %}}", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Z",
                "Output": "{{% $states.errorOutput %}}", "Assign": {{"x": "{{% $states.errorOutput %}}"}}}}]"#
        ),
        &[],
    );
    jsonata(
        r#""Type": "Wait", "Seconds": 1, "Output": "{% $states.result %}", "End": true"#,
        &[&gone("Output", "result")],
    );
}

#[test]
fn assign() {
    state(
        &format!(r#"{PASS}, "Assign": 1"#),
        &["@/Assign Expected value of type [OBJECT]"],
    );
    state(
        &format!(
            r#"{PASS}, "Assign": {{"states": 1, "a-b": 1, "1x": 1, "é_1.$": "$.x", "{}": 1}}"#,
            "v".repeat(81)
        ),
        &[
            "RESERVED_VARIABLE_NAME /States/S/Assign/states Cannot assign to reserved variable '$states'.",
            "INVALID_VARIABLE_NAME /States/S/Assign/a-b Invalid variable name 'a-b': the variable name contains invalid characters.",
            "INVALID_VARIABLE_NAME /States/S/Assign/1x Invalid variable name '1x': the variable name contains invalid characters.",
            &format!(
                "INVALID_VARIABLE_NAME /States/S/Assign/{0} Invalid variable name '{0}': the variable name is longer than 80 characters.",
                "v".repeat(81)
            ),
        ],
    );
}

#[test]
fn constants_fold_and_expressions_know_their_field() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "wasm:t", "End": true,
        "Parameters": {"a": {"b": [1, 2]}, "c": {"d.$": "$.x"}}, "InputPath": "$.i"}}}"#;
    let machine = parse(text).machine.unwrap();
    let state = &machine.states[0];
    let Some(Template::Object(fields)) = &state.operations.arguments else {
        panic!("{state:?}");
    };
    assert!(matches!(&fields[0], (key, Template::Constant(_)) if key == "a"));
    let (_, Template::Object(inner)) = &fields[1] else {
        panic!("{fields:?}");
    };
    let (key, Template::Expression(expression)) = &inner[0] else {
        panic!("{inner:?}");
    };
    assert_eq!(
        (key.as_str(), &*expression.field.0, &*expression.source),
        ("d", "d.$", "$.x")
    );
    assert!(matches!(expression.query, Query::Path(_)));
}

#[test]
fn jsonata_fields_are_the_way_from_the_state() {
    let text = r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": [
        {"Condition": "{%  true %}", "Next": "B", "Output": {"x": ["{% 1 %}"]}}]}, "B": {"Type": "Succeed"}}}"#;
    let machine = parse(text).machine.unwrap();
    let StateKind::Choice(choice) = &machine.states[0].kind else {
        panic!();
    };
    let rule = format!("{:?}", choice.rules[0]);
    assert!(rule.contains(r#"Field("Choices[0]/Condition")"#), "{rule}");
    assert!(
        rule.contains(r#"Field("Choices[0]/Output/x[0]")"#),
        "{rule}"
    );
    assert!(rule.contains(r#"source: "true""#), "{rule}");
}
