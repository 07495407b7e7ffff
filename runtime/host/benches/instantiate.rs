//! What does a fresh instance for each attempt cost, beside bare wasmtime?
//!
//! Both run the same component on the same input under the same engine settings, in turns
//! so that a noisy machine is noisy to both: bare is `InstancePre::instantiate` and one
//! typed call; the host adds limits, metering, the JSON check and an interruptible call.
//! Expected from a sketch: 15 to 25 µs, and at most 1.3 times bare.
//!
//! `cargo bench -p host --features wasm [-- GUEST.wasm INPUT.json]`

#[path = "shared/bare.rs"]
mod bare;
#[path = "shared/guest.rs"]
mod guest;

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl::Payload;
use bare::Bare;
use bench::Figure;
use host::wasm::WasmHost;
use host::{Limits, Module, TaskHost as _};

/// Rounds, and calls within each: some seconds in all.
const ROUNDS: usize = 21;
const CALLS: u32 = 5_000;

/// The median, which a busy neighbour moves least.
fn microseconds(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(CALLS)
}

fn main() {
    let (bytes, text) = guest::of_command_line().unwrap_or_else(|| {
        let echo = guest::of_tests("task/echo", |text| text);
        (echo, guest::INPUT.to_owned())
    });
    let bare = Bare::new(&bytes).expect("the guest links");
    let host = WasmHost::in_memory().expect("the sandbox starts");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("tokio starts");
    let digest = runtime
        .block_on(host.prepare(bytes))
        .expect("the guest is accepted")
        .digest;
    let module = Module::pure(digest, Limits::default());
    let input = Payload::from_text(text.clone()).expect("the input is JSON");

    let (mut bares, mut asyncs, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        for _ in 0..CALLS {
            black_box(bare.call(&text).expect("the guest answers"));
        }
        bares.push(begun.elapsed());
        let begun = Instant::now();
        runtime.block_on(async {
            for _ in 0..CALLS {
                black_box(bare.call_async(&text).await.expect("the guest answers"));
            }
        });
        asyncs.push(begun.elapsed());
        let begun = Instant::now();
        runtime.block_on(async {
            for _ in 0..CALLS {
                let outcome = host.run(guest::attempt(&module, &input)).await;
                let result = outcome.expect("the host runs it").result;
                black_box(result.expect("the guest answers"));
            }
        });
        ours.push(begun.elapsed());
    }
    let base = microseconds(bares);
    for (name, rounds) in [("bare, async", asyncs), ("WasmHost", ours)] {
        let name = format!("{name}: instantiate and call, {} bytes in", text.len());
        Figure::new("instantiate", name, microseconds(rounds), "µs")
            .beside("bare wasmtime", base)
            .print();
    }
}
