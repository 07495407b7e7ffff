//! What does a guest notice of neighbours that want everything?
//!
//! One guest is called again and again, alone, and then beside one that computes for ever, grows,
//! recurses, logs, prints or sleeps, and beside all of these, each begun again when it ends; in
//! turns, so that a noisy machine is noisy to both. Expected: a p99 within twice of the undisturbed one.
//!
//! `cargo bench -p host --features wasm --bench neighbour [-- GUEST.wasm INPUT.json]`

#[path = "shared/guest.rs"]
mod guest;

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Payload;
use bench::{Figure, Target};
use host::wasm::WasmHost;
use host::{Limits, Module, TaskHost as _};
use tokio::task::JoinSet;

/// Turns of each kind, and how long one lasts: half a minute in all, however slow a call is.
const TURNS: usize = 5;
const TURN: Duration = Duration::from_millis(400);
/// Between two calls, as a neighbour that has other things to do.
const PAUSE: Duration = Duration::from_micros(200);

/// Those that want everything.
const HOSTILE: [&str; 7] = [
    "task/loops_for_ever",
    "task/grows_for_ever",
    "task/recurses_for_ever",
    "task/logs_a_flood",
    "task/answers_a_gibibyte",
    "command/prints_for_ever",
    "command/sleeps_for_ever",
];

/// How long each of them may take: it then begins again.
const HOSTILE_TIMEOUT: Duration = Duration::from_secs(1);

async fn prepared(host: &WasmHost, bytes: Vec<u8>, limits: Limits) -> Module {
    let prepared = host.prepare(bytes).await.expect("the guest is accepted");
    Module::pure(prepared.digest, limits)
}

/// How long each call of a turn took.
async fn calls(host: &WasmHost, module: &Module, input: &Payload) -> Vec<Duration> {
    let mut took = Vec::new();
    let turn = Instant::now();
    while turn.elapsed() < TURN {
        tokio::time::sleep(PAUSE).await;
        let begun = Instant::now();
        let outcome = host.run(guest::attempt(module, input)).await;
        outcome
            .expect("the host runs it")
            .result
            .expect("an answer");
        took.push(begun.elapsed());
    }
    took
}

/// The longest of all but one of a hundred, in microseconds.
fn p99(mut took: Vec<Duration>) -> f64 {
    took.sort();
    took[took.len() * 99 / 100].as_secs_f64() * 1e6
}

/// Begins each of them again whenever it ends, however it ends; for as long as the answer lives.
fn disturb(host: &Arc<WasmHost>, hostile: &[Module], input: &Payload) -> JoinSet<()> {
    let mut neighbours = JoinSet::new();
    for module in hostile {
        let (host, module, input) = (Arc::clone(host), module.clone(), input.clone());
        neighbours.spawn(async move {
            loop {
                let _ = host.run(guest::attempt(&module, &input)).await;
            }
        });
    }
    neighbours
}

/// p99 of a call alone, and beside those neighbours.
async fn beside(
    host: &Arc<WasmHost>,
    (module, input): (&Module, &Payload),
    hostile: &[Module],
) -> (f64, f64) {
    let turn = || {
        let (host, module, input) = (Arc::clone(host), module.clone(), input.clone());
        tokio::spawn(async move { calls(&host, &module, &input).await })
    };
    let (mut alone, mut disturbed) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        alone.extend(turn().await.expect("no panic"));
        let mut neighbours = disturb(host, hostile, input);
        disturbed.extend(turn().await.expect("no panic"));
        assert!(neighbours.try_join_next().is_none(), "none is quiet");
        neighbours.shutdown().await;
    }
    (p99(alone), p99(disturbed))
}

async fn measure() {
    let host = Arc::new(WasmHost::in_memory().expect("the sandbox starts"));
    let (bytes, text) = guest::of_command_line().unwrap_or_else(|| {
        let echo = guest::of_tests("task/echo", |text| text);
        (echo, guest::INPUT.to_owned())
    });
    let input = Payload::from_text(text).expect("the input is JSON");
    let module = prepared(&host, bytes, Limits::default()).await;
    let mut hostile = Vec::new();
    for name in HOSTILE {
        let limits = Limits {
            timeout: HOSTILE_TIMEOUT,
            fuel_max: u64::MAX,
            memory_bytes_max: 64 << 20,
            ..Limits::default()
        };
        let bytes = guest::of_tests(name, |text| text);
        hostile.push(prepared(&host, bytes, limits).await);
    }
    for (name, one) in HOSTILE.iter().zip(&hostile) {
        let (alone, disturbed) = beside(&host, (&module, &input), std::slice::from_ref(one)).await;
        Figure::new(
            "neighbour",
            format!("p99 of a call beside {name}"),
            disturbed,
            "µs",
        )
        .beside("p99 of a call alone", alone)
        .print();
    }
    let (alone, disturbed) = beside(&host, (&module, &input), &hostile).await;
    let name = format!("p99 of a call beside all {} hostile guests", HOSTILE.len());
    Figure::new("neighbour", name, disturbed, "µs")
        .beside("p99 of a call alone", alone)
        .ratio_should_be(Target::AtMost(2.0))
        .print();
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    runtime.expect("tokio starts").block_on(measure());
}
