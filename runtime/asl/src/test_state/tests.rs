//! Requests and what they are answered. Those marked "guide" are examples of AWS's developer
//! guide; recorded ones are in the workspace's `tests`.

mod refusals;

use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn test(mut request: Value) -> Result<TestState, Refusal> {
    for field in ["definition", "input", "context", "variables"] {
        if let Some(value) = request.get_mut(field).filter(|value| !value.is_string()) {
            *value = value.to_string().into();
        }
    }
    let request = serde_json::from_value(request).expect("a request");
    TestState::new(&request, &Place::default())
}

fn start(request: Value) -> Result<Next, Refusal> {
    test(request)?.start(NOW, 7)
}

/// The answer must be exactly this; JSON in strings is compared as JSON.
fn check(request: Value, expected: Value) {
    match start(request.clone()) {
        Ok(Next::Done(answer)) => {
            let answer = serde_json::to_value(answer).unwrap();
            assert_eq!(parsed(answer), expected, "{request}");
        }
        other => panic!("{other:?}: {request}"),
    }
}

fn refused(request: Value, exception: &str, message: &str) {
    let refusal = start(request.clone()).expect_err(&request.to_string());
    assert_eq!(
        (refusal.exception(), refusal.to_string().as_str()),
        (exception, message)
    );
}

/// With the strings that hold JSON objects and arrays parsed.
fn parsed(value: Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str::<Value>(&text) {
            Ok(inner) if inner.is_object() || inner.is_array() => inner,
            _ => Value::String(text),
        },
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, field)| (key, parsed(field)));
            Value::Object(fields.collect())
        }
        other => other,
    }
}

fn lambda(extra: Value) -> Value {
    let mut state = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f"}, "End": true,
    });
    let fields = state.as_object_mut().unwrap();
    fields.extend(extra.as_object().unwrap().clone());
    state
}

fn failing(error: &str) -> Value {
    json!({"errorOutput": {"error": error, "cause": "why"}})
}

#[test]
fn a_choice_says_where_it_goes() {
    // Guide: output and next state alone, the input's text as it was sent.
    let choice = json!({
        "Type": "Choice", "Default": "No Match",
        "Choices": [{"Variable": "$.number", "NumericEquals": 2, "Next": "Equals 2"}],
    });
    let Ok(Next::Done(answer)) = start(json!({"definition": choice, "input": "{\"number\":  2}"}))
    else {
        panic!("a Choice ends at once")
    };
    assert_eq!(answer.output.as_deref(), Some("{\"number\":  2}"));
    assert_eq!(answer.next_state.as_deref(), Some("Equals 2"));
    assert_eq!(answer.inspection_data, None);
}

#[test]
fn a_pass_lays_its_data_flow_open() {
    // Guide.
    check(
        json!({
            "definition": {
                "Type": "Pass", "InputPath": "$.payload", "Parameters": {"data": 1},
                "ResultPath": "$.result", "OutputPath": "$.result.data", "Next": "Another State",
            },
            "input": {"payload": {"foo": "bar"}}, "inspectionLevel": "DEBUG",
        }),
        json!({
            "output": "1",
            "inspectionData": {
                "input": {"payload": {"foo": "bar"}},
                "afterInputPath": {"foo": "bar"},
                "afterParameters": {"data": 1},
                "afterResultSelector": {"data": 1},
                "afterResultPath": {"payload": {"foo": "bar"}, "result": {"data": 1}},
            },
            "nextState": "Another State",
            "status": "SUCCEEDED",
        }),
    );
}

#[test]
fn a_retrier_takes_a_mocked_failure_until_it_is_exhausted() {
    let state = lambda(json!({
        "Retry": [
            {"ErrorEquals": ["Other"]},
            {"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 2, "JitterStrategy": "FULL"},
        ],
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Handler"}],
    }));
    let flow = json!({"input": {"a": 1}, "afterInputPath": {"a": 1},
        "afterParameters": {"FunctionName": "f"}});
    let request = |retried: u64| {
        json!({
            "definition": state, "input": {"a": 1}, "inspectionLevel": "DEBUG",
            "mock": failing("E"), "stateConfiguration": {"retrierRetryCount": retried},
        })
    };
    let mut inspected = flow.clone();
    inspected["errorDetails"] = json!({"retryIndex": 1, "retryBackoffIntervalSeconds": 4});
    check(
        request(1),
        json!({"error": "E", "cause": "why", "status": "RETRIABLE", "inspectionData": inspected}),
    );
    inspected["errorDetails"] = json!({"catchIndex": 0, "retryIndex": 1});
    check(
        request(2),
        json!({
            "error": "E", "cause": "why", "status": "CAUGHT_ERROR", "nextState": "Handler",
            "output": {"a": 1, "error": {"Error": "E", "Cause": "why"}},
            "inspectionData": inspected,
        }),
    );
}

#[test]
fn a_map_shows_its_items_inputs_and_batches() {
    let map = json!({
        "Type": "Map", "ItemsPath": "$.items",
        "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"},
        "ItemBatcher": {"BatchInput": {"of.$": "$.of"}, "MaxItemsPerBatchPath": "$.most"},
        "MaxConcurrency": 3, "ToleratedFailurePercentage": 50,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
        },
        "ResultPath": null, "End": true,
    });
    let input = json!({"items": [5, {"six": 6}, 7], "of": "x", "most": 2});
    let batch = |items: Value| json!({"BatchInput": {"of": "x"}, "Items": items});
    check(
        json!({
            "definition": map, "input": input, "inspectionLevel": "DEBUG",
            "mock": {"result": "[1, 2]"},
        }),
        json!({
            "output": input,
            "inspectionData": {
                "input": input,
                "afterInputPath": input,
                "afterItemsPath": [5, {"six": 6}, 7],
                "afterItemSelector": [
                    {"v": 5, "i": 0}, {"v": {"six": 6}, "i": 1}, {"v": 7, "i": 2},
                ],
                "afterItemBatcher": [
                    batch(json!(["{\"v\":5,\"i\":0}", "{\"v\":{\"six\":6},\"i\":1}"])),
                    batch(json!(["{\"v\":7,\"i\":2}"])),
                ],
                "maxConcurrency": 3,
                "toleratedFailurePercentage": 50.0,
                "afterResultSelector": [1, 2],
                "afterResultPath": input,
            },
            "status": "SUCCEEDED",
        }),
    );
}

fn distributed(extra: Value) -> Value {
    let mut state = json!({
        "Type": "Map", "QueryLanguage": "JSONata", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
        },
    });
    let fields = state.as_object_mut().unwrap();
    fields.extend(extra.as_object().unwrap().clone());
    state
}

#[test]
fn a_map_fails_beyond_its_tolerance() {
    let map = distributed(json!({"Items": [1, 2, 3], "ToleratedFailureCount": 1}));
    let request = |failed: u64, result: &str| {
        json!({
            "definition": map, "mock": {"result": result},
            "stateConfiguration": {"mapIterationFailureCount": failed},
        })
    };
    check(
        request(1, "[1, 2]"),
        json!({"output": [1, 2], "status": "SUCCEEDED"}),
    );
    check(
        request(2, "[1]"),
        json!({
            "error": "States.ExceedToleratedFailureThreshold",
            "cause": "The specified tolerated failure threshold was exceeded",
            "status": "FAILED",
        }),
    );
    refused(
        request(0, "[1]"),
        "ValidationException",
        "Input array does not equal the mocked result array's size.",
    );
}

#[test]
fn a_map_reads_its_readers_data() {
    let map = distributed(json!({
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/rows", "MaxItems": 2},
            "Arguments": {"Bucket": "b", "Key": "k"},
        },
        "ItemSelector": "{% $states.context.Map.Item.Value %}",
    }));
    let mut request = json!({
        "definition": map, "mock": {"result": "[1, 2]"}, "inspectionLevel": "DEBUG",
        "stateConfiguration": {"mapItemReaderData": "{\"rows\": [1, 2, 3]}"},
    });
    check(
        request.clone(),
        json!({
            "output": [1, 2],
            "inspectionData": {
                "input": {}, "maxConcurrency": 0,
                "afterItemsPointer": [1, 2, 3], "afterItemSelector": [1, 2],
            },
            "status": "SUCCEEDED",
        }),
    );
    request["stateConfiguration"] = json!({"mapItemReaderData": "[}"});
    let Ok(Next::Done(answer)) = start(request.clone()) else {
        panic!("data that cannot be read fails the Map")
    };
    assert_eq!(answer.error.as_deref(), Some("States.ItemReaderFailed"));
    request["stateConfiguration"] = json!({});
    refused(
        request,
        "ValidationException",
        "ItemReader data must be specified when testing a Map state with ItemReader specified.",
    );
}

/// A Task in a branch of a Parallel that catches `E`, inside a Map that catches anything.
fn nested(mode: &str) -> Value {
    let config = match mode {
        "DISTRIBUTED" => json!({"Mode": mode, "ExecutionType": "STANDARD"}),
        _ => json!({"Mode": mode}),
    };
    let branch = json!({"StartAt": "Work", "States": {"Work": lambda(json!({}))}});
    json!({
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map", "ToleratedFailureCount": 1,
                "ItemProcessor": {
                    "ProcessorConfig": config,
                    "StartAt": "Both",
                    "States": {
                        "Both": {
                            "Type": "Parallel", "Branches": [branch], "End": true,
                            "Catch": [{"ErrorEquals": ["E"], "Next": "Inner"}],
                        },
                        "Inner": {"Type": "Succeed"},
                    },
                },
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Outer"}],
                "End": true,
            },
            "Outer": {"Type": "Succeed"},
        },
    })
}

#[test]
fn a_failure_goes_outwards_until_it_is_caught() {
    let request = |mode: &str, error: &str, failed: u64| {
        json!({
            "definition": nested(mode), "stateName": "Work", "mock": failing(error),
            "stateConfiguration": {"mapIterationFailureCount": failed},
        })
    };
    let caught = |error: &str, by: &str| {
        json!({
            "output": {"Error": error, "Cause": "why"}, "error": error, "cause": "why",
            "nextState": by, "status": "CAUGHT_ERROR",
        })
    };
    check(request("INLINE", "E", 0), caught("E", "Inner"));
    check(request("INLINE", "F", 0), caught("F", "Outer"));
    // A distributed Map's child may fail once here.
    check(
        request("DISTRIBUTED", "F", 0),
        json!({"error": "F", "cause": "why", "status": "FAILED"}),
    );
    let Ok(Next::Done(answer)) = start(request("DISTRIBUTED", "F", 1)) else {
        panic!("a mock ends at once")
    };
    assert_eq!(
        answer.error.as_deref(),
        Some("States.ExceedToleratedFailureThreshold")
    );
    assert_eq!(answer.next_state.as_deref(), Some("Outer"));
}

#[test]
fn the_context_is_made_up_where_none_is_given() {
    let mut machine = nested("INLINE");
    let branches = &mut machine["States"]["Each"]["ItemProcessor"]["States"]["Both"]["Branches"];
    branches[0]["States"]["Work"]["Resource"] =
        "arn:aws:states:::lambda:invoke.waitForTaskToken".into();
    branches[0]["States"]["Work"]["Parameters"] = json!({
        "FunctionName": "f",
        "Payload": {
            "item.$": "$$.Map.Item", "tries.$": "$$.State.RetryCount", "token.$": "$$.Task.Token",
        },
    });
    let request = json!({
        "definition": machine, "stateName": "Work", "input": 5, "mock": {"result": "1"},
        "inspectionLevel": "DEBUG",
    });
    let Ok(Next::Done(answer)) = start(request) else {
        panic!("a mock ends at once")
    };
    let parameters = answer.inspection_data.unwrap().after_parameters.unwrap();
    let parameters: Value = serde_json::from_str(&parameters).unwrap();
    let payload = &parameters["Payload"];
    assert_eq!(payload["item"], json!({"Index": 0, "Value": 5}));
    assert_eq!(payload["tries"], 0);
    assert_eq!(payload["token"].as_str().map(str::len), Some(36));
}

#[test]
fn variables_are_told_as_the_state_leaves_them() {
    check(
        json!({
            "definition": {"Type": "Pass", "Assign": {"b.$": "$a", "c": 3}, "End": true},
            "variables": {"b": 1, "a": 2}, "inspectionLevel": "TRACE",
        }),
        json!({
            "output": {},
            "inspectionData": {
                "input": {}, "afterInputPath": {}, "afterParameters": {},
                "afterResultSelector": {}, "afterResultPath": {},
                "variables": {"b": 2, "a": 2, "c": 3},
            },
            "status": "SUCCEEDED",
        }),
    );
}

#[test]
fn a_fail_fails() {
    check(
        json!({
            "definition": {"Type": "Fail", "Error": "E", "CausePath": "$.why"},
            "input": {"why": "because"}, "inspectionLevel": "DEBUG",
        }),
        json!({
            "error": "E", "cause": "because", "status": "FAILED",
            "inspectionData": {"input": {"why": "because"}},
        }),
    );
}

#[test]
fn data_that_does_not_fit_fails_the_state() {
    check(
        json!({"definition": {"Type": "Pass", "Parameters": {"a.$": "$.no"}, "End": true}}),
        json!({
            "error": "States.Runtime",
            "cause": "The JSONPath '$.no' specified for the field 'a.$' could not \
                      be found in the input '{}'",
            "status": "FAILED",
        }),
    );
}

#[test]
fn a_task_without_a_mock_is_run_outside() {
    let request = json!({
        "definition": lambda(json!({"TimeoutSeconds": 900, "ResultPath": "$.r"})),
        "roleArn": "arn:aws:iam::123456789012:role/r",
    });
    let mut test = test(request).unwrap();
    let Ok(Next::Run { identity, command }) = test.start(NOW, 7) else {
        panic!("a Task is run")
    };
    assert_eq!(command.input.text(), r#"{"FunctionName":"f"}"#);
    assert_eq!(command.deadline, Some(NOW.plus_seconds(TEST_SECONDS_MAX)));
    assert_eq!(&*identity.role_arn, "arn:aws:iam::123456789012:role/r");
    let outcome = || Outcome::Ended {
        report: Report::Succeeded(Payload::from_value(json!(5))),
        exchange: None,
    };
    let Next::Done(answer) = test.resume(outcome(), NOW, 7) else {
        panic!("the attempt was all")
    };
    assert_eq!(answer.output.as_deref(), Some(r#"{"r":5}"#));
    let Next::Done(answer) = test.resume(outcome(), NOW, 7) else {
        panic!("nothing is waited for")
    };
    assert_eq!(answer.cause.as_deref(), Some("The test waits for nothing."));
}

fn waits(seconds: i64, until: i64, status: Status, error: Option<&str>) {
    let state = json!({"Type": "Wait", "Seconds": seconds, "Next": "Then"});
    let mut test = test(json!({"definition": state})).unwrap();
    let Ok(Next::Wait(at)) = test.start(NOW, 7) else {
        panic!("a Wait waits")
    };
    assert_eq!(at, NOW.plus_seconds(until));
    let Next::Done(answer) = test.resume(Outcome::Elapsed, at, 7) else {
        panic!("the wait was all")
    };
    assert_eq!((answer.status, answer.error.as_deref()), (status, error));
}

#[test]
fn a_wait_waits_five_minutes_at_most() {
    waits(10, 10, Status::Succeeded, None);
    waits(300, 300, Status::Succeeded, None);
    waits(301, 300, Status::Failed, Some("States.Timeout"));
}

#[test]
fn http_is_told_at_the_highest_level_alone() {
    for (level, told) in [("DEBUG", false), ("TRACE", true)] {
        let request = json!({
            "definition": {
                "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true,
                "Parameters": {"ApiEndpoint": "https://x", "Method": "GET"},
            },
            "roleArn": "arn:aws:iam::123456789012:role/r", "inspectionLevel": level,
        });
        let mut test = test(request).unwrap();
        assert!(matches!(test.start(NOW, 7), Ok(Next::Run { .. })));
        let outcome = Outcome::Ended {
            report: Report::Succeeded(Payload::from_value(json!({"StatusCode": 200}))),
            exchange: Some(Box::new(Exchange {
                request: Some(HttpRequest::default()),
                response: Some(HttpResponse::default()),
            })),
        };
        let Next::Done(answer) = test.resume(outcome, NOW, 7) else {
            panic!("the attempt was all")
        };
        let data = answer.inspection_data.unwrap();
        assert_eq!(
            (data.request.is_some(), data.response.is_some()),
            (told, told)
        );
    }
}

#[test]
fn what_stands_behind_the_state_is_not_read_as_another() {
    let text = r#"{"Type": "Pass", "End": true}, "Other": {"Type": "Pass", "End": true}"#;
    let Err(refusal) = test(json!({"definition": text})) else {
        panic!("refused")
    };
    assert_eq!(refusal.exception(), "InvalidDefinition");
}
