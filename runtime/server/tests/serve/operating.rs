//! What operators see and do: logs of executions, metrics, health, shutdown.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Request;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::serve::client::{Connection, request, send};
use crate::serve::running::{Running, refused};

const GROUP: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/g:*";

async fn call(server: &Running, operation: &str, body: Value) -> Value {
    let answer = send(&server.url, request(&server.url, operation, &body)).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    answer.body
}

/// Makes a state machine whose executions are logged, and answers its ARN.
async fn machine(server: &Running, name: &str, level: &str, states: Value) -> String {
    let definition = json!({ "StartAt": "A", "States": states });
    let body = json!({
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": definition.to_string(),
        "loggingConfiguration": {
            "level": level,
            "includeExecutionData": level == "ALL",
            "destinations": [{ "cloudWatchLogsLogGroup": { "logGroupArn": GROUP } }],
        },
    });
    let made = call(server, "CreateStateMachine", body).await;
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

/// Starts an execution, and answers its ARN once it has ended.
async fn run(server: &Running, machine: &str) -> String {
    let body = json!({ "stateMachineArn": machine, "input": "{\"n\": 1}" });
    let started = call(server, "StartExecution", body).await;
    let arn = started["executionArn"].as_str().unwrap().to_owned();
    loop {
        let told = call(server, "DescribeExecution", json!({ "executionArn": arn })).await;
        if told["status"] != "RUNNING" {
            return arn;
        }
    }
}

async fn get(server: &Running, path: &str, authorization: Option<&str>) -> (u16, String) {
    let mut request = Request::get(format!("{}{path}", server.url)).header("host", "localhost");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let request = request.body(String::new()).unwrap();
    let answer = Connection::open(&server.url).await.send(request).await;
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    (answer.status().as_u16(), body)
}

#[tokio::test]
async fn executions_are_logged_as_aws_logs_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &["--execution-log", "log.jsonl"]);
    let pass = json!({ "A": { "Type": "Pass", "End": true } });
    let fail = json!({ "A": { "Type": "Fail", "Error": "E" } });
    let all = machine(&server, "all", "ALL", pass.clone()).await;
    let all = run(&server, &all).await;
    for (name, level, states) in [("off", "OFF", pass), ("fatal", "FATAL", fail)] {
        let arn = machine(&server, name, level, states).await;
        run(&server, &arn).await;
    }
    server.signal("TERM");
    assert!(server.end().success());
    let log = fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let types: Vec<&str> = lines
        .iter()
        .map(|line| line["type"].as_str().unwrap())
        .collect();
    let passed = [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ];
    assert_eq!(types, [&passed[..], &["ExecutionFailed"]].concat());
    let (mut entered, at) = (lines[1].clone(), &lines[0]["event_timestamp"]);
    assert!(at.as_str().unwrap().parse::<u64>().is_ok());
    entered["event_timestamp"].take();
    let data =
        json!({ "input": "{\"n\": 1}", "inputDetails": { "truncated": false }, "name": "A" });
    let expected = json!({
        "id": "2", "type": "PassStateEntered", "details": data, "previous_event_id": "0",
        "event_timestamp": null, "execution_arn": all, "redrive_count": "0",
    });
    assert_eq!(entered, expected);
    assert_eq!(lines[4]["details"], json!({ "error": "E" }));
}

#[tokio::test]
async fn metrics_have_awss_names() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let states = json!({ "A": { "Type": "Pass", "End": true } });
    let arn = machine(&server, "m", "OFF", states).await;
    run(&server, &arn).await;
    let (status, text) = get(&server, "/metrics", None).await;
    assert_eq!(status, 200);
    for line in [
        format!("ExecutionsStarted_total{{StateMachineArn=\"{arn}\"}} 1"),
        format!("ExecutionsSucceeded_total{{StateMachineArn=\"{arn}\"}} 1"),
        "OpenExecutionCount 0".to_owned(),
        "stepwell_requests_total{operation=\"StartExecution\",status=\"200\"} 1".to_owned(),
    ] {
        assert!(text.lines().any(|told| told == line), "no {line} in {text}");
    }
    assert_eq!(
        get(&server, "/health", None).await,
        (200, "ok\n".to_owned())
    );
}

#[tokio::test]
async fn with_keys_metrics_want_one() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "a/secret/of/more/than/24/letters";
    let text = format!(
        "[[keys]]\naccess-key-id = \"AKID\"\nsecret-access-key = \"{secret}\"\nrole = \"read-only\""
    );
    crate::serve::access::write_secret(&folder.path().join("keys.toml"), &text);
    let server = Running::start(&folder, &["--keys", "keys.toml"]);
    let basic = |secret: &str| format!("Basic {}", STANDARD.encode(format!("AKID:{secret}")));
    for (authorization, status) in [
        (None, 401),
        (Some("Basic nonsense".to_owned()), 401),
        (Some(basic("another")), 401),
        (Some(basic(secret)), 200),
    ] {
        assert_eq!(
            get(&server, "/metrics", authorization.as_deref()).await.0,
            status
        );
    }
    assert_eq!(get(&server, "/health", None).await.0, 200);
}

#[tokio::test]
async fn a_stopped_server_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let states = json!({ "A": { "Type": "Wait", "Seconds": 86400, "End": true } });
    let arn = machine(&server, "m", "OFF", states).await;
    call(
        &server,
        "StartExecution",
        json!({ "stateMachineArn": arn, "name": "e" }),
    )
    .await;
    let told = refused(&folder, &[]);
    assert!(told.contains("in use by another process"), "{told}");
    server.signal("TERM");
    server.line("stopped; everything is kept");
    assert!(server.end().success());

    let server = Running::start(&folder, &[]);
    let execution = arn.replace(":stateMachine:", ":execution:") + ":e";
    let told = call(
        &server,
        "DescribeExecution",
        json!({ "executionArn": execution }),
    )
    .await;
    assert_eq!(told["status"], "RUNNING");
}

/// Begins a request whose body does not come.
async fn hang(server: &Running) -> TcpStream {
    let address = server.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    // The server says so when it waits for the body.
    let mut answer = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut answer)
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stream
}

#[tokio::test]
async fn a_shutdown_waits_as_long_as_it_is_told_and_no_longer_than_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &["--shutdown-seconds", "0"]);
    let hanging = hang(&server).await;
    server.signal("TERM");
    server.line("stopped; everything is kept");
    assert!(server.end().success());
    drop(hanging);

    let server = Running::start(&folder, &["--shutdown-seconds", "3600"]);
    let hanging = hang(&server).await;
    server.signal("INT");
    server.line("ask once more to stop at once");
    server.signal("INT");
    assert_eq!(server.end().code(), Some(130));
    drop(hanging);
}
