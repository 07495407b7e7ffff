//! How many executions does a server start a second, over HTTP, and how long does a call take?
//!
//! `cargo bench -p load --bench http [-- SECONDS]`. Pass → Choice → Succeed, by StartExecution
//! (Standard: durable before it is answered) and StartSyncExecution (Express). The limit beside is
//! a server of the same HTTP library that answers each call with the same text. In the same run
//! moto, the emulator that most people use, if `STEPWELL_MOTO` names a Python environment that has
//! it (`cargo xtask bench` makes one); it knows no StartSyncExecution. Client and server share
//! the machine's cores. Sketch: the limit is some 40,000/s on two cores, of which the client
//! takes half; a start adds the parsing of a request, a step and a shared commit.
#![allow(clippy::unwrap_used)]

mod served;

use std::convert::Infallible;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bench::{Figure, INPUT, THREE_STATES, Target};
use http_body_util::{BodyExt, Full};
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use served::{Enough, Load, MACHINE, Served, load};

const CONNECTIONS: usize = 64;

/// Tells a process that it is the limit.
const CONSTANT: &str = "SERVER_BENCH_CONSTANT";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if std::env::var_os(CONSTANT).is_some() {
        return runtime.block_on(answer_the_same());
    }
    let seconds = std::env::args().find_map(|argument| argument.parse().ok());
    runtime.block_on(compare(Duration::from_secs(seconds.unwrap_or(5))));
}

/// Names given so far, across all loads.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// How many executions are described in turn: the last ones started.
const DESCRIBED: u64 = 1_000;

/// A start with a name of its own, across all loads: moto gives none by itself.
fn start(_: u64) -> Value {
    let name = STARTED.fetch_add(1, Ordering::Relaxed).to_string();
    json!({ "stateMachineArn": format!("{MACHINE}standard"), "name": name, "input": INPUT })
}

fn start_sync(_: u64) -> Value {
    json!({ "stateMachineArn": format!("{MACHINE}express"), "input": INPUT })
}

fn describe(number: u64) -> Value {
    let name = STARTED.load(Ordering::Relaxed) - 1 - number % DESCRIBED;
    let execution = MACHINE.replace(":stateMachine:", ":execution:");
    json!({ "executionArn": format!("{execution}standard:{name}") })
}

/// A call that is measured.
#[derive(Clone, Copy)]
struct Call {
    operation: &'static str,
    body: fn(u64) -> Value,
}

const START: Call = Call {
    operation: "StartExecution",
    body: start,
};

const START_SYNC: Call = Call {
    operation: "StartSyncExecution",
    body: start_sync,
};

const DESCRIBE: Call = Call {
    operation: "DescribeExecution",
    body: describe,
};

async fn compare(time: Duration) {
    let mut constant = Command::new(std::env::current_exe().unwrap());
    let constant = Served::start(constant.env(CONSTANT, "1"));
    let name = "a server that answers the same";
    let limit = measure(&constant, name, CONNECTIONS, START, time).await;
    drop(constant);

    let data = tempfile::tempdir().unwrap();
    let stepwell = Served::stepwell(data.path());
    stepwell.create("standard", "STANDARD", THREE_STATES).await;
    stepwell.create("express", "EXPRESS", THREE_STATES).await;
    let standard = measure(&stepwell, "stepwell", CONNECTIONS, START, time).await;
    stepwell.at_rest().await;
    let described = measure(&stepwell, "stepwell", CONNECTIONS, DESCRIBE, time).await;
    let express = measure(&stepwell, "stepwell", CONNECTIONS, START_SYNC, time).await;
    measure(&stepwell, "stepwell", 1, START_SYNC, time).await;
    drop(stepwell);
    let rate = |operation, measured: &Measured| {
        let rate = measured.load.per_second();
        Figure::new("http", operation, rate, "calls/s").beside(name, limit.load.per_second())
    };
    rate("StartExecution", &standard)
        .should_be(Target::AtLeast(10_000.0))
        .print();
    rate("StartSyncExecution", &express).print();
    Figure::new("http", "DescribeExecution: work", described.work, "µs/call")
        .beside(name, limit.work)
        .ratio_should_be(Target::AtMost(1.5))
        .print();

    match std::env::var_os("STEPWELL_MOTO") {
        Some(environment) => beside_moto(Path::new(&environment), time, &standard).await,
        None => println!("SKIPPED: moto: set STEPWELL_MOTO (cargo xtask bench does)"),
    }
}

/// What a call was found to cost.
struct Measured {
    load: Load,
    /// The server's processor time, in microseconds a call.
    work: f64,
}

/// Loads a server with a call, and prints how often it was answered, how fast, and for how much
/// of the server's work.
async fn measure(
    server: &Served,
    name: &str,
    connections: usize,
    call: Call,
    time: Duration,
) -> Measured {
    let Call { operation, body } = call;
    let before = server.processor_seconds();
    let enough = Enough::After(time);
    let load = load(&server.address, connections, enough, operation, body).await;
    let worked = server.processor_seconds() - before;
    let figure = |what: &str, value, unit| {
        let name = format!("{name}: {operation}, {connections} at once{what}");
        Figure::new("http", name, value, unit).print();
    };
    figure("", load.per_second(), "calls/s");
    figure(": p50", load.milliseconds(0.5), "ms");
    figure(": p99", load.milliseconds(0.99), "ms");
    let work = worked * 1e6 / load.calls();
    figure(": work", work, "µs/call");
    Measured { load, work }
}

/// The same starts by moto, told to run executions and not only to note them; by one client
/// and by a few, since one process of Python serves few better than many.
async fn beside_moto(environment: &Path, time: Duration, ours: &Measured) {
    let server: PathBuf = environment.join("bin/moto_server");
    let moto = Served::start(Command::new(server).args(["-H", "127.0.0.1", "-p", "0"]));
    run_executions(&moto.address).await;
    moto.create("standard", "STANDARD", THREE_STATES).await;
    for connections in [1, 8] {
        let theirs = measure(&moto, "moto", connections, START, time).await;
        let name = format!("StartExecution, as often as moto with {connections} at once");
        let times = ours.load.per_second() / theirs.load.per_second();
        Figure::new("http", name, times, "times").print();
    }
}

async fn run_executions(address: &str) {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let body = r#"{"stepfunctions": {"execute_state_machine": true}}"#;
    let request = format!(
        "POST /moto-api/config HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut answer = Vec::new();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes())
        .await
        .unwrap();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)
        .await
        .unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 2"), "moto takes no setting");
}

/// The limit: reads each request whole, and answers it with the same text.
async fn answer_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    eprintln!("http://{};", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = service_fn(async |request: hyper::Request<Incoming>| {
            request.into_body().collect().await.unwrap();
            let arn = MACHINE.replace(":stateMachine:", ":execution:");
            let id = "6d9ac1b2-58a6-4a3f-9d0d-6c2f6e0d8b7e";
            let text =
                format!(r#"{{"executionArn":"{arn}standard:{id}","startDate":1795859128.728}}"#);
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(text))))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
