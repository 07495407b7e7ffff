//! What do waiting executions cost: memory while they wait, time to recover after a kill?
//!
//! `cargo bench -p engine --bench waiting [-- EXECUTIONS]`. Half wait in a Wait state and have
//! one row; half wait for a retry and have two. The process that started them is killed in
//! effect: it never closes its journal. Recovery is measured in a process of its own, whose
//! memory nothing else has used. Limits: 1 KiB each, a million in 10 s. Sketch: a row is read
//! in half a microsecond and folded in five, so a million take some 4 s on two cores.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use asl::Payload;
use asl::arn::Place;
use asl::interpreter::{Identity, Kind};
use bench::{Figure, INPUT, Target, memory_bytes, memory_bytes_peak, processor_seconds};
use engine::{Definition, Engine, Parts, StartRequest, StartedAs};
use host::scripted::ScriptedHost;
use journal::SqliteJournal;
use journal::sqlite::Options;

const WAITS: &str = r#"{
    "StartAt": "Pass",
    "States": {
        "Pass": { "Type": "Pass", "Result": "approval pending", "ResultPath": "$.note", "Next": "Wait" },
        "Wait": { "Type": "Wait", "Seconds": 31536000, "Next": "Done" },
        "Done": { "Type": "Succeed" }
    }
}"#;

/// Nothing of this name is deployed, so each attempt fails, and waits for the next.
const RETRIES: &str = r#"{
    "StartAt": "Task",
    "States": {
        "Task": {
            "Type": "Task", "Resource": "wasm:nobody", "End": true,
            "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 31536000 }]
        }
    }
}"#;

/// How many are started at once.
const STARTERS: usize = 1024;

/// Tells the child which directory to recover.
const RECOVER: &str = "ENGINE_BENCH_RECOVER";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    if let Some(dir) = std::env::var_os(RECOVER) {
        return runtime.block_on(async { recover(Path::new(&dir)) });
    }
    let count = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(100_000);
    let dir = tempfile::tempdir().unwrap();
    runtime.block_on(start(dir.path(), count));
    let this = std::env::current_exe().unwrap();
    let mut child = Command::new(this);
    assert!(child.env(RECOVER, dir.path()).status().unwrap().success());
}

fn engine(dir: &Path) -> Engine {
    let sleep: host::scripted::Sleep = Arc::new(|time| Box::pin(tokio::time::sleep(time)));
    let journal = Arc::new(SqliteJournal::open(dir, Options::default()).unwrap());
    let host = Arc::new(ScriptedHost::new(sleep, |_| None));
    Engine::new(Parts::new(journal, host, Arc::new(HashMap::new())))
}

async fn start(dir: &Path, count: usize) {
    let engine = Arc::new(engine(dir));
    let definitions = [WAITS, RETRIES].map(|text| Definition::parse(text).unwrap());
    let (before, began) = (memory_bytes(), Instant::now());
    let starters = (0..STARTERS).map(|starter| {
        let (engine, definitions) = (Arc::clone(&engine), definitions.clone());
        tokio::spawn(async move {
            for number in (starter..count).step_by(STARTERS) {
                let request = StartRequest {
                    identity: identity(number),
                    definition: definitions[number / STARTERS % 2].clone(),
                    input: Payload::from_text(INPUT).unwrap(),
                    started_as: StartedAs::default(),
                };
                engine.start(request).await.unwrap();
            }
        })
    });
    for starter in starters.collect::<Vec<_>>() {
        starter.await.unwrap();
    }
    let seconds = began.elapsed().as_secs_f64();
    // What the last of them wait for may still be on its way.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let name = format!("{count} started, half wait, half retry");
    Figure::new("waiting", name, count as f64 / seconds, "executions/s").print();
    let name = format!("{count} that wait: memory each");
    let each = (memory_bytes() - before) as f64 / count as f64;
    Figure::new("waiting", name, each, "bytes").print();
    // Dropped with what it recorded, not closed by its engine.
    drop(engine);
}

fn recover(dir: &Path) {
    let before = memory_bytes();
    let began = Instant::now();
    let engine = engine(dir);
    let journal = memory_bytes();
    let count = engine.recover().unwrap();
    let (seconds, worked) = (began.elapsed().as_secs_f64(), processor_seconds());
    let figure = |what: &str, value: f64, unit| {
        Figure::new("waiting", format!("{count} recovered: {what}"), value, unit)
    };
    // A million is what there is a target for; what it takes grows with their number.
    let a_million = 1e6 / count as f64;
    figure("time, for a million", seconds * a_million, "s")
        .should_be(Target::AtMost(10.0))
        .print();
    figure("processor time, for a million", worked * a_million, "s").print();
    let each = |bytes: u64| (bytes - before) as f64 / count as f64;
    figure("memory each", each(memory_bytes()), "bytes")
        .should_be(Target::AtMost(1024.0))
        .print();
    figure("of it the journal's", each(journal), "bytes").print();
    figure(
        "at most, while recovering",
        each(memory_bytes_peak()),
        "bytes",
    )
    .print();
}

fn identity(number: usize) -> Identity {
    let place = Place::default();
    // As long, and as random, as the names that clients draw.
    let unique = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let name = format!("{unique:016x}-4000-8000-{number:012}");
    Identity {
        execution_arn: place.execution("machine", &name),
        name,
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Standard,
        map_state: None,
    }
}
