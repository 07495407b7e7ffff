//! Bare wasmtime: what benches measure beside. The same engine settings, and no more imports than
//! a guest made with the SDK needs.

use host::Limits;
use host::wasm::engine;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

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
pub(crate) struct Bare {
    pre: InstancePre<()>,
    handle: ComponentExportIndex,
}

impl Bare {
    /// Compiles and links a guest: a component, or a core module that would be one.
    pub(crate) fn new(guest: &[u8]) -> wasmtime::Result<Self> {
        let engine = engine::new()?;
        let component = Component::from_binary(&engine, &component(guest))?;
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

    /// A fresh instance, and one call.
    pub(crate) fn call(&self, input: &str) -> wasmtime::Result<String> {
        let mut store = self.store()?;
        let instance = self.pre.instantiate(&mut store)?;
        let handle = instance.get_typed_func::<(&str,), Answer>(&mut store, self.handle)?;
        told(handle.call(&mut store, (input,))?)
    }

    /// The same on stacks of its own, as whatever can be interrupted must be.
    pub(crate) async fn call_async(&self, input: &str) -> wasmtime::Result<String> {
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
