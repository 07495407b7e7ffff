//! The thread that moves the engine's epoch while attempts run, and sleeps otherwise.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;

use wasmtime::{Engine, EngineWeak};

use super::limits;

/// Moves the epoch every [`limits::TICK`] while there is a [`Ticking`].
pub(super) struct Ticker {
    state: Arc<State>,
    thread: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    running: AtomicUsize,
    parked: AtomicBool,
    stopped: AtomicBool,
}

/// Held while an attempt runs.
pub(super) struct Ticking(Arc<State>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Ticker {
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let state = Arc::new(State::default());
        let (ticked, engine) = (Arc::clone(&state), engine.weak());
        let thread = std::thread::Builder::new()
            .name("wasm-epoch".to_owned())
            .spawn(move || tick(&ticked, &engine))?;
        Ok(Self { state, thread })
    }

    /// Keeps the epoch moving until the answer is dropped.
    pub(super) fn ticking(&self) -> Ticking {
        self.state.running.fetch_add(1, SeqCst);
        // Either this sees the thread parked, or the thread, which says so before it looks
        // again, sees the attempt: both orders are total.
        if self.state.parked.load(SeqCst) {
            self.thread.thread().unpark();
        }
        Ticking(Arc::clone(&self.state))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.state.stopped.store(true, SeqCst);
        self.thread.thread().unpark();
    }
}

/// The thread's life.
fn tick(state: &State, engine: &EngineWeak) {
    let mut idle = 0;
    while !state.stopped.load(SeqCst) {
        std::thread::sleep(limits::TICK);
        let Some(engine) = engine.upgrade() else {
            return;
        };
        engine.increment_epoch();
        drop(engine);
        idle = if state.running.load(SeqCst) == 0 {
            idle + 1
        } else {
            0
        };
        if idle < limits::TICKS_WHEN_IDLE {
            continue;
        }
        state.parked.store(true, SeqCst);
        while state.running.load(SeqCst) == 0 && !state.stopped.load(SeqCst) {
            std::thread::park();
        }
        state.parked.store(false, SeqCst);
        idle = 0;
    }
}
