//! How executions end before their time, in the real server with real guests: stopped, timed
//! out, and with the parent that waited for them.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::check;
use crate::serve::client::{request, send};
use crate::serve::running::Running;

/// A guest that never ends by itself.
const SPIN: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "_start") (loop $again (br $again))))"#;

/// A server with a function `spin`, whose fuel outlasts any test.
fn server() -> (TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("spin.wasm");
    fs::write(&module, wat::parse_str(SPIN).unwrap()).unwrap();
    let data = folder.path().join("data");
    let paths = [module.to_str().unwrap(), data.to_str().unwrap()];
    // The largest whole number that every reader of JSON knows.
    let fuel = (1_u64 << 53).to_string();
    check(
        &[
            "task",
            "deploy",
            "spin",
            paths[0],
            "--data-dir",
            paths[1],
            "--fuel",
            &fuel,
        ],
        0,
        &[],
        &[],
    );
    let running = Running::start(&folder, &["--shutdown-seconds", "50"]);
    (folder, running)
}

async fn call(server: &Running, operation: &str, body: Value) -> Value {
    let answer = send(&server.url, request(&server.url, operation, &body)).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    answer.body
}

async fn machine(server: &Running, name: &str, definition: Value) -> String {
    let body = json!({
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": definition.to_string(),
    });
    let made = call(server, "CreateStateMachine", body).await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

async fn start(server: &Running, machine: &str, name: &str) -> String {
    let body = json!({ "stateMachineArn": machine, "name": name });
    let started = call(server, "StartExecution", body).await;
    started["executionArn"].as_str().unwrap().to_owned()
}

fn spin(more: Value) -> Value {
    let state = json!({ "Type": "Task", "Resource": "wasm:spin", "End": true });
    let mut definition = json!({ "StartAt": "Spin", "States": { "Spin": state } });
    for (field, value) in more.as_object().into_iter().flatten() {
        definition[field] = value.clone();
    }
    definition
}

/// The history, once it has an event of this type.
async fn history(server: &Running, execution: &str, awaited: &str) -> Vec<Value> {
    loop {
        let asked = json!({ "executionArn": execution });
        let told = call(server, "GetExecutionHistory", asked).await;
        let events = told["events"].as_array().unwrap();
        if events.iter().any(|event| event["type"] == awaited) {
            return events.clone();
        }
    }
}

async fn describe(server: &Running, execution: &str) -> Value {
    call(
        server,
        "DescribeExecution",
        json!({ "executionArn": execution }),
    )
    .await
}

/// A guest that went on would keep the server from ending: nothing else is under way.
fn ends_with_nothing_to_wait_for(server: Running) {
    server.signal("TERM");
    server.line("stopped; everything is kept");
    assert!(server.end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_guest_at_once() {
    let (_folder, server) = server();
    let machine = machine(&server, "spins", spin(json!({}))).await;
    let execution = start(&server, &machine, "one").await;
    history(&server, &execution, "LambdaFunctionStarted").await;
    let stop = json!({ "executionArn": execution, "error": "E", "cause": "enough" });
    let stopped = call(&server, "StopExecution", stop).await;
    let told = describe(&server, &execution).await;
    assert_eq!(told["status"], "ABORTED");
    assert_eq!(told["stopDate"], stopped["stopDate"]);
    assert_eq!(
        (&told["error"], &told["cause"]),
        (&json!("E"), &json!("enough"))
    );
    ends_with_nothing_to_wait_for(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_ends_when_its_time_is_over() {
    let (_folder, server) = server();
    let machine = machine(&server, "spins", spin(json!({ "TimeoutSeconds": 1 }))).await;
    let execution = start(&server, &machine, "one").await;
    history(&server, &execution, "ExecutionTimedOut").await;
    assert_eq!(describe(&server, &execution).await["status"], "TIMED_OUT");
    ends_with_nothing_to_wait_for(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_parent_takes_its_children_with_it() {
    let (_folder, server) = server();
    let child = machine(&server, "child", spin(json!({}))).await;
    let starting = |machine: &str, name: &str| {
        json!({ "StartAt": "Start", "States": { "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Parameters": { "StateMachineArn": machine, "Name": name },
            "End": true,
        }}})
    };
    let middle = machine(&server, "middle", starting(&child, "c")).await;
    let outer = machine(&server, "outer", starting(&middle, "m")).await;
    let outer = start(&server, &outer, "o").await;
    let arn = |machine: &str, name: &str| {
        format!("arn:aws:states:us-east-1:123456789012:execution:{machine}:{name}")
    };
    history(&server, &outer, "TaskSubmitted").await;
    let (middle, child) = (arn("middle", "m"), arn("child", "c"));
    history(&server, &middle, "TaskSubmitted").await;
    history(&server, &child, "LambdaFunctionStarted").await;
    call(&server, "StopExecution", json!({ "executionArn": outer })).await;
    for (execution, parent) in [(&middle, &outer), (&child, &middle)] {
        let events = history(&server, execution, "ExecutionAborted").await;
        let details = &events.last().unwrap()["executionAbortedEventDetails"];
        assert_eq!(
            details["cause"],
            format!(
                "The Task state in AWS Step Functions execution [{parent}] which was managing \
                 this resource was aborted"
            )
        );
    }
    ends_with_nothing_to_wait_for(server);
}
