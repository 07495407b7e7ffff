//! What is refused, case by case: a definition, and all that is said about it.

mod data_flow;
mod states;

use crate::definition::{Template, parse};
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

/// A machine with something of everything, for the mutations below.
const EVERYTHING: &str = r#"{"StartAt": "A", "QueryLanguage": "JSONPath", "States": {
    "A": {"Type": "Pass", "Assign": {"x.$": "$.a"}, "Result": {"a": "\u00e9\"\\"}, "Next": "B"},
    "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName.$": "States.Format('{}', $.a)"},
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
