//! What is refused, case by case: a definition, and all that is said about it.

use crate::definition::{Query, StateKind, Template, parse};
use crate::limits;

/// Checks a whole definition: a line `CODE POINTER MESSAGE` a problem.
fn check(text: &str, expected: &[&str]) {
    let parsed = parse(text);
    let found: Vec<String> = parsed
        .diagnostics
        .iter()
        .map(|found| {
            let severity = if found.is_error() { "" } else { "warning: " };
            let pointer = found.pointer.as_deref().unwrap_or("null");
            format!("{severity}{} {pointer} {}", found.code, found.message)
        })
        .collect();
    assert_eq!(found, expected, "{text}");
    let sound = !parsed.diagnostics.iter().any(|found| found.is_error());
    assert_eq!(parsed.machine.is_some(), sound, "{text}");
}

/// The same for state `S`, with `Z` to go on to. In `expected`, `@` stands for
/// `SCHEMA_VALIDATION_FAILED /States/S`.
fn state(fields: &str, expected: &[&str]) {
    state_in("JSONPath", fields, expected);
}

/// The same in a JSONata machine.
fn jsonata(fields: &str, expected: &[&str]) {
    state_in("JSONata", fields, expected);
}

fn state_in(language: &str, fields: &str, expected: &[&str]) {
    let text = format!(
        r#"{{"QueryLanguage": "{language}", "StartAt": "S", "States": {{"S": {{{fields}}}, "Z": {{"Type": "Succeed"}}}}}}"#
    );
    let expected: Vec<String> = expected
        .iter()
        .map(|line| line.replacen('@', "SCHEMA_VALIDATION_FAILED /States/S", 1))
        .collect();
    check(
        &text,
        &expected.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

/// What is underlined, problem by problem.
fn underlined(text: &str, expected: &[&str]) {
    let found: Vec<&str> = parse(text)
        .diagnostics
        .iter()
        .map(|found| &text[found.span.clone().unwrap()])
        .collect();
    assert_eq!(found, expected, "{text}");
}

const TASK: &str = r#""Type": "Task", "Resource": "wasm:t", "End": true"#;
const PASS: &str = r#""Type": "Pass", "End": true"#;

#[test]
fn text_that_is_no_object() {
    for text in ["", " \n", "[]", "3", "\"x\"", "null"] {
        check(
            text,
            &["SCHEMA_VALIDATION_FAILED null Definition must be a valid JSON object"],
        );
    }
    check(
        "not a definition",
        &[
            "INVALID_JSON_DESCRIPTION [Source: (String)\"not a definition\"; line: 1, column: 4] \
           Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n \
           at [Source: (String)\"not a definition\"; line: 1, column: 4]",
        ],
    );
    let text = "{\"a\":\n  [1, oops]}";
    let parsed = parse(text);
    assert_eq!(&text[parsed.diagnostics[0].span.clone().unwrap()], "oops");
    for text in [
        "{",
        "{\"a\" 1}",
        "{\"a\": 1,}",
        "{} x",
        "{\"é",
        "\u{1}",
        "{\"a\": 1e999}",
        "[tru",
    ] {
        let parsed = parse(text);
        assert_eq!(
            parsed.diagnostics[0].code, "INVALID_JSON_DESCRIPTION",
            "{text}"
        );
    }
}

#[test]
fn text_beyond_the_limits() {
    let large = format!("{{{}}}", " ".repeat(limits::DEFINITION_BYTES_MAX));
    check(
        &large,
        &["SCHEMA_VALIDATION_FAILED null Definition exceeds the maximum length of 1048576 bytes"],
    );
    let deep = format!("{}{}", "{\"a\":".repeat(200), "}".repeat(200));
    check(
        &deep,
        &["TOO_DEEPLY_NESTED null Definition is nested deeper than 127 levels"],
    );
    let many = format!(
        "{{{}\"States\": 0}}",
        (0..500)
            .map(|n| format!("\"f{n}\": 0,"))
            .collect::<String>()
    );
    let parsed = parse(&many);
    assert!(parsed.truncated && parsed.machine.is_none());
    assert_eq!(parsed.diagnostics.len(), limits::DIAGNOSTICS_MAX);
}

#[test]
fn warnings_never_hide_an_error() {
    let parameters: String = (0..500).map(|n| format!("\"f{n}\": \"$.x\",")).collect();
    let machine = |end: &str| {
        format!(
            r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Parameters": {{{parameters} "z": 0}}, "End": {end}}}}}}}"#
        )
    };
    let parsed = parse(&machine("true"));
    assert!(parsed.truncated && parsed.machine.is_some());
    let parsed = parse(&machine("1"));
    assert!(parsed.truncated && parsed.machine.is_none());
    assert_eq!(
        parsed
            .diagnostics
            .iter()
            .filter(|found| found.is_error())
            .count(),
        1
    );
}

#[test]
fn long_names_are_not_multiplied() {
    let long = "x".repeat(200_000);
    let inner: String = (0..2_000)
        .map(|n| format!("\"s{n}\": {{\"Type\": \"Fail\"}},"))
        .collect();
    let text = format!(
        r#"{{"StartAt": "{long}", "States": {{"{long}": {{"Type": "Parallel", "End": true, "Branches": [
            {{"StartAt": "z", "States": {{{inner} "z": {{}}}}}}]}}}}}}"#
    );
    let parsed = parse(&text);
    let printed: usize = parsed
        .diagnostics
        .iter()
        .map(|found| found.to_string().len())
        .sum();
    assert!(printed < 3 * limits::DIAGNOSTICS_BYTES_MAX, "{printed}");
    let keys: String = (0..2_000)
        .map(|n| format!("\"k{n}\": \"{{% 1 %}}\","))
        .collect();
    let text = format!(
        r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": true,
            "Output": {{"{long}": {{{keys} "z": 1}}}}}}}}}}"#
    );
    let state = &parse(&text).machine.unwrap().states[0];
    let Some(Template::Object(fields)) = &state.operations.output else {
        panic!();
    };
    let Template::Object(fields) = &fields[0].1 else {
        panic!();
    };
    let Template::Expression(first) = &fields[0].1 else {
        panic!();
    };
    assert_eq!(first.field.0.chars().count(), limits::FIELD_CHARS_MAX);
}

#[test]
fn the_machine_itself() {
    check(
        "{}",
        &["SCHEMA_VALIDATION_FAILED / These fields are required: [States, StartAt]"],
    );
    check(
        r#"{"StartAt": 1, "States": [], "startAt": "", "Version": "2.0", "TimeoutSeconds": -1, "QueryLanguage": "jsonata"}"#,
        &[
            "SCHEMA_VALIDATION_FAILED / Field 'startAt' is not supported",
            "SCHEMA_VALIDATION_FAILED /QueryLanguage Value should be one of the following: [JSONPath, JSONata]",
            "SCHEMA_VALIDATION_FAILED /Version Value should be one of the following: [1.0]",
            "SCHEMA_VALIDATION_FAILED /TimeoutSeconds Minimum value is 0",
            "SCHEMA_VALIDATION_FAILED /States Expected value of type [OBJECT]",
        ],
    );
    check(
        r#"{"StartAt": "A", "States": {}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED /States Value cannot be empty",
            "MISSING_TRANSITION_TARGET /StartAt Missing 'Next' target: A",
        ],
    );
}

#[test]
fn names() {
    let long = "x".repeat(81);
    check(
        &format!(r#"{{"StartAt": "{long}", "States": {{"{long}": {{{PASS}}}}}}}"#),
        &[&format!(
            "INVALID_STATE_NAME /States/{long} State name '{long}' must have between 1 and 80 characters"
        )],
    );
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Fail"}, "A": {"Type": "Succeed"}}, "Comment": "", "Comment": ""}"#,
        &[
            "DUPLICATE_STATE_NAME /States/A Duplicate State name: A",
            "warning: DUPLICATE_FIELD / The field 'Comment' occurs more than once: only the last one counts",
        ],
    );
    state(
        r#""Type": "Parallel", "End": true, "Branches": [{"StartAt": "Z", "States": {"Z": {"Type": "Fail"}}}]"#,
        &["DUPLICATE_STATE_NAME /States/S/Branches[0]/States/Z Duplicate State name: Z"],
    );
}

#[test]
fn types_and_transitions() {
    state(r#""End": true"#, &["@ These fields are required: [Type]"]);
    state(
        r#""Type": "pass", "End": true"#,
        &[
            "@/Type The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
        ],
    );
    let neither = "@ This object should have only one of the following fields: [Next, End]";
    state(r#""Type": "Pass""#, &[neither]);
    state(r#""Type": "Pass", "End": false"#, &[neither]);
    state(
        r#""Type": "Pass", "End": "yes""#,
        &["@/End Expected value of type [BOOLEAN]"],
    );
    state(r#""Type": "Pass", "End": false, "Next": "Z""#, &[]);
    state(
        r#""Type": "Pass", "End": true, "Next": "Z""#,
        &["@ There should only be one of the following fields: [Next, End]"],
    );
    state(
        r#""Type": "Pass", "Next": "Y""#,
        &["MISSING_TRANSITION_TARGET /States/S/Next Missing 'Next' target: Y"],
    );
    state(
        r#""Type": "Succeed", "Next": "Z""#,
        &["@ Field 'Next' is not supported"],
    );
    state(
        r#""Type": "Wait", "Seconds": 1, "End": true, "Retry": [], "TimeoutSeconds": 5"#,
        &[
            "@ Field 'Retry' is not supported",
            "@ Field 'TimeoutSeconds' is not supported",
        ],
    );
}

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
fn wait() {
    let group = "[SecondsPath, Seconds, TimestampPath, Timestamp]";
    state(
        r#""Type": "Wait", "End": true"#,
        &[&format!(
            "@ This object should have only one of the following fields: {group}"
        )],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 1, "Timestamp": "2016-03-14T01:59:00Z""#,
        &[&format!(
            "@ There should only be one of the following fields: {group}"
        )],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 100000000"#,
        &["@/Seconds Maximum value is 99999999"],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": 1.5"#,
        &["@/Seconds Expected value of type Integer"],
    );
    state(
        r#""Type": "Wait", "End": true, "Seconds": "{% 1 %}""#,
        &["@/Seconds Expected value of type Integer"],
    );
    jsonata(r#""Type": "Wait", "End": true, "Seconds": "{% 1 %}""#, &[]);
    jsonata(
        r#""Type": "Wait", "End": true, "Seconds": "{% 1""#,
        &["@/Seconds Value must be a valid JSONata expression"],
    );
    state(
        r#""Type": "Wait", "End": true, "Timestamp": "{% 'x' %}""#,
        &["@/Timestamp String does not match RFC3339 timestamp"],
    );
}

#[test]
fn fail() {
    state(
        r#""Type": "Fail", "Error": "E", "CausePath": "States.Format('{}', $.x)""#,
        &[],
    );
    state(
        r#""Type": "Fail", "Error": "E", "ErrorPath": "$.e", "Cause": 1, "InputPath": "$""#,
        &[
            "@ Field 'InputPath' is not supported",
            "@ There should only be one of the following fields: [Error, ErrorPath]",
            "@/Cause Expected value of type [STRING]",
        ],
    );
}

#[test]
fn task() {
    state(
        r#""Type": "Task", "End": true"#,
        &["@ These fields are required: [Resource]"],
    );
    state(
        r#""Type": "Task", "End": true, "Resource": "f""#,
        &["@/Resource Value is not a valid resource ARN"],
    );
    state(
        &format!(
            r#"{TASK}, "TimeoutSeconds": 0, "TimeoutSecondsPath": "$.t", "HeartbeatSecondsPath": "$..h", "Credentials": {{}}"#
        ),
        &[
            "@ There should only be one of the following fields: [TimeoutSeconds, TimeoutSecondsPath]",
            "@/Credentials The field 'RoleArn' is required but was missing",
            "@/HeartbeatSecondsPath Value is not a Reference Path",
        ],
    );
    state(
        r#""Type": "Task", "End": true, "Resource": "arn:aws:states:us-east-1:123456789012:activity:a",
            "Credentials": {"RoleArn.$": "$.r"}, "TimeoutSeconds": 0"#,
        &[
            "@/Credentials The field 'Credentials' is not supported for activities",
            "@/TimeoutSeconds Minimum value is 1",
        ],
    );
}

#[test]
fn retriers_and_catchers() {
    let all = "States.ALL must appear alone and at end of list";
    state(
        &format!(
            r#"{TASK}, "Retry": [
                {{"ErrorEquals": ["A", "States.ALL"], "MaxAttempts": -1, "BackoffRate": 0.5, "JitterStrategy": "x"}},
                {{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "MaxDelaySeconds": 5}},
                {{"ErrorEquals": []}}, {{"Next": "Z"}}, 1],
            "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Y"}}, {{"ErrorEquals": [1], "ResultPath": "x"}}]"#
        ),
        &[
            &format!("@/Retry[0]/ErrorEquals[1] {all}"),
            "@/Retry[0]/JitterStrategy Value should be one of the following: [NONE, FULL]",
            "@/Retry[0]/MaxAttempts Minimum value is 0",
            "@/Retry[0]/BackoffRate Minimum value is 1.0",
            &format!("@/Retry[1]/ErrorEquals[0] {all}"),
            "@/Retry[1]/MaxDelaySeconds The value for the field 'MaxDelaySeconds' must be greater than the value for the field 'IntervalSeconds'",
            "@/Retry[2]/ErrorEquals Value cannot be empty",
            "@/Retry[3] These fields are required: [ErrorEquals]",
            "@/Retry[3] Field 'Next' is not supported",
            "@/Retry[4] Expected value of type [OBJECT]",
            &format!("@/Catch[0]/ErrorEquals[0] {all}"),
            "MISSING_TRANSITION_TARGET /States/S/Catch[0]/Next Missing 'Next' target: Y",
            "@/Catch[1]/ErrorEquals[0] Expected value of type [STRING]",
            "@/Catch[1] These fields are required: [Next]",
            "@/Catch[1]/ResultPath Value is not a Reference Path",
        ],
    );
}

fn choice(rule: &str, expected: &[&str]) {
    state(
        &format!(r#""Type": "Choice", "Choices": [{{{rule}}}]"#),
        expected,
    );
}

#[test]
fn choices() {
    state(
        r#""Type": "Choice", "Choices": [], "Default": "Y""#,
        &[
            "MISSING_TRANSITION_TARGET /States/S/Default Missing 'Next' target: Y",
            "@/Choices Value cannot be empty",
        ],
    );
    state(
        r#""Type": "Choice", "Choices": {}, "End": true"#,
        &[
            "@ Field 'End' is not supported",
            "@/Choices Expected value of type [ARRAY]",
        ],
    );
    let forms = "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";
    choice(r#""Next": "Z""#, &[&format!("@/Choices[0] {forms}")]);
    choice(
        r#""Variable": "$.a", "IsNull": true"#,
        &["@/Choices[0] These fields are required: [Next]"],
    );
    choice(
        r#""Variable": "$.a", "StringEquals": "x", "IsNull": true, "Next": "Z""#,
        &["@/Choices[0] There should only be one of the following fields: [StringEquals, IsNull]"],
    );
    choice(
        r#""Variable": "$.a", "Next": "Z""#,
        &["@/Choices[0] A comparison operator is required beside 'Variable'"],
    );
    choice(
        r#""Not": {"Variable": "a", "NumericEquals": "1", "Next": "Z"}, "Next": "Z""#,
        &[
            "@/Choices[0]/Not Field 'Next' is not supported",
            "@/Choices[0]/Not/Variable Value is not a Reference Path: Reference path didn't start with '$'",
            "@/Choices[0]/Not/NumericEquals Expected value of type Number",
        ],
    );
    choice(
        r#""And": [{"Or": []}, {"Variable": "$.t", "TimestampLessThan": "today"}], "Next": "Z", "Condition": "{% true %}""#,
        &[
            "@/Choices[0] The QueryLanguage is set to 'JSONPath', but field 'Condition' is only supported for the 'JSONata' QueryLanguage",
            &format!("@/Choices[0] {forms}"),
        ],
    );
    choice(
        r#""And": [{"Or": []}, {"Variable": "$.t", "TimestampLessThan": "today"}], "Next": "Z""#,
        &[
            "@/Choices[0]/And[0]/Or Value cannot be empty",
            "@/Choices[0]/And[1]/TimestampLessThan String does not match RFC3339 timestamp",
        ],
    );
    choice(
        r#""Variable": "$.a", "StringMatchesPath": "$.b", "Next": "Z""#,
        &[
            "@/Choices[0] Field 'StringMatchesPath' is not supported",
            "@/Choices[0] A comparison operator is required beside 'Variable'",
        ],
    );
    jsonata(
        r#""Type": "Choice", "Choices": [{"Condition": "true", "Next": "Z"}, {"Condition": "{% true %}", "Next": "Z", "Output": 1}]"#,
        &["@/Choices[0]/Condition Value must be a valid JSONata expression"],
    );
}

#[test]
fn parallel() {
    state(
        r#""Type": "Parallel", "End": true, "Branches": []"#,
        &["@/Branches Value cannot be empty"],
    );
    state(
        r#""Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": {"Type": "Pass", "Next": "Z"}}}, {}]"#,
        &[
            "@/Branches[0] Field 'QueryLanguage' is not supported",
            "MISSING_TRANSITION_TARGET /States/S/Branches[0]/States/A/Next Missing 'Next' target: Z",
            "@/Branches[1] These fields are required: [States, StartAt]",
        ],
    );
}

fn map(fields: &str, config: &str, expected: &[&str]) {
    let fields = format!(
        r#""Type": "Map", "End": true, {fields} "ItemProcessor": {{"StartAt": "A", {config} "States": {{"A": {{"Type": "Succeed"}}}}}}"#
    );
    state(&fields, expected);
}

#[test]
fn maps() {
    state(
        r#""Type": "Map", "End": true"#,
        &["@ This object should have only one of the following fields: [ItemProcessor, Iterator]"],
    );
    map(
        r#""MaxConcurrency": -1, "ItemsPath": "$.a[*]", "ToleratedFailurePercentage": 101, "MaxConcurrencyPath": "$.m",
            "ToleratedFailureCountPath": "$$.Execution.Input.n", "ItemSelector": {}, "Parameters": {},"#,
        "",
        &[
            "@ There should only be one of the following fields: [ItemSelector, Parameters]",
            "@ There should only be one of the following fields: [MaxConcurrency, MaxConcurrencyPath]",
            "@/ItemsPath Value is not a Reference Path",
            "@/ToleratedFailureCountPath Value is not a Reference Path",
            "@/ToleratedFailurePercentage Maximum value is 100.0",
        ],
    );
    map(
        r#""Label": "a", "ItemReader": {"Resource": "x"},"#,
        r#""ProcessorConfig": {"Mode": "INLINE", "ExecutionType": "STANDARD"},"#,
        &[
            "@/ItemProcessor/ProcessorConfig Field 'ExecutionType' is not supported",
            "@ Field 'ItemReader' is not supported",
            "@ Field 'Label' is not supported",
        ],
    );
    map(
        "",
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED"},"#,
        &["@/ItemProcessor/ProcessorConfig These fields are required: [ExecutionType]"],
    );
    map(
        r#""Label": "a b", "ItemReader": {"Resource": "x"}, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"}, "ItemBatcher": {"MaxItemsPerBatch": 1},"#,
        r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},"#,
        &[
            "INVALID_LABEL_NAME /States/S/Label Label 'a b' must have between 1 and 40 characters, without spaces and special characters",
            "@/ItemReader/Resource The field 'Resource' does not match any of the allowed values",
        ],
    );
    jsonata(
        r#""Type": "Map", "End": true, "Items": 3, "MaxConcurrency": "{% 1 %}", "Iterator": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#,
        &["@/Items Expected value of type [ARRAY, OBJECT] or a JSONata expression"],
    );
}

#[test]
fn what_is_underlined() {
    underlined(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$.\u00e9[\"x]"}, "Ent": true, "TimeoutSeconds": 1, "InputPath": 5}}}"#,
        &["\"Ent\"", "\"TimeoutSeconds\"", "\"A\"", "5", "\\\""],
    );
    underlined(
        r#"{"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "Output": {"a": "{% \"\n\" & ] %}"}}}}"#,
        &["]"],
    );
    underlined("{}", &["{"]);
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

/// A machine with something of everything, for the mutations below.
const EVERYTHING: &str = r#"{"StartAt": "A", "QueryLanguage": "JSONPath", "States": {
    "A": {"Type": "Pass", "Assign": {"x.$": "$.a"}, "Result": {"a": "\u00e9\"\\"}, "Next": "B"},
    "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"p.$": "States.Format('{}', $.a)"},
        "Retry": [{"ErrorEquals": ["E"], "MaxDelaySeconds": 9}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "Next": "C"},
    "C": {"Type": "Choice", "Choices": [{"And": [{"Variable": "$.a", "StringEquals": "b"}], "Next": "D"}], "Default": "W"},
    "W": {"Type": "Wait", "Timestamp": "2016-03-14T01:59:00Z", "Next": "M"},
    "M": {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% [1..3] %}", "Next": "P",
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}},
    "P": {"Type": "Parallel", "Branches": [{"StartAt": "J", "States": {"J": {"Type": "Fail", "Error": "e"}}}], "End": true},
    "D": {"Type": "Succeed"}}}"#;

#[test]
fn mutated_definitions_are_only_refused() {
    check(EVERYTHING, &[]);
    // Every deletion of one byte, every doubling, and some exchanges; spans stay in the text.
    let signs = b"\"{}[]:,\\$.%x0 ";
    for (at, _) in EVERYTHING.char_indices() {
        let mut variants = vec![
            [&EVERYTHING[..at], &EVERYTHING[at + 1..]].concat(),
            EVERYTHING[..at].to_owned(),
        ];
        let sign = char::from(signs[at % signs.len()]).to_string();
        variants.push([&EVERYTHING[..at], &sign, &EVERYTHING[at + 1..]].concat());
        variants.push([&EVERYTHING[..at], &sign, &EVERYTHING[at..]].concat());
        for text in variants {
            for found in parse(&text).diagnostics {
                if let Some(span) = found.span {
                    assert!(text.get(span.clone()).is_some(), "{span:?} of {text}");
                }
            }
        }
    }
}
