//! What does a fresh instance for each attempt cost, beside bare wasmtime?
//!
//! Both run the same component on the same input under the same engine settings, in turns
//! so that a noisy machine is noisy to both: bare is `InstancePre::instantiate` and one
//! typed call; the host adds limits, metering, the JSON check and an interruptible call.
//! Expected from a sketch: 15 to 25 µs, and at most 1.3 times bare.
//!
//! `cargo bench -p host --features wasm [-- GUEST.wasm INPUT.json]`

#[path = "shared/guest.rs"]
mod guest;

use std::hint::black_box;
use std::time::{Duration, Instant};

use asl::Payload;
use bench::Figure;
use host::wasm::{WasmHost, engine};
use host::{Limits, Module, TaskHost as _};
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

/// Rounds, and calls within each: some seconds in all.
const ROUNDS: usize = 21;
const CALLS: u32 = 5_000;

/// `failure` of `wit/task.wit`.
#[derive(wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(record)]
struct Failure {
    error: String,
    cause: String,
}

/// `level` of `wit/task.wit`.
#[derive(Clone, Copy, wasmtime::component::ComponentType, wasmtime::component::Lift)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "only a guest makes one")]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

/// A component called without anything of ours.
struct Bare {
    pre: InstancePre<()>,
    handle: ComponentExportIndex,
}

impl Bare {
    fn new(bytes: &[u8]) -> wasmtime::Result<Self> {
        let engine = engine::new()?;
        let component = Component::from_binary(&engine, bytes)?;
        let handler = component.get_export_index(None, "stepwell:task/handler@0.1.0");
        let handle = component.get_export_index(handler.as_ref(), "handle");
        let handle = handle.expect("the guest is a Task");
        // Guests made with the SDK may log and beat; get-context is left to trap.
        let mut linker = Linker::new(&engine);
        let mut host = linker.instance("stepwell:task/host@0.1.0")?;
        host.func_wrap("log", |_, (_, _, _): (Level, String, String)| Ok(()))?;
        host.func_wrap("heartbeat", |_, ()| Ok(()))?;
        linker.define_unknown_imports_as_traps(&component)?;
        Ok(Self {
            pre: linker.instantiate_pre(&component)?,
            handle,
        })
    }

    fn store(&self) -> wasmtime::Result<Store<()>> {
        let mut store = Store::new(self.pre.engine(), ());
        store.set_fuel(Limits::default().fuel_max)?;
        store.set_epoch_deadline(u64::MAX / 2);
        Ok(store)
    }

    fn call(&self, input: &str) -> wasmtime::Result<String> {
        let mut store = self.store()?;
        let instance = self.pre.instantiate(&mut store)?;
        let handle = instance.get_typed_func::<(&str,), Answer>(&mut store, self.handle)?;
        told(handle.call(&mut store, (input,))?)
    }

    /// The same on stacks of its own, as whatever can be interrupted must be.
    async fn call_async(&self, input: &str) -> wasmtime::Result<String> {
        let mut store = self.store()?;
        let instance = self.pre.instantiate_async(&mut store).await?;
        let handle = instance.get_typed_func::<(&str,), Answer>(&mut store, self.handle)?;
        told(handle.call_async(&mut store, (input,)).await?)
    }
}

/// What `handle` returns.
type Answer = (Result<String, Failure>,);

fn told((answer,): Answer) -> wasmtime::Result<String> {
    answer.map_err(|failure| wasmtime::Error::msg(failure.error + &failure.cause))
}

/// The component a guest is, whatever its form.
fn component(bytes: &[u8]) -> Vec<u8> {
    if bytes[4..8] == [0x0d, 0, 1, 0] {
        return bytes.to_vec();
    }
    let encoder = wit_component::ComponentEncoder::default();
    let encoded = encoder
        .module(bytes)
        .and_then(|mut encoder| encoder.encode());
    encoded.expect("the guest is a Task")
}

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
    let bare = Bare::new(&component(&bytes)).expect("the guest links");
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
