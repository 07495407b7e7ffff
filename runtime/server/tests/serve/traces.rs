//! Traces: what a collector is sent.

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

/// A collector: its URL, and what it is sent.
async fn collector() -> (String, mpsc::UnboundedReceiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, spans) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let sender = sender.clone();
            let service = service_fn(move |request: Request<Incoming>| {
                let sender = sender.clone();
                async move {
                    assert_eq!(request.uri().path(), "/v1/traces");
                    let body = request.into_body().collect().await?.to_bytes();
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
                    for span in spans.as_array().unwrap() {
                        let _ = sender.send(span.clone());
                    }
                    Ok::<_, hyper::Error>(Response::new(Full::<Bytes>::default()))
                }
            });
            let http = hyper::server::conn::http1::Builder::new();
            tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
        }
    });
    (url, spans)
}

#[tokio::test]
async fn an_execution_is_a_trace_and_a_state_a_span() {
    let folder = tempfile::tempdir().unwrap();
    let (url, mut spans) = collector().await;
    let server = Running::start(&folder, &["--otlp-endpoint", &url]);
    let definition = json!({ "StartAt": "Both", "States": {
        "Both": { "Type": "Parallel", "Next": "Fails", "Branches": [
            { "StartAt": "Inner", "States": { "Inner": { "Type": "Pass", "End": true } } },
        ]},
        "Fails": { "Type": "Fail", "Error": "E" },
    }});
    let machine = json!({
        "name": "m",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": definition.to_string(),
    });
    let made = send(
        &server.url,
        request(&server.url, "CreateStateMachine", &machine),
    )
    .await;
    let start = json!({ "stateMachineArn": made.body["stateMachineArn"] });
    let mut start = request(&server.url, "StartExecution", &start);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let header = format!("00-{trace}-00f067aa0ba902b7-01");
    start
        .headers_mut()
        .insert("traceparent", header.parse().unwrap());
    assert_eq!(send(&server.url, start).await.status, 200);

    let mut told = Vec::new();
    while told.len() < 4 {
        told.push(spans.recv().await.unwrap());
    }
    let names: Vec<&str> = told
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Inner", "Both", "Fails", "m"]);
    assert!(told.iter().all(|span| span["traceId"] == trace));
    let [inner, both, fails, root] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(root["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(both["parentSpanId"], root["spanId"]);
    assert_eq!(inner["parentSpanId"], both["spanId"]);
    assert_eq!(fails["status"], json!({ "code": 2, "message": "E" }));
    assert_eq!(both["status"], json!({ "code": 1 }));
}
