//! What does it cost to keep a thousand modules, and to call them in random order?
//!
//! All are deployed, the process's memory is looked at, and each call takes one by chance: most
//! are not at hand then, and are mapped from disk. Nothing is compiled after its deployment; the
//! bench fails if anything is. With a guest of the command line its code is each module's.
//!
//! `cargo bench -p host --features wasm --bench modules [-- GUEST.wasm INPUT.json]`

#[path = "shared/guest.rs"]
mod guest;

use std::time::{Duration, Instant};

use asl::Payload;
use bench::Figure;
use chacha20::ChaCha12Rng;
use chacha20::rand_core::{Rng as _, SeedableRng as _};
use host::wasm::{WasmHost, limits};
use host::{Limits, Module, TaskHost as _};

const MODULES: usize = 1_000;
const CALLS: usize = 10_000;

/// A module that differs from all others: in a constant, or in what it says of itself.
fn module(given: Option<&[u8]>, number: usize) -> Vec<u8> {
    match given {
        None => guest::of_tests("task/echo", |text| {
            let constant =
                format!("(memory (export \"memory\") 8) (global i32 (i32.const {number}))");
            text.replacen("(memory (export \"memory\") 8)", &constant, 1)
        }),
        Some(bytes) => {
            // A custom section: 0, its size, the size of its name, its name, its content.
            let mut bytes = bytes.to_vec();
            bytes.extend([0, 6, 1, b'n']);
            bytes.extend((number as u32).to_le_bytes());
            bytes
        }
    }
}

/// What that share of calls takes at most, in microseconds.
fn share(took: &mut [Duration], percent: usize) -> f64 {
    took.sort();
    took[took.len() * percent / 100].as_secs_f64() * 1e6
}

fn compiled(folder: &std::path::Path) -> u64 {
    let files = std::fs::read_dir(folder.join("compiled")).expect("it is there");
    let modified = files.flatten().filter_map(|file| file.metadata().ok());
    let modified = modified.filter_map(|data| data.modified().ok()).max();
    let since = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as u64)
}

async fn measure() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = WasmHost::open(folder.path()).expect("the sandbox starts");
    let (given, text) = match guest::of_command_line() {
        Some((bytes, text)) => (Some(bytes), text),
        None => (None, guest::INPUT.to_owned()),
    };
    let input = Payload::from_text(text).expect("the input is JSON");
    let before = bench::memory_bytes();
    let begun = Instant::now();
    let mut modules = Vec::with_capacity(MODULES);
    for number in 0..MODULES {
        let bytes = module(given.as_deref(), number);
        let prepared = host.prepare(bytes).await.expect("the guest is accepted");
        modules.push(Module::pure(prepared.digest, Limits::default()));
    }
    let deployed = begun.elapsed();
    let newest = compiled(folder.path());
    let mut chance = ChaCha12Rng::seed_from_u64(5);
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let module = &modules[chance.next_u32() as usize % MODULES];
        let begun = Instant::now();
        let outcome = host.run(guest::attempt(module, &input)).await;
        outcome
            .expect("the host runs it")
            .result
            .expect("an answer");
        took.push(begun.elapsed());
    }
    assert_eq!(
        compiled(folder.path()),
        newest,
        "something was compiled again"
    );
    let mut again = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        let outcome = host.run(guest::attempt(&modules[0], &input)).await;
        outcome
            .expect("the host runs it")
            .result
            .expect("an answer");
        again.push(begun.elapsed());
    }
    let mebibytes = bench::memory_bytes().saturating_sub(before) as f64 / f64::from(1 << 20);
    let mean = deployed.as_secs_f64() * 1e3 / MODULES as f64;
    Figure::new("modules", "deploying one of a thousand modules", mean, "ms").print();
    let kept = limits::LOADED_MODULES_MAX;
    let name = format!("memory of {MODULES} modules, {kept} of them at hand");
    Figure::new("modules", name, mebibytes, "MiB").print();
    let hand = share(&mut again, 50);
    for (name, percent) in [("median", 50), ("p99", 99)] {
        let name = format!("{name} of a call of a module by chance");
        Figure::new("modules", name, share(&mut took, percent), "µs")
            .beside("median of one at hand", hand)
            .print();
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("tokio starts").block_on(measure());
}
