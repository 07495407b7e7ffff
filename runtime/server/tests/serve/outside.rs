//! What leaves the server for AWS's services, or for what speaks like them: invocations of
//! functions that are not deployed here, and lines of execution logs.

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::serve::client::{request, send};
use crate::serve::running::Running;

/// What the service was sent: the target or path, who signed for what, and the body.
#[derive(Debug)]
struct Sent {
    what: String,
    scope: String,
    body: Value,
}

/// What the service answers: a status, a header, a body.
type Answer = (u16, Option<(&'static str, &'static str)>, String);

/// A service: its URL, and what it is sent.
async fn service(
    answer: impl Fn(&Sent) -> Answer + Send + Sync + 'static,
) -> (String, mpsc::UnboundedReceiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, sent) = mpsc::unbounded_channel();
    let answer = Arc::new(answer);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (sender, answer) = (sender.clone(), Arc::clone(&answer));
            let service = service_fn(move |request: Request<Incoming>| {
                let (sender, answer) = (sender.clone(), Arc::clone(&answer));
                async move {
                    let sent = read(request).await;
                    let (status, header, body) = answer(&sent);
                    let _ = sender.send(sent);
                    let mut response = Response::builder().status(status);
                    if let Some((name, value)) = header {
                        response = response.header(name, value);
                    }
                    Ok::<_, hyper::Error>(response.body(Full::new(Bytes::from(body))).unwrap())
                }
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, sent)
}

async fn read(request: Request<Incoming>) -> Sent {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let signed = header("authorization").unwrap_or_default();
    let scope = signed.split(['/', ',']).skip(2).take(3);
    let scope = scope.collect::<Vec<_>>().join("/");
    let what = header("x-amz-target").unwrap_or_else(|| request.uri().to_string());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Sent {
        what,
        scope,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

/// A server that calls outside as this key, and finds a service there.
fn start(folder: &tempfile::TempDir, arguments: &[&str], service: (&str, &str)) -> Running {
    let key = ("AWS_ACCESS_KEY_ID", "AKID");
    let secret = ("AWS_SECRET_ACCESS_KEY", "secret");
    Running::start_in(folder, arguments, &[key, secret, service])
}

async fn call(server: &Running, operation: &str, body: Value) -> Value {
    let answer = send(&server.url, request(&server.url, operation, &body)).await;
    assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    answer.body
}

/// Runs a definition once, and answers how it is described when it has ended.
async fn run(server: &Running, name: &str, definition: Value, more: Value) -> Value {
    let mut machine = json!({
        "name": name,
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": definition.to_string(),
    });
    for (field, value) in more.as_object().into_iter().flatten() {
        machine[field] = value.clone();
    }
    let made = call(server, "CreateStateMachine", machine).await;
    let start = json!({ "stateMachineArn": made["stateMachineArn"], "input": "{\"n\": 1}" });
    let started = call(server, "StartExecution", start).await;
    let described = json!({ "executionArn": started["executionArn"] });
    loop {
        let told = call(server, "DescribeExecution", described.clone()).await;
        if told["status"] != "RUNNING" {
            return told;
        }
    }
}

fn task(resource: &str, more: Value) -> Value {
    let mut state = json!({ "Type": "Task", "Resource": resource, "End": true });
    for (field, value) in more.as_object().into_iter().flatten() {
        state[field] = value.clone();
    }
    json!({ "StartAt": "Call", "States": { "Call": state } })
}

#[tokio::test]
async fn a_function_that_is_not_deployed_here_is_invoked_where_lambda_is() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut sent) = service(|sent| match sent.what.contains("fails") {
        true => {
            let raised = r#"{"errorMessage": "no", "errorType": "E.Raised"}"#;
            (
                200,
                Some(("x-amz-function-error", "Unhandled")),
                raised.into(),
            )
        }
        false => (
            200,
            Some(("x-amz-executed-version", "7")),
            json!({ "got": sent.body }).to_string(),
        ),
    })
    .await;
    let server = start(&folder, &[], ("AWS_ENDPOINT_URL_LAMBDA", &url));

    let arn = "arn:aws:lambda:eu-west-1:123456789012:function:far";
    let told = run(&server, "raw", task(arn, json!({})), json!({})).await;
    assert_eq!(told["output"], r#"{"got":{"n":1}}"#);
    let first = sent.recv().await.unwrap();
    let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Afar/invocations";
    assert_eq!(first.what, path);
    assert_eq!(first.scope, "eu-west-1/lambda/aws4_request");

    let invoke = json!({
        "Parameters": { "FunctionName": "near", "Payload.$": "$", "Qualifier": "live" },
        "Credentials": { "RoleArn": "arn:aws:iam::123456789012:role/r" },
    });
    let told = run(
        &server,
        "wrapped",
        task("arn:aws:states:::lambda:invoke", invoke),
        json!({}),
    )
    .await;
    let output: Value = serde_json::from_str(told["output"].as_str().unwrap()).unwrap();
    assert_eq!(output["Payload"], json!({ "got": { "n": 1 } }));
    assert_eq!(
        (&output["ExecutedVersion"], &output["StatusCode"]),
        (&json!("7"), &json!(200))
    );
    let second = sent.recv().await.unwrap();
    assert_eq!(
        second.what,
        "/2015-03-31/functions/near/invocations?Qualifier=live"
    );

    let fails = task(
        "arn:aws:lambda:us-east-1:123456789012:function:fails",
        json!({}),
    );
    let told = run(&server, "fails", fails, json!({})).await;
    assert_eq!(
        (&told["status"], &told["error"]),
        (&json!("FAILED"), &json!("E.Raised"))
    );
    // What only this runtime knows is not asked for elsewhere.
    let told = run(&server, "ours", task("wasm:nothing", json!({})), json!({})).await;
    assert_eq!(told["error"], "Lambda.ResourceNotFoundException");
    assert_eq!(sent.recv().await.unwrap().body, json!({ "n": 1 }));
    assert!(sent.is_empty());
}

#[tokio::test]
async fn a_service_that_is_away_fails_the_task_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(&folder, &[], ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"));
    let invoke = json!({ "Parameters": { "FunctionName": "near" } });
    let invoke = task("arn:aws:states:::lambda:invoke", invoke);
    let told = run(&server, "away", invoke, json!({})).await;
    assert_eq!(told["error"], "Lambda.SdkClientException");
    let cause = told["cause"].as_str().unwrap();
    assert!(
        cause.starts_with("Unable to execute HTTP request: "),
        "{cause}"
    );
}

// The service answers while this test waits for the server's end.
#[tokio::test(flavor = "multi_thread")]
async fn executions_are_logged_to_their_log_group() {
    let folder = tempfile::tempdir().unwrap();
    let has_stream = Mutex::new(false);
    let (url, mut sent) = service(move |sent| {
        let mut has_stream = has_stream.lock().unwrap();
        match &*sent.what {
            "Logs_20140328.CreateLogStream" => {
                *has_stream = true;
                (200, None, String::new())
            }
            _ if *has_stream => (200, None, "{}".into()),
            _ => {
                let refusal = json!({ "__type": "ResourceNotFoundException" });
                (400, None, refusal.to_string())
            }
        }
    })
    .await;
    let log = ["--execution-log", "log.jsonl"];
    let server = start(&folder, &log, ("AWS_ENDPOINT_URL_LOGS", &url));
    let group = "arn:aws:logs:eu-west-1:123456789012:log-group:/states/g:*";
    let logged = json!({ "loggingConfiguration": {
        "level": "ALL",
        "includeExecutionData": true,
        "destinations": [{ "cloudWatchLogsLogGroup": { "logGroupArn": group } }],
    }});
    let pass = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } });
    run(&server, "logged", pass, logged).await;
    server.signal("TERM");
    assert!(server.end().success());

    let file = std::fs::read_to_string(folder.path().join("log.jsonl")).unwrap();
    let (mut operations, mut messages) = (Vec::new(), Vec::new());
    while let Ok(one) = sent.try_recv() {
        assert_eq!(one.scope, "eu-west-1/logs/aws4_request");
        assert_eq!(one.body["logGroupName"], "/states/g");
        let stream = one.body["logStreamName"].as_str().unwrap();
        assert!(stream.starts_with("states/stepwell/20"), "{stream}");
        let events = one.body["logEvents"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if operations
            .last()
            .is_some_and(|last: &String| last.ends_with("CreateLogStream"))
        {
            // What was refused before is sent again.
            messages.clear();
        }
        messages.extend(
            events
                .iter()
                .map(|event| event["message"].as_str().unwrap().to_owned()),
        );
        operations.push(one.what);
    }
    assert_eq!(
        operations[..2],
        [
            "Logs_20140328.PutLogEvents",
            "Logs_20140328.CreateLogStream"
        ]
    );
    assert_eq!(messages, file.lines().collect::<Vec<_>>());
    assert_eq!(messages.len(), 4);
}
