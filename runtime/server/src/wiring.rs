//! Builds the parts and puts them together: a journal, a host, the modules, an engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use api::lambda::Lambda;
use api::{Api, Functions, Registry, SdkCalls};
use engine::clock::{SystemClock, SystemEntropy};
use engine::{Engine, Modules, Observer, Parts};
use host::wasm::compiler::Program;
use host::wasm::{SecretStore, WasmHost};
use journal::sqlite::{Options, SqliteJournal};
use journal::{Journal, MemoryJournal};
use objects::{NoObjects, Objects};

use crate::aws::{Aws, AwsServices};

/// Secrets as the environment names them.
fn secrets() -> SecretStore {
    match std::env::var_os("STEPWELL_SECRETS_DIR") {
        Some(directory) => SecretStore::in_directory(directory.into()),
        None => SecretStore::default(),
    }
}

/// Where everything of a data directory is, opened.
pub(crate) struct Store {
    /// The journal, and the catalogue in it.
    pub(crate) journal: Arc<dyn Journal>,
    /// The sandbox, with the modules it keeps.
    pub(crate) host: Arc<WasmHost>,
    /// What is deployed.
    pub(crate) functions: Arc<Functions>,
    /// State machines and activities.
    pub(crate) registry: Arc<Registry>,
    /// Services of AWS that are called outside, if any.
    pub(crate) aws: Option<Arc<Aws>>,
    /// What Tasks call.
    pub(crate) services: Arc<SdkCalls>,
    /// Who reads and writes the objects that Maps name.
    pub(crate) objects: Arc<dyn Objects>,
}

impl Store {
    /// Opens a data directory; makes it if it is missing.
    pub(crate) fn open(dir: &Path) -> anyhow::Result<Self> {
        Self::open_with(dir, |host| host.with_secrets(secrets()))
    }

    /// The same for a server, with secrets from there: modules come from others then, and each is
    /// compiled by a process of this program.
    pub(crate) fn for_server(dir: &Path, secrets: SecretStore) -> anyhow::Result<Self> {
        let compiler = Program {
            // The file that runs, though another may have taken its name since.
            file: "/proc/self/exe".into(),
            arguments: vec!["compile-module".to_owned()],
        };
        Self::open_with(dir, |host| {
            host.with_secrets(secrets).with_compiler(compiler)
        })
    }

    fn open_with(dir: &Path, set_up: impl FnOnce(WasmHost) -> WasmHost) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("cannot make the data directory {}", dir.display()))?;
        let journal = SqliteJournal::open(dir, Options::default())?;
        let host = set_up(WasmHost::open(&dir.join("modules"))?);
        Self::of(Arc::new(journal), host)
    }

    /// Keeps everything in memory.
    pub(crate) fn in_memory() -> anyhow::Result<Self> {
        let host = WasmHost::in_memory()?.with_secrets(secrets());
        Self::of(Arc::new(MemoryJournal::default()), host)
    }

    /// A data directory, or memory.
    pub(crate) fn of_dir(dir: Option<&PathBuf>) -> anyhow::Result<Self> {
        match dir {
            Some(dir) => Self::open(dir),
            None => Self::in_memory(),
        }
    }

    fn of(journal: Arc<dyn Journal>, host: WasmHost) -> anyhow::Result<Self> {
        let functions = Arc::new(Functions::new(Arc::clone(&journal)));
        let registry = Arc::new(Registry::new(Arc::clone(&journal)));
        let aws = Aws::of_environment()?.map(Arc::new);
        let services = SdkCalls::new(Arc::new(AwsServices(aws.clone())));
        Ok(Self {
            journal,
            host: Arc::new(host),
            functions,
            registry,
            aws,
            services: Arc::new(services),
            objects: Arc::new(NoObjects),
        })
    }

    /// The parts of an engine on this store.
    pub(crate) fn parts(
        &self,
        modules: Arc<dyn Modules>,
        observer: Option<Arc<dyn Observer>>,
    ) -> Parts {
        let host = Arc::clone(&self.host) as Arc<dyn host::TaskHost>;
        Parts {
            observer,
            directory: Arc::clone(&self.registry) as Arc<dyn engine::Directory>,
            services: Arc::clone(&self.services) as Arc<dyn engine::Services>,
            objects: Arc::clone(&self.objects),
            ..Parts::new(Arc::clone(&self.journal), host, modules)
        }
    }

    /// Lambda's API on what is deployed.
    pub(crate) fn lambda(&self) -> Lambda {
        Lambda::new(
            Arc::clone(&self.functions),
            Arc::clone(&self.host) as Arc<dyn host::ModuleKeeper>,
            Arc::clone(&self.host) as Arc<dyn host::TaskHost>,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        )
    }

    /// Step Functions' API on an engine of this store.
    pub(crate) fn api(&self, engine: &Arc<Engine>) -> Api {
        Api::new(
            Arc::clone(engine),
            Arc::clone(&self.journal),
            Arc::clone(&self.registry),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        )
    }

    /// An engine that runs what is deployed.
    pub(crate) fn engine(&self, observer: Option<Arc<dyn Observer>>) -> Engine {
        Engine::new(self.parts(Arc::clone(&self.functions) as Arc<dyn Modules>, observer))
    }
}
