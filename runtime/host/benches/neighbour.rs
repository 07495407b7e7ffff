//! What does a guest notice of neighbours that want everything?
//!
//! One guest is called again and again, alone, and then beside one of each kind that computes for
//! ever, grows, recurses, logs, prints and sleeps, each begun again when it ends; in turns, so
//! that a noisy machine is noisy to both. Expected: a p99 within twice of the undisturbed one.
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

/// Turns, and calls of each: some seconds in all.
const TURNS: usize = 7;
const CALLS: usize = 3_000;
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

/// How long each call took, sorted.
async fn calls(host: &WasmHost, module: &Module, input: &Payload) -> Vec<Duration> {
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
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
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let (quiet, given) = (Arc::clone(&host), (module.clone(), input.clone()));
        let took = tokio::spawn(async move { calls(&quiet, &given.0, &given.1).await });
        alone.extend(took.await.expect("no panic"));
        let neighbours: Vec<_> = hostile
            .iter()
            .map(|module| {
                let (host, module, input) = (Arc::clone(&host), module.clone(), input.clone());
                tokio::spawn(async move {
                    loop {
                        // However it ends, it begins again.
                        let _ = host.run(guest::attempt(&module, &input)).await;
                    }
                })
            })
            .collect();
        let (noisy, given) = (Arc::clone(&host), (module.clone(), input.clone()));
        let took = tokio::spawn(async move { calls(&noisy, &given.0, &given.1).await });
        beside.extend(took.await.expect("no panic"));
        for neighbour in neighbours {
            neighbour.abort();
        }
    }
    let alone = p99(alone);
    let name = format!("p99 of a call beside {} hostile guests", HOSTILE.len());
    Figure::new("neighbour", name, p99(beside), "µs")
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
