//! Requests that no client of good will sends, over a socket, to every operation: each is
//! answered, as AWS answers it, and never by a fault of ours.
//!
//! What is wrong with a request's fields is tested in process, from AWS's model: tests/api/model.

use std::time::Duration;

use hyper::Request;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::serve::access::{guarded, signed};
use crate::serve::client::request;
use crate::serve::running::Running;

/// How long an answer may take before it counts as a hang: far more than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Instead of a status: the connection was closed.
const CLOSED: u16 = 0;

/// Sends bytes on a connection of its own; answers the status and what follows the head.
/// The server must answer, and close the connection: it is told that nothing follows, or cannot
/// know where the next request begins.
async fn send(server: &Running, bytes: &[u8]) -> (u16, Value) {
    let exchange = async {
        let address = server.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The server may have answered and closed before all is sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        answer
    };
    let answer = tokio::time::timeout(PATIENCE, exchange).await;
    let answer = answer.unwrap_or_else(|_| panic!("no answer to {}", shown(bytes)));
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    (status.unwrap_or(CLOSED), body)
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().take(300).collect()
}

/// A request as it is on the wire.
fn on_the_wire(request: &Request<Vec<u8>>) -> Vec<u8> {
    let target = request.uri().path_and_query().unwrap();
    let mut bytes = format!("{} {target} HTTP/1.1\r\n", request.method()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let length = request.body().len();
    bytes.extend_from_slice(
        format!("connection: close\r\ncontent-length: {length}\r\n\r\n").as_bytes(),
    );
    bytes.extend_from_slice(request.body());
    bytes
}

fn plain(server: &Running, operation: &str, body: &[u8]) -> Vec<u8> {
    let request = request(&server.url, operation, &Value::Null);
    on_the_wire(&request.map(|_| body.to_vec()))
}

/// The exception's name, without a namespace.
fn refusal(answer: &(u16, Value)) -> (u16, &str) {
    (answer.0, answer.1["__type"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn bodies_that_are_no_requests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let deep = "[".repeat(100_000);
    let serialization = "SerializationException";
    let bodies: [(&[u8], (u16, &str)); 5] = [
        (b"\xff\xfe{}", (400, serialization)),
        (b"{\"name\": \"\xc3\x28\"}", (400, serialization)),
        (b"{\"name\": ", (400, serialization)),
        (deep.as_bytes(), (400, serialization)),
        (
            &vec![b' '; api::BODY_BYTES_MAX + 1],
            (413, "RequestEntityTooLargeException"),
        ),
    ];
    for operation in api::OPERATIONS {
        for (body, expected) in &bodies {
            let answer = send(&server, &plain(&server, operation, body)).await;
            assert_eq!(refusal(&answer), *expected, "{operation} {}", shown(body));
        }
        // No body is an empty object, as AWS has it.
        let empty = send(&server, &plain(&server, operation, b"")).await;
        assert_eq!(
            empty,
            send(&server, &plain(&server, operation, b"{}")).await
        );
    }
}

#[tokio::test]
async fn heads_that_are_no_requests_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let with = |line: &str, more: &str| {
        format!("{line}\r\nhost: localhost\r\nconnection: close\r\n{more}\r\n\r\n").into_bytes()
    };
    let target = "x-amz-target: AWSStepFunctions.";
    let unknown = "UnknownOperationException";
    let told = [
        (with("POST / HTTP/1.1", "content-length: 0"), unknown),
        (with("POST / HTTP/1.1", "x-amz-target: "), unknown),
        (with("POST / HTTP/1.1", &format!("{target}NoSuch")), unknown),
        (
            with("POST / HTTP/1.1", "x-amz-target: DynamoDB.ListTables"),
            unknown,
        ),
        (
            with("POST / HTTP/1.1", &format!("{target}\u{1f980}")),
            unknown,
        ),
    ];
    for (bytes, name) in told {
        let answer = send(&server, &bytes).await;
        assert_eq!(refusal(&answer), (404, name), "{}", shown(&bytes));
    }
    let long = "x".repeat(70_000);
    let many: String = (0..101).map(|line| format!("x-{line}: 1\r\n")).collect();
    let list = format!("{target}ListStateMachines\r\n");
    let not_granted = [
        with(
            "GET / HTTP/1.1",
            &format!("{list}content-length: 2\r\n\r\n{{}}"),
        ),
        with("PUT /nowhere/at/all HTTP/1.1", ""),
        with("GET /../../etc/passwd HTTP/1.1", ""),
        with("POST / HTTP/1.1", &format!("x: {long}")),
        with("POST / HTTP/1.1", &many),
        with("POST / HTTP/1.1", &format!("{list}content-length: -1")),
        with(
            "POST / HTTP/1.1",
            &format!("{list}content-length: 1\r\ncontent-length: 2"),
        ),
        with(
            "POST / HTTP/1.1",
            &format!("{list}transfer-encoding: chunked\r\n\r\nzz\r\n"),
        ),
        with("POST / HTTP/9.9", &list),
        with("\u{0}\u{1}\u{2}", ""),
    ];
    for bytes in not_granted {
        let (status, body) = send(&server, &bytes).await;
        let refused = (400..500).contains(&status) || status == 505;
        assert!(refused, "{}: {status} {body}", shown(&bytes));
    }
    let other_protocols: [&[u8]; 2] = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ];
    for bytes in other_protocols {
        let (status, _) = send(&server, bytes).await;
        assert!(
            [CLOSED, 400].contains(&status),
            "{}: {status}",
            shown(bytes)
        );
    }
    // After all of it the server serves.
    let answer = send(&server, &plain(&server, "ListStateMachines", b"{}")).await;
    assert_eq!(answer, (200, json!({ "stateMachines": [] })));
}

#[tokio::test]
async fn no_operation_is_done_for_a_wrong_signature() {
    let (folder, server) = guarded();
    for operation in api::OPERATIONS {
        let right = signed(&server, operation, &json!({ "name": "n" }));
        let mut forged = right.clone();
        let authorization = forged.headers()["authorization"].to_str().unwrap();
        let (rest, last) = authorization.split_at(authorization.len() - 1);
        let other = if last == "0" { "1" } else { "0" };
        let authorization = format!("{rest}{other}").parse().unwrap();
        forged.headers_mut().insert("authorization", authorization);
        let mut changed = right.clone();
        *changed.body_mut() = json!({ "name": "m" }).to_string();
        for wrong in [forged, changed] {
            let bytes = on_the_wire(&wrong.map(String::into_bytes));
            let answer = send(&server, &bytes).await;
            assert_eq!(
                refusal(&answer),
                (400, "InvalidSignatureException"),
                "{operation}"
            );
        }
    }
    let audit = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    assert!(!audit.contains("\"userName\""), "{audit}");
}

#[tokio::test]
async fn a_replay_starts_nothing_anew() {
    let (_folder, server) = guarded();
    let machine = json!({
        "name": "orders",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 9999, "End": true}}}"#,
    });
    let made = signed(&server, "CreateStateMachine", &machine).map(String::into_bytes);
    let made = on_the_wire(&made);
    let (status, first) = send(&server, &made).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(send(&server, &made).await, (200, first.clone()));
    let start = json!({ "stateMachineArn": first["stateMachineArn"], "name": "one" });
    let start = signed(&server, "StartExecution", &start).map(String::into_bytes);
    let start = on_the_wire(&start);
    let (status, first) = send(&server, &start).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(send(&server, &start).await, (200, first));
}
