//! Requests that are refused, and Tasks whose API would refuse them.

use super::*;

#[test]
fn what_an_api_does_not_take_is_not_sent_to_it() {
    let parameters = json!({"FunctionName.$": "$.f", "TaskToken.$": "$.t"});
    check(
        json!({
            "definition": lambda(json!({"Parameters": parameters})),
            "input": {"f": "f", "t": 1}, "mock": {"result": "{}"},
        }),
        json!({
            "error": "States.Runtime",
            "cause": "The Parameters '{\"FunctionName\":\"f\",\"TaskToken\":1}' could not be used to \
                      start the Task: [The field \"TaskToken\" is not supported by Step Functions]",
            "status": "FAILED",
        }),
    );
    let arguments = json!({"Arguments": "{% {'Payload': 1} %}", "QueryLanguage": "JSONata"});
    let mut jsonata = lambda(arguments);
    jsonata.as_object_mut().unwrap().remove("Parameters");
    check(
        json!({"definition": jsonata, "mock": {"result": "{}"}}),
        json!({
            "error": "States.Runtime",
            "cause": "The Arguments '{\"Payload\":1}' could not be used to start the Task: [The \
                      field 'FunctionName' is required but was missing]",
            "status": "FAILED",
        }),
    );
}

#[test]
fn what_cannot_be_tested_is_refused() {
    let plain = lambda(json!({}));
    let validation = "ValidationException";
    refused(
        json!({"definition": plain}),
        validation,
        "RoleArn must be specified when testing a Task state",
    );
    refused(
        json!({"definition": plain, "roleArn": "role"}),
        "InvalidArn",
        "Invalid Role Arn: 'role'",
    );
    refused(
        json!({"definition": plain, "context": {}, "roleArn": "arn:aws:iam::1:role/r"}),
        validation,
        "TestState does not support Context when a mock is not specified.",
    );
    refused(
        json!({"definition": plain, "mock": {"result": "1"}, "revealSecrets": true}),
        validation,
        "TestState does not support RevealSecrets when a mock is specified.",
    );
    refused(
        json!({"definition": plain, "mock": {"result": "{"}}),
        validation,
        "Mocked result must be valid JSON",
    );
    refused(
        json!({"definition": plain, "mock": {"errorOutput": {"cause": "why"}}}),
        validation,
        "An error was not specified in the mocked error output.",
    );
    refused(
        json!({"definition": nested("INLINE"), "stateName": "None"}),
        validation,
        "State not found in definition",
    );
    let sync = lambda(json!({
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": "m"},
    }));
    refused(
        json!({"definition": sync}),
        "InvalidDefinition",
        "TestState API does not support '.sync' or '.waitForTaskToken' integration patterns.",
    );
    refused(
        json!({"definition": {"Type": "Pass", "End": true}, "input": "{"}),
        "InvalidExecutionInput",
        "Invalid State Machine Execution Input: 'Unexpected end-of-input: expected close marker for \
         Object (start marker at [Source: (String)\"{\"; line: 1, column: 1])\n at [Source: \
         (String)\"{\"; line: 1, column: 2]'",
    );
    refused(
        json!({"definition": {"Type": "Pass", "End": true}, "variables": [1]}),
        validation,
        "Invalid variables provided: they must be a JSON object",
    );
    refused(
        json!({
            "definition": nested("INLINE"), "stateName": "Each", "mock": failing("E"),
            "stateConfiguration": {"errorCausedByState": "Outer"},
        }),
        validation,
        "ErrorCausedByState 'Outer' is not a state inside the state under test.",
    );
}

#[test]
fn a_parallel_needs_a_result_for_each_branch() {
    let state = json!({"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}},
    ]});
    for (result, message) in [
        ("{}", "Mocked result must be an array."),
        (
            "[1, 2]",
            "Mocked result must contain the same number of items as number of Parallel branches.",
        ),
    ] {
        let request = json!({"definition": state, "mock": {"result": result}});
        refused(request, "ValidationException", message);
    }
}

#[test]
fn a_definitions_errors_are_placed_in_the_text_that_was_sent() {
    let text = r#"{"Type": "Pass", "Next": 5}"#;
    let Err(Refusal::Definition(diagnostics)) = test(json!({"definition": text})) else {
        panic!("refused")
    };
    let span = diagnostics[0].span.clone().unwrap();
    assert_eq!(&text[span], "5");
}
