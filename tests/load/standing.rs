//! What does a server cost that stands: its start, its memory, and with executions that wait
//! their memory, their disk and the time to take them up after a kill?
//!
//! `cargo bench -p load --bench standing [-- EXECUTIONS]`: 100,000 unless said. They are started
//! over HTTP and wait for a year; then the server is killed with SIGKILL and started again.
//! Sketch: what waits is parked, and costs a name and a moment, some 300 bytes; a row is read and
//! folded in some 5 µs, so 100,000 are taken up in half a second.
#![allow(clippy::unwrap_used)]

mod served;

use std::path::Path;
use std::time::{Duration, Instant};

use bench::{Figure, INPUT, Target};
use serde_json::{Value, json};

use served::{Client, Enough, MACHINE, Served, load};

const WAITS: &str = r#"{
    "StartAt": "Pass",
    "States": {
        "Pass": { "Type": "Pass", "Result": "approval pending", "ResultPath": "$.note", "Next": "Wait" },
        "Wait": { "Type": "Wait", "Seconds": 31536000, "Next": "Done" },
        "Done": { "Type": "Succeed" }
    }
}"#;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// How often it is started: the middle one of so many is told.
const STARTS: usize = 9;

fn main() {
    let executions = std::env::args().find_map(|argument| argument.parse().ok());
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(measure(executions.unwrap_or(100_000)));
}

fn figure(name: impl Into<String>, value: f64, unit: &str) -> Figure {
    Figure::new("standing", name, value, unit)
}

fn start(number: u64) -> Value {
    json!({ "stateMachineArn": format!("{MACHINE}waits"), "input": INPUT,
            "name": format!("order-{number:07}") })
}

async fn measure(executions: u64) {
    let data = tempfile::tempdir().unwrap();
    let mut took: Vec<Duration> = (0..STARTS)
        .map(|_| Served::stepwell(data.path()).took)
        .collect();
    took.sort_unstable();
    figure(
        "start-up, nothing kept",
        milliseconds(took[STARTS / 2]),
        "ms",
    )
    .should_be(Target::AtMost(100.0))
    .print();

    let server = Served::stepwell(data.path());
    let idle = settled(&server).await;
    figure("memory, idle", idle / MEBIBYTE, "MiB")
        .should_be(Target::AtMost(40.0))
        .print();
    server.create("waits", "STANDARD", WAITS).await;
    let started = load(
        &server.address,
        64,
        Enough::Calls(executions),
        "StartExecution",
        start,
    );
    let started = started.await;
    let name = format!("StartExecution of {executions} that wait");
    figure(name, started.per_second(), "calls/s").print();
    let each = |bytes: f64| bytes / executions as f64;
    let waiting = settled(&server).await;
    figure("memory of one that waits", each(waiting - idle), "bytes")
        .should_be(Target::AtMost(1024.0))
        .print();
    figure(
        "disk of one that waits",
        each(disk_bytes(data.path())),
        "bytes",
    )
    .print();
    drop(server);

    let began = Instant::now();
    let server = Served::stepwell(data.path());
    let last = executions - 1;
    let arn = format!("{MACHINE}waits:order-{last:07}").replace(":stateMachine:", ":execution:");
    let asked = json!({ "executionArn": arn }).to_string();
    let mut client = Client::new(&server.address);
    let told = client.call("DescribeExecution", asked).await;
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["status"], "RUNNING");
    let name = format!("kill -9, then start-up with {executions}");
    figure(&name, milliseconds(server.took), "ms").print();
    let name = format!("{name}, until one is described");
    figure(name, milliseconds(began.elapsed()), "ms").print();
    // A million is what there is a target for; what it takes grows with their number.
    let a_million = began.elapsed().as_secs_f64() * 1e6 / executions as f64;
    figure("the same, for a million", a_million, "s")
        .should_be(Target::AtMost(10.0))
        .print();
    let worked = server.processor_seconds() * 1e6 / executions as f64;
    figure("processor time of the same", worked, "s").print();
    let recovered = settled(&server).await;
    figure(
        "memory of one that was taken up",
        each(recovered - idle),
        "bytes",
    )
    .should_be(Target::AtMost(1024.0))
    .print();
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A server's memory once it has stopped to change, in bytes.
async fn settled(server: &Served) -> f64 {
    const LOOKS_MAX: usize = 30;
    let mut before = server.memory_bytes();
    for _ in 0..LOOKS_MAX {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = server.memory_bytes();
        if now.abs_diff(before) < 64 * 1024 {
            return now as f64;
        }
        before = now;
    }
    before as f64
}

fn disk_bytes(folder: &Path) -> f64 {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    let sizes = files.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => disk_bytes(&entry.path()),
        Ok(metadata) => metadata.len() as f64,
        Err(_) => 0.0,
    });
    sizes.sum()
}
