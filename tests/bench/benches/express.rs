//! What does an Express execution of one pure Task cost, beside the bare call of its module?
//!
//! `cargo bench --workspace --bench express`. Bare is an instance and a call by wasmtime, without
//! limits that can interrupt it, without checks and without an execution around it. On one core
//! in turns, so that a noisy machine is noisy to both; then on all cores. For the smallest guest
//! there is, whose call shows what we add, and for a Task of the examples, as people write them.
//! Sketch: a step of one Task is some 3 µs, the sandbox adds 2.5 µs to a call of 3 or of 20.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "benches of the host use the rest")]
#[path = "../../../runtime/host/benches/shared/bare.rs"]
mod bare;
#[allow(dead_code, reason = "benches of the host use the rest")]
#[path = "../../../runtime/host/benches/shared/guest.rs"]
mod guest;

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Payload;
use asl::arn::Place;
use asl::interpreter::{End, Identity, Kind};
use bare::Bare;
use bench::{Figure, Target};
use engine::{Definition, Engine, Parts, StartRequest, StartedAs};
use host::wasm::WasmHost;
use host::{Limits, Module};
use journal::MemoryJournal;
use tokio::runtime::Runtime;

const ONE_TASK: &str = r#"{
    "StartAt": "Work",
    "States": { "Work": { "Type": "Task", "Resource": "wasm:work", "End": true } }
}"#;

/// Rounds, and executions within each: some seconds in all.
const ROUNDS: usize = 15;
const EXECUTIONS: u32 = 2_000;
/// How long all cores work.
const TIME: Duration = Duration::from_secs(3);

/// A Task, as wasmtime has it and as an engine has it.
struct Task {
    bare: Bare,
    engine: Engine,
    definition: Definition,
    text: String,
}

impl Task {
    async fn new(guest: Vec<u8>, text: String) -> Self {
        let bare = Bare::new(&guest).unwrap();
        let host = WasmHost::in_memory().unwrap();
        let digest = host.prepare(guest).await.unwrap().digest;
        let module = Module::pure(digest, Limits::default());
        let modules = HashMap::from([("work".to_owned(), module)]);
        let journal = Arc::new(MemoryJournal::default());
        Self {
            bare,
            engine: Engine::new(Parts::new(journal, Arc::new(host), Arc::new(modules))),
            definition: Definition::parse(ONE_TASK).unwrap(),
            text,
        }
    }

    fn call(&self) {
        black_box(self.bare.call(&self.text).unwrap());
    }

    async fn execute(&self) {
        let request = StartRequest {
            identity: identity(),
            definition: self.definition.clone(),
            input: Payload::from_text(self.text.clone()).unwrap(),
            started_as: StartedAs::default(),
        };
        let ended = self.engine.run_express(request).await;
        assert!(matches!(ended.end, End::Succeeded(_)), "{:?}", ended.end);
    }
}

fn identity() -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", "name"),
        name: "name".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Express,
        map_state: None,
    }
}

/// What one costs on one core, in microseconds: bare, and as an execution.
fn one_core(task: &Task) -> (f64, f64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        (0..EXECUTIONS).for_each(|_| task.call());
        bare.push(began.elapsed());
        let began = Instant::now();
        runtime.block_on(async {
            for _ in 0..EXECUTIONS {
                task.execute().await;
            }
        });
        ours.push(began.elapsed());
    }
    (microseconds(bare), microseconds(ours))
}

/// The median, which a busy neighbour moves least.
fn microseconds(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(EXECUTIONS)
}

/// How many a second on all cores: bare, and as executions.
fn all_cores(runtime: &Runtime, task: &Arc<Task>) -> (f64, f64) {
    let cores = std::thread::available_parallelism().unwrap().get();
    let began = Instant::now();
    let calls = std::thread::scope(|scope| {
        let threads = (0..cores).map(|_| {
            scope.spawn(|| {
                let calls = std::iter::repeat_with(|| task.call());
                calls.take_while(|()| began.elapsed() < TIME).count()
            })
        });
        let threads: Vec<_> = threads.collect();
        let calls = threads.into_iter().map(|thread| thread.join().unwrap());
        calls.sum::<usize>()
    });
    let bare = calls as f64 / began.elapsed().as_secs_f64();
    let began = Instant::now();
    let executions = runtime.block_on(async {
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..cores {
            let task = Arc::clone(task);
            workers.spawn(async move {
                let mut done = 0_usize;
                while began.elapsed() < TIME {
                    task.execute().await;
                    done += 1;
                }
                done
            });
        }
        workers.join_all().await.into_iter().sum::<usize>()
    });
    (bare, executions as f64 / began.elapsed().as_secs_f64())
}

fn measure(what: &str, guest: Vec<u8>, text: String) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let task = Arc::new(runtime.block_on(Task::new(guest, text)));
    let (bare, ours) = one_core(&task);
    Figure::new("express", format!("One pure Task, {what}"), ours, "µs")
        .beside("bare wasmtime", bare)
        .ratio_should_be(Target::AtMost(1.3))
        .print();
    let (bare, ours) = all_cores(&runtime, &task);
    let name = format!("One pure Task, {what}, all cores");
    Figure::new("express", name, ours, "executions/s")
        .beside("bare wasmtime", bare)
        .should_be(Target::AtLeast(50_000.0))
        .print();
}

fn main() {
    let echo = guest::of_tests("task/echo", |text| text);
    measure("the smallest", echo, guest::INPUT.to_owned());
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/order-fulfilment");
    let path = example.join("tasks/validate-order.wasm");
    match std::fs::read(&path) {
        Ok(module) => {
            let input = std::fs::read_to_string(example.join("input.json")).unwrap();
            measure("validate-order", module, input);
        }
        Err(error) => println!("SKIPPED: {}: {error}: cargo xtask guests", path.display()),
    }
}
