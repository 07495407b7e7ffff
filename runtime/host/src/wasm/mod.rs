//! The sandbox: each attempt runs in a fresh wasmtime instance, bounded by fuel, memory
//! and wall clock, with a WASI that is there but empty and deterministic, save for what the
//! module version is [granted](crate::Grants).
//!
//! Three kinds of module are accepted ([`Kind`](crate::Kind)): a component that exports
//! `stepwell:task/handler`, a component that exports `wasi:cli/run`, and a core module
//! that is a WASI preview 1 command. What a guest does wrong is a failure, told by name;
//! only what goes wrong on our side is an error.
//!
//! Nothing here knows names, versions or aliases of Tasks: a module is its digest. Read
//! [`WasmHost`] first, then `instance` for the life of one attempt.

mod bindings;
mod cache;
mod clock;
pub mod compiler;
mod contract;
mod denials;
pub mod engine;
mod entry;
mod epoch;
mod guest;
mod http;
mod instance;
mod lane;
pub mod limits;
mod linkers;
mod loaded;
mod log;
mod module_store;
mod poll_oneoff;
mod prepare;
mod secrets;
mod shape;
mod stream;
mod verdict;
mod wasi;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::{OnceCell, Semaphore};
use wasmtime::Engine;

use crate::{Attempt, Digest, Error, ModuleKeeper, Prepared, Preparing, Running, TaskHost};
use cache::Unharmed;
use compiler::Compiler;
use epoch::Ticker;
use instance::Run;
use lane::{SlowLane, Ticks};
use linkers::Linkers;
use loaded::{Loaded, LoadedModules};
use module_store::ModuleStore;
pub use prepare::PrepareError;
use prepare::{Compiled, Found};
pub use secrets::SecretStore;

/// Runs attempts of WebAssembly modules.
///
/// A module is first [prepared](WasmHost::prepare): checked, compiled and stored under its
/// digest. From then on, and after every restart, attempts name it by digest.
pub struct WasmHost {
    shared: Arc<Shared>,
    /// Ticks while attempts run; ends with the host.
    ticker: Ticker,
    /// One permit for each slot of the pooling allocator.
    slots: Arc<Semaphore>,
    slow_lane: SlowLane,
    compiler: Compiler,
    loaded: LoadedModules,
    secrets: Arc<SecretStore>,
}

/// What the threads that compile and load need of the host.
struct Shared {
    engine: Engine,
    linkers: Linkers,
    store: ModuleStore,
    unharmed: Unharmed,
}

impl WasmHost {
    /// A host that keeps modules in memory only: nothing outlives it.
    ///
    /// # Errors
    /// [`Error::Sandbox`] when this machine cannot give the sandbox what it reserves.
    pub fn in_memory() -> Result<Self, Error> {
        Self::with_store(ModuleStore::in_memory())
    }

    /// A host that keeps modules and their compiled code in `directory`, which is made if
    /// it is missing. The directory must belong to Stepwell alone: compiled code found
    /// there is run.
    ///
    /// # Errors
    /// [`Error::Store`] when the directory cannot be made or read; [`Error::Sandbox`] when
    /// this machine cannot give the sandbox what it reserves.
    pub fn open(directory: &Path) -> Result<Self, Error> {
        Self::with_store(ModuleStore::open(directory)?)
    }

    /// The same, with secrets from there.
    pub fn with_secrets(mut self, secrets: SecretStore) -> Self {
        self.secrets = Arc::new(secrets);
        self
    }

    /// The same, and each module is compiled by a process of this program: for modules that come
    /// from others.
    pub fn with_compiler(mut self, program: compiler::Program) -> Self {
        self.compiler.apart = Some(program);
        self
    }

    fn with_store(store: ModuleStore) -> Result<Self, Error> {
        let engine = engine::new().map_err(sandbox)?;
        let linkers = Linkers::new(&engine).map_err(sandbox)?;
        Ok(Self {
            ticker: Ticker::start(&engine)
                .map_err(|error| Error::Sandbox(format!("no thread for the clock: {error}")))?,
            slots: Arc::new(Semaphore::new(limits::ATTEMPTS_MAX as usize)),
            slow_lane: SlowLane::start()
                .map_err(|error| Error::Sandbox(format!("no threads for attempts: {error}")))?,
            compiler: Compiler::here(),
            loaded: LoadedModules::default(),
            secrets: Arc::default(),
            shared: Arc::new(Shared {
                engine,
                linkers,
                store,
                unharmed: Unharmed::default(),
            }),
        })
    }

    /// Checks, compiles and stores a module; to prepare the same bytes again is cheap.
    ///
    /// Runs off the async threads; dropping the future gives the module up.
    ///
    /// # Errors
    /// [`PrepareError`] says what is wrong with the module, in words for its author.
    pub async fn prepare(&self, bytes: Vec<u8>) -> Result<Prepared, PrepareError> {
        prepare::check_size(&bytes)?;
        let bytes: Arc<[u8]> = bytes.into();
        let (shared, looked_at) = (Arc::clone(&self.shared), Arc::clone(&bytes));
        let (digest, found) = off_thread(move || shared.look_over(&looked_at)).await??;
        let compiled = self.compiled(found).await?;
        let shared = Arc::clone(&self.shared);
        let taking = off_thread(move || shared.take_in(digest, &bytes, compiled));
        let (prepared, loaded) = taking.await??;
        self.loaded.insert(&prepared.digest, loaded);
        Ok(prepared)
    }

    async fn compiled(&self, found: Found) -> Result<Compiled, PrepareError> {
        match found {
            Found::Compiled(code) => Ok(Compiled::Before(code)),
            Found::Raw(bytes) => {
                let compiling = self.compiler.compile(&self.shared.engine, bytes);
                compiling.await.map(Compiled::Now)
            }
        }
    }

    /// Whether a module of this digest is stored.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be read.
    pub fn contains(&self, digest: &Digest) -> Result<bool, Error> {
        self.shared.store.contains(digest)
    }

    /// Forgets a module and its compiled code. Attempts that run go on.
    ///
    /// # Errors
    /// [`Error::Store`] when a file cannot be removed.
    pub fn remove(&self, digest: &Digest) -> Result<(), Error> {
        self.loaded.remove(digest);
        self.shared.unharmed.forget(digest);
        self.shared.store.remove(digest)
    }

    /// The module ready to be instantiated: from the cache, else from the store.
    async fn load(&self, digest: &Digest) -> Result<Arc<Loaded>, Error> {
        let cell: Arc<OnceCell<Arc<Loaded>>> = self.loaded.cell(digest);
        // The common case awaits nothing.
        if let Some(loaded) = cell.get() {
            return Ok(Arc::clone(loaded));
        }
        let outcome = cell.get_or_try_init(|| self.load_anew(digest)).await;
        let outcome = outcome.map(Arc::clone);
        if outcome.is_err() {
            self.loaded.remove(digest);
        }
        outcome
    }

    /// Maps a stored module's compiled code, or compiles it anew.
    async fn load_anew(&self, digest: &Digest) -> Result<Arc<Loaded>, Error> {
        let again = |error: PrepareError| match error {
            PrepareError::Store(error) => error,
            refused => Error::Sandbox(format!("module {digest}: {refused}")),
        };
        let (shared, wanted) = (Arc::clone(&self.shared), digest.clone());
        let found = off_thread(move || shared.find_stored(&wanted)).await??;
        let compiled = self.compiled(found).await.map_err(again)?;
        let (shared, wanted) = (Arc::clone(&self.shared), digest.clone());
        let loading = off_thread(move || shared.load(&wanted, compiled));
        loading.await?.map_err(again)
    }
}

/// Runs `work` on a thread that may block.
async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let working = tokio::task::spawn_blocking(work);
    let panicked = |panicked| Error::Sandbox(format!("loading a module panicked: {panicked}"));
    working.await.map_err(panicked)
}

impl TaskHost for WasmHost {
    fn run(&self, attempt: Attempt) -> Running<'_> {
        Box::pin(async move {
            let loaded = self.load(&attempt.module.digest).await?;
            let slot = Arc::clone(&self.slots).acquire_owned().await;
            let slot = slot.expect("the semaphore is never closed");
            let ticking = self.ticker.ticking();
            let ticks = Ticks::default();
            let engine = self.shared.engine.clone();
            let running = Run {
                loaded: Arc::clone(&loaded),
                secrets: Arc::clone(&self.secrets),
                ticks: ticks.clone(),
            };
            let running = Box::pin(async move {
                let ended = running.attempt(&engine, attempt).await;
                drop((slot, ticking));
                ended
            });
            let driving = self.slow_lane.drive(running, &ticks, &loaded.habit);
            let outcome = driving.await?;
            loaded.habit.learn(&outcome, &ticks);
            Ok(outcome)
        })
    }
}

impl ModuleKeeper for WasmHost {
    fn prepare(&self, bytes: Vec<u8>) -> Preparing<'_> {
        Box::pin(async move { Ok(Self::prepare(self, bytes).await?) })
    }

    fn bytes(&self, digest: &Digest) -> Result<Arc<[u8]>, Error> {
        self.shared.store.get(digest)
    }
}

/// An error of the sandbox, with all its causes in one line.
fn sandbox(error: wasmtime::Error) -> Error {
    Error::Sandbox(format!("{error:#}"))
}
