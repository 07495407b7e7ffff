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
use epoch::Ticker;
use instance::Run;
use lane::{SlowLane, Ticks};
use linkers::Linkers;
use loaded::{Loaded, LoadedModules};
use module_store::ModuleStore;
pub use prepare::PrepareError;
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
    /// Bounds the threads that compile, and with them the memory Cranelift takes.
    compilers: Arc<Semaphore>,
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

    fn with_store(store: ModuleStore) -> Result<Self, Error> {
        let engine = engine::new().map_err(sandbox)?;
        let linkers = Linkers::new(&engine).map_err(sandbox)?;
        Ok(Self {
            ticker: Ticker::start(&engine)
                .map_err(|error| Error::Sandbox(format!("no thread for the clock: {error}")))?,
            slots: Arc::new(Semaphore::new(limits::ATTEMPTS_MAX as usize)),
            slow_lane: SlowLane::start()
                .map_err(|error| Error::Sandbox(format!("no threads for attempts: {error}")))?,
            compilers: Arc::new(Semaphore::new(limits::COMPILERS_MAX)),
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
    /// Runs off the async threads. Dropping the future gives up waiting; the thread
    /// finishes alone and holds one of [`limits::COMPILERS_MAX`] places until then.
    ///
    /// # Errors
    /// [`PrepareError`] says what is wrong with the module, in words for its author.
    pub async fn prepare(&self, bytes: Vec<u8>) -> Result<Prepared, PrepareError> {
        prepare::check_size(&bytes)?;
        let shared = Arc::clone(&self.shared);
        let work = self.off_thread(move || shared.prepare(&bytes));
        let (prepared, loaded) = tokio::time::timeout(limits::COMPILE_TIME_MAX, work)
            .await
            .map_err(|_| PrepareError::TooSlow)?
            .map_err(PrepareError::Store)??;
        self.loaded.insert(&prepared.digest, loaded);
        Ok(prepared)
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
        let loading = cell.get_or_try_init(|| async {
            let shared = Arc::clone(&self.shared);
            let wanted = digest.clone();
            self.off_thread(move || shared.load(&wanted)).await?
        });
        let outcome = loading.await.map(Arc::clone);
        if outcome.is_err() {
            self.loaded.remove(digest);
        }
        outcome
    }

    /// Runs `work` on a thread that may block, with one of the compilers' places.
    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.compilers).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        })
        .await
        .map_err(|panicked| Error::Sandbox(format!("loading a module panicked: {panicked}")))
    }
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
                loaded,
                secrets: Arc::clone(&self.secrets),
                ticks: ticks.clone(),
            };
            let running = Box::pin(async move {
                let ended = running.attempt(&engine, attempt).await;
                drop((slot, ticking));
                ended
            });
            self.slow_lane.drive(running, ticks).await
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
