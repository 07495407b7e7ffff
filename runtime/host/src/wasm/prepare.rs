//! From bytes to a module that can be run: what deploying a Task checks.

use std::process::ExitStatus;
use std::sync::Arc;

use wasmtime::component::Component;
use wasmtime::{Engine, ExternType, Module, UnknownImportError};
use wasmtime_wasi::p2::bindings::CommandPre;

use super::Shared;
use super::bindings::TaskPre;
use super::cache::{self, Code};
use super::contract;
use super::entry::{self, Entry};
use super::limits;
use super::linkers::Linkers;
use super::loaded::{Linked, Loaded};
use super::module_store::digest_of;
use super::shape;
use crate::{Digest, Error, NotPrepared, Prepared};

/// Names of imports or exports that a message lists.
const NAMES_LISTED_MAX: usize = 16;
/// One such name, in bytes: it comes from the module.
const NAME_BYTES_MAX: usize = 128;

/// Why a module is refused; each sentence is meant for its author.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// Over [`limits::MODULE_BYTES_MAX`].
    #[error("the module has {bytes} bytes; at most {max} are accepted; strip its debug information", max = limits::MODULE_BYTES_MAX)]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It does not begin as WebAssembly does.
    #[error("not WebAssembly: a module begins with the bytes `\\0asm`")]
    NotWasm,
    /// It does not validate, does not compile, or is beyond a bound of the sandbox.
    #[error("not a valid module: {0}")]
    Invalid(String),
    /// It has the shape of something that was made to keep a compiler busy.
    #[error("the module has {count} {what}; at most {max} are accepted")]
    TooComplex {
        /// What is too much.
        what: &'static str,
        /// How much there is.
        count: u64,
        /// How much there may be.
        max: u64,
    },
    /// It needs what the host does not have.
    #[error(
        "the module imports what this host does not offer: {}; a Task may import `stepwell:task/host` and WASI 0.2 or preview 1, and nothing else",
        .0.join(", ")
    )]
    UnknownImports(Vec<String>),
    /// It was built for a contract that this host does not serve.
    #[error(
        "the module was built for stepwell:task {}; this host serves {} and what is older of the same line: build it against the `wit/` of this release, or take a release that serves it",
        if built_for.is_empty() { "without a version" } else { built_for },
        contract::VERSION
    )]
    OtherContract {
        /// The version in the names of its imports and exports, cut to a readable length.
        built_for: String,
    },
    /// Nothing in it can be called.
    #[error(
        "the module exports nothing to call: export `stepwell:task/handler` or `wasi:cli/run` from a component, or `_start` from a core module; it exports {}",
        if .0.is_empty() { "nothing".to_owned() } else { .0.join(", ") }
    )]
    NoEntry(Vec<String>),
    /// Over [`limits::COMPILE_TIME_MAX`].
    #[error("the module did not compile within {} s", limits::COMPILE_TIME_MAX.as_secs())]
    TooSlow,
    /// Its compiler came to an end of another kind.
    #[error(
        "the module's compiler ended with {0}: it may take {max} MiB of memory", max = limits::COMPILER_BYTES_MAX >> 20
    )]
    CompilerEnded(ExitStatus),
    /// Nothing is wrong with the module, but it could not be stored.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<PrepareError> for NotPrepared {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Store(error) => Self::Host(error),
            refused => Self::Refused(refused.to_string()),
        }
    }
}

/// Refuses what is too large before anything looks at it.
pub(super) fn check_size(bytes: &[u8]) -> Result<(), PrepareError> {
    if bytes.len() > limits::MODULE_BYTES_MAX {
        return Err(PrepareError::TooLarge { bytes: bytes.len() });
    }
    Ok(())
}

/// A module on its way in: what must be compiled first, and what was before.
pub(super) enum Found {
    /// Its machine code was there.
    Compiled(Code),
    /// Its bytes, looked over.
    Raw(Arc<[u8]>),
}

/// What a module became.
pub(super) enum Compiled {
    /// It was found so.
    Before(Code),
    /// Machine code as it is kept.
    Now(Vec<u8>),
}

impl Shared {
    /// Looks over a module that is to be taken in. Blocks.
    pub(super) fn look_over(&self, bytes: &Arc<[u8]>) -> Result<(Digest, Found), PrepareError> {
        let digest = digest_of(bytes);
        if let Some(code) = self.find(&digest) {
            return Ok((digest, Found::Compiled(code)));
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(PrepareError::NotWasm);
        }
        shape::check(bytes)?;
        Ok((digest, Found::Raw(Arc::clone(bytes))))
    }

    /// Links a module and stores it. Blocks.
    pub(super) fn take_in(
        &self,
        digest: Digest,
        bytes: &[u8],
        compiled: Compiled,
    ) -> Result<(Prepared, Arc<Loaded>), PrepareError> {
        let (code, fresh) = self.code(compiled)?;
        let imports = imports_of(&self.engine, &code);
        let linked = link(&self.engine, &self.linkers, &code)?;
        self.store.put(&digest, bytes)?;
        self.keep(&digest, fresh.as_deref());
        let prepared = Prepared {
            digest,
            kind: linked.kind(),
            imports,
        };
        Ok((prepared, Arc::new(linked.into())))
    }

    /// Finds a stored module: its compiled code, mapped, or its bytes. Blocks.
    pub(super) fn find_stored(&self, digest: &Digest) -> Result<Found, Error> {
        // Asked for first: compiled code whose module was removed is not run.
        if !self.store.contains(digest)? {
            return Err(Error::NoSuchModule(digest.clone()));
        }
        match self.find(digest) {
            Some(code) => Ok(Found::Compiled(code)),
            None => self.store.get(digest).map(Found::Raw),
        }
    }

    /// Links a stored module. Blocks.
    pub(super) fn load(
        &self,
        digest: &Digest,
        compiled: Compiled,
    ) -> Result<Arc<Loaded>, PrepareError> {
        let (code, fresh) = self.code(compiled)?;
        self.keep(digest, fresh.as_deref());
        link(&self.engine, &self.linkers, &code).map(|linked| Arc::new(linked.into()))
    }

    fn find(&self, digest: &Digest) -> Option<Code> {
        cache::find(&self.engine, self.store.compiled()?, digest, &self.unharmed)
    }

    /// The code, and how it is kept if it is new.
    fn code(&self, compiled: Compiled) -> Result<(Code, Option<Vec<u8>>), PrepareError> {
        match compiled {
            Compiled::Before(code) => Ok((code, None)),
            // What it complains of is a bound of the pool: the code itself is our own.
            Compiled::Now(serialized) => cache::load(&self.engine, &serialized)
                .map(|code| (code, Some(serialized)))
                .map_err(invalid),
        }
    }

    /// Compiled code is a saving, not a need: a full disk must not refuse an attempt.
    fn keep(&self, digest: &Digest, fresh: Option<&[u8]>) {
        let (Some(folder), Some(serialized)) = (self.store.compiled(), fresh) else {
            return;
        };
        if let Err(error) = cache::keep(&self.engine, folder, digest, serialized) {
            tracing::warn!(%digest, %error, "compiled code is not kept");
        }
    }
}

pub(super) fn invalid(error: wasmtime::Error) -> PrepareError {
    PrepareError::Invalid(format!("{error:#}"))
}

/// Everything the code imports, by name.
fn imports_of(engine: &Engine, code: &Code) -> Vec<String> {
    match code {
        Code::Component(component) => component
            .component_type()
            .imports(engine)
            .map(|(name, _)| name.to_owned())
            .collect(),
        Code::Core(module) => module
            .imports()
            .map(|import| format!("{}.{}", import.module(), import.name()))
            .collect(),
    }
}

/// Resolves the imports and finds what to call.
fn link(engine: &Engine, linkers: &Linkers, code: &Code) -> Result<Linked, PrepareError> {
    match code {
        Code::Component(component) => link_component(engine, linkers, component),
        Code::Core(module) => link_core(linkers, module),
    }
}

fn link_component(
    engine: &Engine,
    linkers: &Linkers,
    component: &Component,
) -> Result<Linked, PrepareError> {
    let ty = component.component_type();
    let imports = ty.imports(engine).map(|(name, _)| name);
    contract::check(imports.chain(ty.exports(engine).map(|(name, _)| name)))?;
    let known = |name: &str| {
        [
            "stepwell:task/",
            "wasi:cli/",
            "wasi:clocks/",
            "wasi:filesystem/",
            "wasi:http/",
            "wasi:io/",
        ]
        .into_iter()
        .chain(["wasi:random/", "wasi:sockets/"])
        .any(|known| name.starts_with(known))
    };
    let unknown = ty
        .imports(engine)
        .map(|(name, _)| name)
        .filter(|name| !known(name));
    let unknown = listed(unknown);
    if !unknown.is_empty() {
        return Err(PrepareError::UnknownImports(unknown));
    }
    // What is left to refuse is a version or a function; the linker says which.
    let pre = linkers
        .component
        .instantiate_pre(component)
        .map_err(|error| PrepareError::UnknownImports(vec![format!("{error:#}")]))?;
    match entry::find(engine, &ty)? {
        Some(Entry::Handler) => TaskPre::new(pre).map(Linked::Task).map_err(invalid),
        Some(Entry::Run) => CommandPre::new(pre).map(Linked::Command).map_err(invalid),
        None => Err(PrepareError::NoEntry(listed(
            ty.exports(engine).map(|(name, _)| name),
        ))),
    }
}

fn link_core(linkers: &Linkers, module: &Module) -> Result<Linked, PrepareError> {
    let pre = linkers.core.instantiate_pre(module).map_err(|error| {
        match error.downcast_ref::<UnknownImportError>() {
            Some(import) => {
                let name = format!("{}.{}", import.module(), import.name());
                PrepareError::UnknownImports(listed(std::iter::once(name.as_str())))
            }
            None => invalid(error),
        }
    })?;
    let starts = module.get_export("_start").is_some_and(|export| {
        matches!(export, ExternType::Func(ty) if ty.params().len() + ty.results().len() == 0)
    });
    if !starts {
        let exports = module.exports().map(|export| export.name());
        return Err(PrepareError::NoEntry(listed(exports)));
    }
    Ok(Linked::Preview1(pre))
}

/// Names fit for a message: few, and each of a length one can read.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .take(NAMES_LISTED_MAX)
        .map(|name| format!("`{}`", &name[..name.floor_char_boundary(NAME_BYTES_MAX)]))
        .collect()
}
