//! How many executions a second, in process, on all cores?
//!
//! `cargo bench -p engine --bench executions [-- SECONDS]`. Pass → Choice → Succeed, and no Task
//! but where one is named: what is measured is the engine and the journal. The limit beside what
//! is in memory is the bare interpreter on as many threads, without an engine; beside what is
//! durable it is a bare file synced after each batch of as many rows. Sketch: a step of three states is 3 to 4 µs, so two cores
//! could give half a million; Standard adds a row of some 900 bytes, a commit shared by all
//! that wait, and two wake-ups.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use asl::arn::Place;
use asl::interpreter::{Event, Execution, Identity, Kind};
use asl::{Payload, Timestamp};
use bench::{Figure, INPUT, THREE_STATES, Target};
use engine::{Definition, Engine, Parts, StartRequest, StartedAs};
use host::scripted::{Answer, Ending, ScriptedHost, digest_of_name};
use host::{Limits, Module};
use journal::sqlite::Options;
use journal::{Journal, MemoryJournal, SqliteJournal};

const ONE_TASK: &str = r#"{
    "StartAt": "Work",
    "States": { "Work": { "Type": "Task", "Resource": "wasm:work", "End": true } }
}"#;

/// What a row of one such execution takes in the journal.
const ROW_BYTES: usize = 900;

fn main() {
    let seconds = std::env::args()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(3);
    let time = Duration::from_secs(seconds);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let cores = std::thread::available_parallelism().unwrap().get();
    let limit = bare_interpreter(cores, time);
    let interpreter = "the bare interpreter on all cores";
    let got = runtime.block_on(express(cores, time));
    figure("Express, in memory", got)
        .beside(interpreter, limit)
        .should_be(Target::AtLeast(250_000.0))
        .print();
    for starters in [64, 1024] {
        let (limit, got) = runtime.block_on(asynchronous(starters, time));
        let name = format!("One Task: Express, started and left, durable, {starters} starters");
        Figure::new("executions", name, got, "executions/s")
            .beside("append and fdatasync of as many rows", limit)
            .print();
    }
    for starters in [64, 1024] {
        let memory = Arc::new(MemoryJournal::default());
        let got = runtime.block_on(standard(memory, starters, time));
        figure(&format!("Standard, in memory, {starters} starters"), got)
            .beside(interpreter, limit)
            .print();
    }
    for starters in [64, 1024] {
        let dir = tempfile::tempdir().unwrap();
        let journal = Arc::new(SqliteJournal::open(dir.path(), Options::default()).unwrap());
        let limit = bare_file(starters, time);
        let got = runtime.block_on(standard(journal, starters, time));
        let figure = figure(&format!("Standard, durable, {starters} starters"), got)
            .beside("append and fdatasync of as many rows", limit);
        match starters {
            1024 => figure.should_be(Target::AtLeast(20_000.0)).print(),
            _ => figure.print(),
        }
    }
}

fn figure(what: &str, got: f64) -> Figure {
    let name = format!("Pass → Choice → Succeed: {what}");
    Figure::new("executions", name, got, "executions/s")
}

fn bare_interpreter(threads: usize, time: Duration) -> f64 {
    let machine = Definition::parse(THREE_STATES).unwrap().machine;
    let done = AtomicU64::new(0);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let identity = Arc::new(identity("limit".into(), Kind::Express));
                while began.elapsed() < time {
                    let input = Payload::from_text(INPUT).unwrap();
                    let mut execution = Execution::new(Arc::clone(&machine), Arc::clone(&identity));
                    execution.step(Event::Start { input }, Timestamp(1), 7);
                    assert!(execution.end().is_some());
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    done.into_inner() as f64 / began.elapsed().as_secs_f64()
}

fn bare_file(batch: usize, time: Duration) -> f64 {
    let dir = tempfile::tempdir().unwrap();
    let mut file = File::create(dir.path().join("bare")).unwrap();
    let rows = vec![7_u8; ROW_BYTES * batch];
    let (began, mut batches) = (Instant::now(), 0);
    while began.elapsed() < time {
        file.write_all(&rows).unwrap();
        file.sync_data().unwrap();
        batches += 1;
    }
    (batches * batch) as f64 / began.elapsed().as_secs_f64()
}

async fn express(workers: usize, time: Duration) -> f64 {
    let definition = Definition::parse(THREE_STATES).unwrap();
    let began = Instant::now();
    let workers = (0..workers).map(|worker| {
        let definition = definition.clone();
        tokio::spawn(async move {
            let mut done = 0_u64;
            while began.elapsed() < time {
                let input = Payload::from_text(INPUT).unwrap();
                let identity = identity(format!("e-{worker}-{done}"), Kind::Express);
                let parts = parts(Arc::new(MemoryJournal::default()));
                engine::run_express(parts, identity, &definition, input).await;
                done += 1;
            }
            done
        })
    });
    let workers: Vec<_> = workers.collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await.unwrap();
    }
    done as f64 / began.elapsed().as_secs_f64()
}

/// Starts that are answered when they are durable, and how many have then ended: beside a bare
/// file synced after each batch of as many rows.
async fn asynchronous(starters: usize, time: Duration) -> (f64, f64) {
    let dir = tempfile::tempdir().unwrap();
    let journal = Arc::new(SqliteJournal::open(dir.path(), Options::default()).unwrap());
    let limit = bare_file(starters, time);
    let engine = Arc::new(Engine::new(parts(journal)));
    let began = Instant::now();
    let done = started(&engine, ONE_TASK, Kind::Express, starters, time).await;
    while engine.running_express() > 0 {
        tokio::task::yield_now().await;
    }
    let rate = done as f64 / began.elapsed().as_secs_f64();
    engine.close().await.unwrap();
    (limit, rate)
}

async fn standard(journal: Arc<dyn Journal>, starters: usize, time: Duration) -> f64 {
    let engine = Arc::new(Engine::new(parts(journal)));
    let began = Instant::now();
    let done = started(&engine, THREE_STATES, Kind::Standard, starters, time).await;
    let rate = done as f64 / began.elapsed().as_secs_f64();
    engine.close().await.unwrap();
    rate
}

/// How many executions so many starters start in this time.
async fn started(
    engine: &Arc<Engine>,
    definition: &str,
    kind: Kind,
    starters: usize,
    time: Duration,
) -> u64 {
    let definition = Definition::parse(definition).unwrap();
    let began = Instant::now();
    let starters = (0..starters).map(|starter| {
        let (engine, definition) = (Arc::clone(engine), definition.clone());
        tokio::spawn(async move {
            let mut done = 0_u64;
            while began.elapsed() < time {
                let request = StartRequest {
                    identity: identity(format!("s-{starter}-{done}"), kind),
                    definition: definition.clone(),
                    input: Payload::from_text(INPUT).unwrap(),
                    started_as: StartedAs::default(),
                };
                engine.start(request).await.unwrap();
                done += 1;
            }
            done
        })
    });
    let starters: Vec<_> = starters.collect();
    let mut done = 0;
    for starter in starters {
        done += starter.await.unwrap();
    }
    done
}

fn parts(journal: Arc<dyn Journal>) -> Parts {
    let sleep: host::scripted::Sleep = Arc::new(|time| Box::pin(tokio::time::sleep(time)));
    let host = Arc::new(ScriptedHost::new(sleep, |attempt| {
        Some(Answer {
            ending: Ending::Output(attempt.input.clone()),
            after: Duration::ZERO,
            heartbeats: 0,
        })
    }));
    let module = Module::pure(digest_of_name("work"), Limits::default());
    let modules = HashMap::from([("work".to_owned(), module)]);
    Parts::new(journal, host, Arc::new(modules))
}

fn identity(name: String, kind: Kind) -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", &name),
        name,
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind,
        map_state: None,
    }
}
