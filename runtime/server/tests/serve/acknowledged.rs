//! A server that is killed while clients start executions: what was acknowledged ends, once.
//!
//! 600 executions, or as many as `STEPWELL_STARTS` says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use crate::serve::client::{Answer, Connection, request};
use crate::serve::running::Running;

/// How many start at once, each on a connection of its own.
const STARTERS: usize = 64;

const KILLS: usize = 3;

/// How long all may take to end before the test fails: far more than they take.
const PATIENCE: Duration = Duration::from_secs(900);

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

/// Work, a wait, work again: at each instant some are in the midst of each.
const DEFINITION: &str = r#"{
    "StartAt": "Note",
    "States": {
        "Note": { "Type": "Pass", "Result": "noted", "ResultPath": "$.note", "Next": "Charge" },
        "Charge": { "Type": "Task", "Resource": "wasm:echo", "ResultPath": "$.charged",
                    "Next": "Breath" },
        "Breath": { "Type": "Wait", "Seconds": 1, "Next": "Send" },
        "Send": { "Type": "Task", "Resource": "wasm:echo", "End": true }
    }
}"#;

const ECHO: &str = include_str!("../guests/echo.wat");

/// What a starter and the one who kills share.
struct Work {
    /// The next execution's number.
    next: AtomicUsize,
    starts: usize,
    /// Where the server listens since it was last started.
    url: watch::Receiver<String>,
    /// How often a connection broke.
    broken: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_ends_once() {
    let starts = std::env::var("STEPWELL_STARTS").ok();
    let starts: usize = starts.map_or(600, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    deploy(&folder);
    let mut server = Running::start(&folder, &[]);
    let machine = json!({ "name": "orders", "definition": DEFINITION,
                          "roleArn": "arn:aws:iam::123456789012:role/r" });
    call(&server.url, "CreateStateMachine", machine).await;

    let (told, url) = watch::channel(server.url.clone());
    let work = Arc::new(Work {
        next: AtomicUsize::new(0),
        starts,
        url,
        broken: AtomicUsize::new(0),
    });
    let (acknowledge, mut acknowledged) = mpsc::unbounded_channel();
    let began = Instant::now();
    for _ in 0..STARTERS {
        tokio::spawn(start_some(Arc::clone(&work), acknowledge.clone()));
    }
    drop(acknowledge);
    let (mut count, mut killed) = (0, 0);
    while acknowledged.recv().await.is_some() {
        count += 1;
        if killed < KILLS && count >= (killed + 1) * starts / (KILLS + 1) {
            server.signal("KILL");
            assert_eq!(server.end().code(), None);
            server = Running::start(&folder, &[]);
            told.send_replace(server.url.clone());
            killed += 1;
        }
    }
    assert_eq!((count, killed), (starts, KILLS));
    let started = began.elapsed().as_secs_f64();
    all_have_ended(&server.url).await;
    let ended = began.elapsed().as_secs_f64();
    println!(
        "{starts} started in {started:.1} s by {STARTERS} connections, {killed} kills, {} broken \
         requests sent again; all ended after {ended:.1} s",
        work.broken.load(Ordering::Relaxed)
    );
    let names: BTreeSet<String> = (0..starts).map(name).collect();
    assert_eq!(listed(&server.url).await, names);
    let checkers = (0..STARTERS).map(|checker| {
        let url = server.url.clone();
        tokio::spawn(async move {
            let mut connection = Connection::open(&url).await;
            for number in (checker..starts).step_by(STARTERS) {
                check(&mut connection, &url, number).await;
            }
        })
    });
    for checker in checkers.collect::<Vec<_>>() {
        checker.await.unwrap();
    }
}

/// Deploys a module that answers what it is given, as `echo`.
fn deploy(folder: &TempDir) {
    let module = folder.path().join("echo.wasm");
    std::fs::write(module, wat::parse_str(ECHO).unwrap()).unwrap();
    let arguments = ["task", "deploy", "echo", "echo.wasm", "--data-dir", "data"];
    let deployed = Command::new(env!("CARGO_BIN_EXE_stepwell"))
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(deployed.status.success(), "{deployed:?}");
}

fn name(number: usize) -> String {
    format!("order-{number:05}")
}

fn input(number: usize) -> Value {
    json!({ "order": number })
}

/// Starts one execution after another, until all are started. A request without an answer is
/// sent again, as every SDK does: to the server that runs then.
async fn start_some(work: Arc<Work>, acknowledge: mpsc::UnboundedSender<()>) {
    let mut url = work.url.clone();
    loop {
        let number = work.next.fetch_add(1, Ordering::Relaxed);
        if number >= work.starts {
            return;
        }
        let mut connection = None;
        loop {
            let here = url.borrow_and_update().clone();
            if connection.is_none() {
                connection = Connection::try_open(&here).await;
            }
            if let Some(answer) = start(connection.as_mut(), &here, number).await {
                // It may have been started by a request whose answer was lost, and have ended.
                let is_there = answer.refusal() == (400, "ExecutionAlreadyExists");
                assert!(answer.status == 200 || is_there, "{answer:?}");
                acknowledge.send(()).unwrap();
                break;
            }
            work.broken.fetch_add(1, Ordering::Relaxed);
            connection = None;
            let restarted = tokio::time::timeout(PATIENCE, url.changed());
            restarted.await.expect("broken, but not by a kill").unwrap();
        }
    }
}

async fn start(connection: Option<&mut Connection>, url: &str, number: usize) -> Option<Answer> {
    let body = json!({ "stateMachineArn": MACHINE, "name": name(number),
                       "input": input(number).to_string() });
    let answer = connection?.try_send(request(url, "StartExecution", &body));
    Some(answer.await.ok()?.into())
}

async fn call(url: &str, operation: &str, body: Value) -> Value {
    call_on(&mut Connection::open(url).await, url, operation, body).await
}

async fn call_on(connection: &mut Connection, url: &str, operation: &str, body: Value) -> Value {
    let answer: Answer = connection.send(request(url, operation, &body)).await.into();
    assert_eq!(answer.status, 200, "{operation} {body}: {answer:?}");
    answer.body
}

async fn all_have_ended(url: &str) {
    let deadline = Instant::now() + PATIENCE;
    let mut connection = Connection::open(url).await;
    let running = json!({ "stateMachineArn": MACHINE, "statusFilter": "RUNNING", "maxResults": 1 });
    loop {
        // A connection answers so many requests and no more.
        if !connection.is_kept().await {
            connection = Connection::open(url).await;
        }
        let told = call_on(&mut connection, url, "ListExecutions", running.clone()).await;
        if told["executions"] == json!([]) {
            return;
        }
        assert!(Instant::now() < deadline, "some never end: {told}");
    }
}

/// The names of all that have succeeded; none is listed twice.
async fn listed(url: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut asked = json!({ "stateMachineArn": MACHINE, "maxResults": 1000 });
    loop {
        let told = call(url, "ListExecutions", asked.clone()).await;
        for execution in told["executions"].as_array().unwrap() {
            assert_eq!(execution["status"], "SUCCEEDED", "{execution}");
            let name = execution["name"].as_str().unwrap().to_owned();
            assert!(names.insert(name), "listed twice: {execution}");
        }
        match &told["nextToken"] {
            Value::Null => return names,
            token => asked["nextToken"] = token.clone(),
        }
    }
}

/// An execution's answer is its own, and its history one story with one end.
async fn check(connection: &mut Connection, url: &str, number: usize) {
    let arn = MACHINE.replace(":stateMachine:", ":execution:") + ":" + &name(number);
    let asked = json!({ "executionArn": arn });
    let told = call_on(connection, url, "DescribeExecution", asked.clone()).await;
    assert_eq!(told["status"], "SUCCEEDED", "{told}");
    let output: Value = serde_json::from_str(told["output"].as_str().unwrap()).unwrap();
    assert_eq!(output["order"], number, "{told}");

    let told = call_on(connection, url, "GetExecutionHistory", asked).await;
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let events = told["events"].as_array().unwrap();
    for (place, event) in events.iter().enumerate() {
        assert_eq!(event["id"], place + 1, "{arn}: ids are dense");
        *kinds.entry(event["type"].as_str().unwrap()).or_default() += 1;
    }
    let expected = BTreeMap::from([
        ("ExecutionStarted", 1),
        ("ExecutionSucceeded", 1),
        ("LambdaFunctionScheduled", 2),
        ("LambdaFunctionStarted", 2),
        ("LambdaFunctionSucceeded", 2),
        ("PassStateEntered", 1),
        ("PassStateExited", 1),
        ("TaskStateEntered", 2),
        ("TaskStateExited", 2),
        ("WaitStateEntered", 1),
        ("WaitStateExited", 1),
    ]);
    assert_eq!(kinds, expected, "{arn}");
}
