//! What a guest may import: Stepwell's own functions, and a WASI that has what is granted.

use wasmtime::Engine;
use wasmtime::component::HasSelf;
use wasmtime_wasi::p1;
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;

use super::bindings;
use super::clock::HasClock;
use super::guest::Guest;
use super::http;
use super::poll_oneoff;

/// The two linkers, filled once for all modules.
pub(super) struct Linkers {
    /// For components.
    pub(super) component: wasmtime::component::Linker<Guest>,
    /// For core modules.
    pub(super) core: wasmtime::Linker<Guest>,
}

impl Linkers {
    pub(super) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut component = wasmtime::component::Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut component)?;
        let task = bindings::stepwell::task::host::add_to_linker::<Guest, HasSelf<Guest>>;
        task(&mut component, |guest| guest)?;

        // Waiting must move the guest's own clock, which wasmtime's waiting does not know.
        component.allow_shadowing(true);
        let clock = monotonic_clock::add_to_linker::<Guest, HasClock>;
        clock(&mut component, Guest::monotonic_clock)?;
        component.allow_shadowing(false);

        http::add_to_linker(&mut component)?;

        let mut core = wasmtime::Linker::new(engine);
        p1::add_to_linker_async(&mut core, Guest::preview1)?;
        core.allow_shadowing(true);
        poll_oneoff::add_to_linker(&mut core)?;
        core.allow_shadowing(false);
        Ok(Self { component, core })
    }
}
