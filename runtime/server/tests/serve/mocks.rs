//! Test cases of a mock configuration: a start names one, and its Tasks answer from the file.

use std::fs;

use serde_json::{Value, json};

use crate::serve::client::{Answer, request, send};
use crate::serve::running::Running;

async fn call(server: &Running, operation: &str, body: Value) -> Answer {
    send(&server.url, request(&server.url, operation, &body)).await
}

/// A Task that nothing here can do, tried twice.
fn machine() -> Value {
    let definition = json!({ "StartAt": "Charge", "States": { "Charge": {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": { "FunctionName": "nowhere", "Payload": {} },
        "Retry": [{ "ErrorEquals": ["Busy"], "IntervalSeconds": 1, "MaxAttempts": 1,
                    "JitterStrategy": "NONE" }],
        "OutputPath": "$.Payload",
        "End": true,
    }}});
    json!({
        "name": "orders",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": definition.to_string(),
    })
}

fn config(paid: &str) -> String {
    json!({
        "StateMachines": { "orders": { "TestCases": { "Second": { "Charge": "Flaky" } } } },
        "MockedResponses": { "Flaky": {
            "0": { "Throw": { "Error": "Busy", "Cause": "later" } },
            "1": { "Return": { "StatusCode": 200, "Payload": paid } },
        }},
    })
    .to_string()
}

/// The output of an execution of the test case, once it has ended.
async fn output(server: &Running, arn: &str, name: &str) -> Value {
    let start = json!({ "stateMachineArn": format!("{arn}#Second"), "name": name });
    let started = call(server, "StartExecution", start).await;
    assert_eq!(started.status, 200, "{started:?}");
    loop {
        let asked = json!({ "executionArn": started.body["executionArn"] });
        let told = call(server, "DescribeExecution", asked).await.body;
        if told["status"] != "RUNNING" {
            assert_eq!(told["stateMachineArn"], arn);
            return told["output"].clone();
        }
    }
}

#[tokio::test]
async fn a_start_may_name_a_test_case() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mocks.json");
    let server = Running::start_in(&folder, &[], &[("SFN_MOCK_CONFIG", "mocks.json")]);
    let made = call(&server, "CreateStateMachine", machine()).await;
    let arn = made.body["stateMachineArn"].as_str().unwrap();
    // The file is read anew for each start.
    for (name, paid) in [("one", "paid"), ("two", "paid again")] {
        fs::write(&path, config(paid)).unwrap();
        assert_eq!(output(&server, arn, name).await, json!(paid).to_string());
    }
    let start = json!({ "stateMachineArn": format!("{arn}#Third") });
    let refused = call(&server, "StartExecution", start).await;
    assert_eq!(refused.refusal(), (400, "ValidationException"));
    assert!(
        refused.message().contains("no test case \"Third\""),
        "{refused:?}"
    );
}
