//! Executions: which start is the same as another, how they are stopped, listed and refused.

use std::time::Duration;

use serde_json::{Value, json};

use super::model::baseline::{arn, world};
use super::stand::in_virtual_time;

#[test]
fn a_start_is_the_same_while_it_runs_with_the_same_input() {
    in_virtual_time(async {
        let stand = world().await;
        let start = async |name: &str, input: &str| {
            let start = json!({ "stateMachineArn": arn("stateMachine:orders"), "name": name,
                "input": input });
            stand.call("StartExecution", &start).await.body
        };
        let first = start("n", "{\"a\": 1}").await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(start("n", "{\"a\": 1}").await, first);
        let taken = json!({
            "__type": "ExecutionAlreadyExists",
            "message": format!("Execution Already Exists: '{}'", arn("execution:orders:n")),
        });
        assert_eq!(start("n", "{\"a\": 2}").await, taken);
        let stop = json!({ "executionArn": arn("execution:orders:n") });
        stand.call("StopExecution", &stop).await;
        assert_eq!(start("n", "{\"a\": 1}").await, taken);
    });
}

#[test]
fn an_input_that_is_no_json_is_refused() {
    let place = |text: &str, column: usize| {
        format!("\n at [Source: (String)\"{text}\"; line: 1, column: {column}]'")
    };
    let cases = [
        (
            "not some json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or \
             token 'null', 'true' or 'false')",
            4,
        ),
        (
            "{'not': 'json'}",
            "Unexpected character (''' (code 39)): was expecting double-quote to start field name",
            3,
        ),
    ];
    in_virtual_time(async {
        let stand = world().await;
        for (input, told, column) in cases {
            let start = json!({ "stateMachineArn": arn("stateMachine:orders"), "input": input });
            let refused = stand.call("StartExecution", &start).await.body;
            assert_eq!(refused["__type"], "InvalidExecutionInput");
            let place = place(input, column);
            let expected = format!("Invalid State Machine Execution Input: '{told}{place}");
            assert_eq!(refused["message"], expected);
        }
    });
}

#[test]
fn what_was_stopped_tells_why() {
    in_virtual_time(async {
        let stand = world().await;
        let arn = arn("execution:orders:waits");
        tokio::time::sleep(Duration::from_secs(7)).await;
        let stop = json!({ "executionArn": arn, "error": "E", "cause": "why" });
        let stopped = stand.call("StopExecution", &stop).await.body;
        tokio::time::sleep(Duration::from_secs(7)).await;
        // Once more changes nothing.
        let again = json!({ "executionArn": arn, "error": "F" });
        assert_eq!(stand.call("StopExecution", &again).await.body, stopped);
        let described = stand
            .call("DescribeExecution", &json!({ "executionArn": arn }))
            .await
            .body;
        let told = ["status", "error", "cause", "redriveStatus", "output"];
        let told: Value = told.iter().map(|field| described[*field].clone()).collect();
        assert_eq!(told, json!(["ABORTED", "E", "why", "REDRIVABLE", null]));
        assert_eq!(described["stopDate"], stopped["stopDate"]);
    });
}

#[test]
fn executions_are_listed_newest_first_by_status() {
    in_virtual_time(async {
        let stand = world().await;
        let list = async |filter: Value| {
            let mut list = json!({ "stateMachineArn": arn("stateMachine:orders") });
            for (field, value) in filter.as_object().into_iter().flatten() {
                list[field] = value.clone();
            }
            let listed = stand.call("ListExecutions", &list).await.body;
            let names = listed["executions"].as_array().cloned().unwrap_or_default();
            let names: Vec<String> = names
                .iter()
                .map(|one| one["name"].as_str().unwrap().to_owned())
                .collect();
            (
                names.join(" "),
                listed["message"].as_str().map(str::to_owned),
            )
        };
        assert_eq!(list(json!({})).await.0, "waits ended");
        assert_eq!(list(json!({ "statusFilter": "RUNNING" })).await.0, "waits");
        assert_eq!(
            list(json!({ "statusFilter": "SUCCEEDED" })).await.0,
            "ended"
        );
        assert_eq!(list(json!({ "redriveFilter": "REDRIVEN" })).await.0, "");
        let (_, refused) = list(json!({ "statusFilter": "succeeded" })).await;
        assert_eq!(
            refused.as_deref(),
            Some(
                "1 validation error detected: Value 'succeeded' at 'statusFilter' failed to \
                 satisfy constraint: Member must satisfy enum value set: [SUCCEEDED, TIMED_OUT, \
                 PENDING_REDRIVE, ABORTED, FAILED, RUNNING]"
            )
        );
        assert!(
            list(json!({ "statusFilter": "PENDING_REDRIVE" }))
                .await
                .1
                .is_some()
        );
    });
}

#[test]
fn metadata_is_told_without_data() {
    in_virtual_time(async {
        let stand = world().await;
        let asked = |what: &str| json!({ "executionArn": arn("execution:orders:ended"), "includedData": what });
        let all = stand
            .call("DescribeExecution", &asked("ALL_DATA"))
            .await
            .body;
        let some = stand
            .call("DescribeExecution", &asked("METADATA_ONLY"))
            .await
            .body;
        let (mut kept, data) = (
            all.clone(),
            ["input", "inputDetails", "output", "outputDetails"],
        );
        assert!(data.iter().all(|field| all.get(*field).is_some()));
        kept.as_object_mut()
            .unwrap()
            .retain(|field, _| !data.contains(&field.as_str()));
        assert_eq!(kept, some);
        let operation = "DescribeStateMachineForExecution";
        let machine = stand.call(operation, &asked("METADATA_ONLY")).await.body;
        assert_eq!(machine["definition"], "{}");
    });
}

#[test]
fn who_asks_is_told_where_an_execution_is() {
    in_virtual_time(async {
        let stand = world().await;
        let told = async |name: &str| {
            let asked = json!({ "executionArn": arn(&format!("execution:orders:{name}")),
                "stepwell": true });
            let told = stand.call("DescribeExecution", &asked).await.body;
            told["stepwell"]["currentStates"].clone()
        };
        assert_eq!(told("ended").await, json!([]));
        let states = told("waits").await;
        let entered = states[0]["enteredDate"].as_f64().unwrap();
        let waits = json!([{ "name": "A", "type": "Wait", "enteredDate": entered,
            "untilDate": entered + 9_999_999.0 }]);
        assert_eq!(states, waits);
    });
}

#[test]
fn a_task_token_is_told_of_a_task_that_waits_for_it() {
    in_virtual_time(async {
        let stand = world().await;
        let definition = json!({ "StartAt": "Ask", "States": { "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": { "QueueUrl": "https://q", "MessageBody.$": "$$.Task.Token" },
            "End": true,
        } } });
        let create = json!({ "name": "ask", "definition": definition.to_string(),
            "roleArn": "arn:aws:iam::111111111111:role/role" });
        stand.call("CreateStateMachine", &create).await;
        let start = json!({ "stateMachineArn": arn("stateMachine:ask"), "name": "one" });
        stand.call("StartExecution", &start).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let asked = json!({ "executionArn": arn("execution:ask:one"), "stepwell": true });
        let told = stand.call("DescribeExecution", &asked).await.body;
        let state = &told["stepwell"]["currentStates"][0];
        assert_eq!(state["name"], "Ask");
        let answer = json!({ "taskToken": state["taskToken"], "output": "7" });
        assert_eq!(stand.call("SendTaskSuccess", &answer).await.status, 200);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let told = stand.call("DescribeExecution", &asked).await.body;
        assert_eq!(
            (&told["status"], &told["output"]),
            (&json!("SUCCEEDED"), &json!("7"))
        );
    });
}

#[test]
fn a_task_whose_fields_its_api_does_not_take_is_not_scheduled() {
    in_virtual_time(async {
        let stand = world().await;
        let definition = json!({ "StartAt": "A", "States": { "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": { "FunctionName": "f", "TaskToken.$": "$.token" },
            "Retry": [{ "ErrorEquals": ["States.ALL"] }],
            "End": true,
        }}});
        let create = json!({ "name": "refused", "roleArn": "arn:aws:iam::123456789012:role/r",
            "definition": definition.to_string() });
        let made = stand.call("CreateStateMachine", &create).await.body;
        let start =
            json!({ "stateMachineArn": made["stateMachineArn"], "input": "{\"token\": \"t\"}" });
        let started = stand.call("StartExecution", &start).await.body;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let history = json!({ "executionArn": started["executionArn"] });
        let history = stand.call("GetExecutionHistory", &history).await.body;
        let events = history["events"].as_array().expect("events");
        let types: Vec<_> = events.iter().map(|event| &event["type"]).collect();
        assert_eq!(
            types,
            ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
        );
        assert_eq!(
            events[2]["executionFailedEventDetails"],
            json!({
                "error": "States.Runtime",
                "cause": "An error occurred while executing the state 'A' (entered at the event id \
                          #2). The Parameters '{\"FunctionName\":\"f\",\"TaskToken\":\"t\"}' could \
                          not be used to start the Task: [The field \"TaskToken\" is not supported \
                          by Step Functions]",
            })
        );
    });
}
