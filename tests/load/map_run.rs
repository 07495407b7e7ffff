//! What does a Map in DISTRIBUTED mode make of lines a second, and does its memory grow with them?
//!
//! `cargo bench -p load --bench map_run [-- LINES]`: 1,000,000 unless said, and a tenth of them
//! before. Each line is given to an Express child of one pure Wasm Task, 1,000 at once; results
//! are written to a folder; the binary runs as its users run it, with a data directory. Beside
//! it is a loop that calls the same module on each line, one after the other, in one process.
//! Sketch: a call is 30 µs on one of two cores, and the child around it as much again; memory is
//! that of 1,000 children and of what is read ahead.
#![allow(clippy::unwrap_used)]

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use asl::{Payload, Timestamp};
use bench::{Figure, Target};
use host::wasm::WasmHost;
use host::{Attempt, Context, Limits, Module, TaskHost as _};
use serde_json::Value;

#[path = "../../runtime/server/tests/prepared.rs"]
mod prepared;

/// Children at once.
const AT_ONCE: u32 = 1_000;

const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// How often a run is asked what it holds.
const LOOKED_EVERY: Duration = Duration::from_millis(20);

/// Lines that the plain loop is given, at most: more say nothing new.
const LOOP_LINES_MAX: u64 = 100_000;

fn main() {
    let lines = std::env::args().find_map(|argument| argument.parse().ok());
    let lines: u64 = lines.unwrap_or(1_000_000);
    let bare = plain_loop(lines.min(LOOP_LINES_MAX));
    let few = run(lines / 10);
    let many = run(lines);
    figure(lines, "items a second", many.items_a_second, "items/s")
        .beside("the module called on each line, one after the other", bare)
        .print();
    figure(lines, "memory at its most", many.memory / MEBIBYTE, "MiB")
        .beside("the same of a tenth of the lines", few.memory / MEBIBYTE)
        .ratio_should_be(Target::AtMost(1.1))
        .print();
}

fn figure(lines: u64, name: &str, value: f64, unit: &str) -> Figure {
    let name = format!("Distributed Map of {lines} lines, one pure Task an item: {name}");
    Figure::new("map_run", name, value, unit)
}

struct Measured {
    items_a_second: f64,
    memory: f64,
}

fn run(lines: u64) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let definition = prepared::definition("EXPRESS", AT_ONCE);
    prepared::lay(folder, &definition, (0..lines).map(line));
    let began = Instant::now();
    let mut child = start(folder);
    let memory = watch(&mut child);
    let took = began.elapsed().as_secs_f64();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{lines} lines: {}", output.status);
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(written(folder, &result), lines, "lines that were written");
    Measured {
        items_a_second: lines as f64 / took,
        memory,
    }
}

fn line(number: u64) -> String {
    format!(r#"{{"n":{number},"order":"A-{number}","quantity":2}}"#)
}

fn start(folder: &Path) -> Child {
    let bench = std::env::current_exe().unwrap();
    let binary = bench.ancestors().nth(2).unwrap().join("stepwell");
    let why = "cargo build --release -p server makes it";
    assert!(binary.exists(), "no {}: {why}", binary.display());
    prepared::command(&binary, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for the end of a process; answers the most memory that it held, in bytes; 0 where
/// Linux does not tell.
fn watch(child: &mut Child) -> f64 {
    let path = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.map(|line| line.trim().trim_end_matches(" kB").parse::<u64>());
        most = kibibytes.and_then(Result::ok).unwrap_or(0).max(most);
        std::thread::sleep(LOOKED_EVERY);
    }
    most as f64 * 1024.0
}

/// How many lines the files of results have.
fn written(folder: &Path, result: &Value) -> u64 {
    let files = prepared::succeeded(folder, result).into_iter();
    let lines = files.map(|file| BufReader::new(File::open(file).unwrap()).lines().count());
    lines.sum::<usize>() as u64
}

/// Lines a second.
fn plain_loop(lines: u64) -> f64 {
    let host = WasmHost::in_memory().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let digest = host.prepare(prepared::module()).await.unwrap().digest;
        let module = Module::pure(digest, Limits::default());
        let began = Instant::now();
        for number in 0..lines {
            let input = Payload::from_text(line(number)).unwrap();
            let outcome = host.run(attempt(&module, input)).await.unwrap();
            outcome.result.unwrap();
        }
        lines as f64 / began.elapsed().as_secs_f64()
    })
}

fn attempt(module: &Module, input: Payload) -> Attempt {
    Attempt {
        module: module.clone(),
        input,
        context: Context {
            execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".to_owned(),
            state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
            state_name: "Item".to_owned(),
            retry_count: 0,
            idempotency_key: "key".to_owned(),
            started_at: Timestamp(1_700_000_000_000),
            deadline: None,
        },
        on_heartbeat: std::sync::Arc::new(|| ()),
    }
}
