//! From bytes to a module that can be run: what deploying a Task checks.

use std::sync::Arc;

use wasmparser::{Parser, Payload};
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
use super::loaded::Loaded;
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

impl Shared {
    /// Checks, compiles and stores a module. Blocks, for seconds when the module is large.
    pub(super) fn prepare(&self, bytes: &[u8]) -> Result<(Prepared, Arc<Loaded>), PrepareError> {
        let digest = digest_of(bytes);
        let found = self.find(&digest);
        let fresh = found.is_none();
        let code = found.map_or_else(|| compile(&self.engine, bytes), Ok)?;
        let imports = imports_of(&self.engine, &code);
        let loaded = link(&self.engine, &self.linkers, &code)?;
        self.store.put(&digest, bytes)?;
        if fresh {
            self.keep(&digest, &code);
        }
        let prepared = Prepared {
            digest,
            kind: loaded.kind(),
            imports,
        };
        Ok((prepared, Arc::new(loaded)))
    }

    /// Loads a stored module: maps its compiled code, or compiles it anew. Blocks.
    pub(super) fn load(&self, digest: &Digest) -> Result<Arc<Loaded>, Error> {
        let again = |error: PrepareError| match error {
            PrepareError::Store(error) => error,
            refused => Error::Sandbox(format!("module {digest}: {refused}")),
        };
        // Asked for first: compiled code whose module was removed is not run.
        if !self.store.contains(digest)? {
            return Err(Error::NoSuchModule(digest.clone()));
        }
        let code = match self.find(digest) {
            Some(code) => code,
            None => {
                let code = compile(&self.engine, &self.store.get(digest)?).map_err(again)?;
                self.keep(digest, &code);
                code
            }
        };
        link(&self.engine, &self.linkers, &code)
            .map(Arc::new)
            .map_err(again)
    }

    fn find(&self, digest: &Digest) -> Option<Code> {
        cache::find(&self.engine, self.store.compiled()?, digest, &self.unharmed)
    }

    /// Compiled code is a saving, not a need: a full disk must not refuse an attempt.
    fn keep(&self, digest: &Digest, code: &Code) {
        let Some(folder) = self.store.compiled() else {
            return;
        };
        if let Err(error) = cache::keep(&self.engine, folder, digest, code) {
            tracing::warn!(%digest, %error, "compiled code is not kept");
        }
    }
}

/// Validates and compiles.
fn compile(engine: &Engine, bytes: &[u8]) -> Result<Code, PrepareError> {
    if !bytes.starts_with(b"\0asm") {
        return Err(PrepareError::NotWasm);
    }
    shape::check(bytes)?;
    if Parser::is_component(bytes) {
        return Component::from_binary(engine, bytes)
            .map(Code::Component)
            .map_err(invalid);
    }
    if carries_component_type(bytes) {
        let component = componentize(bytes)?;
        return Component::from_binary(engine, &component)
            .map(Code::Component)
            .map_err(invalid);
    }
    Module::from_binary(engine, bytes)
        .map(Code::Core)
        .map_err(invalid)
}

/// Whether a core module says, as `wit-bindgen` makes it say, which component it is.
fn carries_component_type(bytes: &[u8]) -> bool {
    // What does not parse is left for the compiler to complain of.
    Parser::new(0)
        .parse_all(bytes)
        .map_while(Result::ok)
        .any(|payload| match payload {
            Payload::CustomSection(section) => section.name().starts_with("component-type"),
            _ => false,
        })
}

/// Wraps such a core module into the component it is.
fn componentize(bytes: &[u8]) -> Result<Vec<u8>, PrepareError> {
    let encoder = wit_component::ComponentEncoder::default().validate(false);
    encoder
        .module(bytes)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| PrepareError::Invalid(format!("{error:#}")))
}

fn invalid(error: wasmtime::Error) -> PrepareError {
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
fn link(engine: &Engine, linkers: &Linkers, code: &Code) -> Result<Loaded, PrepareError> {
    match code {
        Code::Component(component) => link_component(engine, linkers, component),
        Code::Core(module) => link_core(linkers, module),
    }
}

fn link_component(
    engine: &Engine,
    linkers: &Linkers,
    component: &Component,
) -> Result<Loaded, PrepareError> {
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
        Some(Entry::Handler) => TaskPre::new(pre).map(Loaded::Task).map_err(invalid),
        Some(Entry::Run) => CommandPre::new(pre).map(Loaded::Command).map_err(invalid),
        None => Err(PrepareError::NoEntry(listed(
            ty.exports(engine).map(|(name, _)| name),
        ))),
    }
}

fn link_core(linkers: &Linkers, module: &Module) -> Result<Loaded, PrepareError> {
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
    Ok(Loaded::Preview1(pre))
}

/// Names fit for a message: few, and each of a length one can read.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .take(NAMES_LISTED_MAX)
        .map(|name| format!("`{}`", &name[..name.floor_char_boundary(NAME_BYTES_MAX)]))
        .collect()
}
