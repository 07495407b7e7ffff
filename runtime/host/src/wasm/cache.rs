//! Compiled code on disk, mapped rather than read: after a restart nothing is compiled.
//!
//! `compiled/<sha256>-<compatibility>.cwasm` is the code of one module under one wasmtime
//! version, configuration and kind of processor; the file of the same name that ends in
//! `.sha256` says what the code must hash to. Code that is missing, stale or damaged is
//! compiled again: losing this directory costs time only.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wasmtime::component::Component;
use wasmtime::{Engine, Module};

use super::module_store::{digest_of, remove_compiled, write_whole};
use crate::{Digest, Error};

/// Compiled code, ready to be linked.
pub(super) enum Code {
    /// Of a component.
    Component(Component),
    /// Of a core module.
    Core(Module),
}

/// The code that this process found unharmed. To read and hash it takes as long as it is large,
/// mapping it does not: a module that is mapped again and again is hashed once.
#[derive(Default)]
pub(super) struct Unharmed(Mutex<HashSet<Digest>>);

impl Unharmed {
    fn lock(&self) -> MutexGuard<'_, HashSet<Digest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is to be looked at anew, should it come again.
    pub(super) fn forget(&self, digest: &Digest) {
        self.lock().remove(digest);
    }
}

/// The code of a module, if it was compiled before for this engine and is unharmed.
pub(super) fn find(
    engine: &Engine,
    folder: &Path,
    digest: &Digest,
    unharmed: &Unharmed,
) -> Option<Code> {
    let code = path_of(engine, folder, digest);
    let is_known = unharmed.lock().contains(digest);
    if !is_known {
        let expected = fs::read_to_string(hash_of(&code)).ok()?;
        let bytes = fs::read(&code).ok()?;
        if *digest_of(&bytes).0 != *expected {
            tracing::warn!(file = %code.display(), "compiled code is damaged; compiling it again");
            return None;
        }
    }
    let mapped = map(engine, &code);
    match &mapped {
        Ok(_) if !is_known => {
            unharmed.lock().insert(digest.clone());
        }
        Ok(_) => {}
        Err(error) => {
            unharmed.forget(digest);
            tracing::warn!(%error, "compiled code does not load");
        }
    }
    mapped.ok()
}

/// Stores the code of a module, and removes what other versions compiled of it.
///
/// # Errors
/// [`Error::Store`] when the folder cannot be written.
pub(super) fn keep(
    engine: &Engine,
    folder: &Path,
    digest: &Digest,
    serialized: &[u8],
) -> Result<(), Error> {
    let path = path_of(engine, folder, digest);
    let kept = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    remove_compiled(folder, digest, kept)?;
    // The hash last: code without it counts as missing.
    write_whole(&path, serialized)?;
    write_whole(&hash_of(&path), digest_of(serialized).0.as_bytes())
}

/// The file of a module's code, named after all that the code depends on.
fn path_of(engine: &Engine, folder: &Path, digest: &Digest) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    folder.join(format!("{digest}-{:016x}.cwasm", hasher.finish()))
}

fn hash_of(code: &Path) -> PathBuf {
    code.with_extension("sha256")
}

/// Loads code that was compiled just now.
pub(super) fn load(engine: &Engine, serialized: &[u8]) -> wasmtime::Result<Code> {
    match Engine::detect_precompiled(serialized) {
        Some(wasmtime::Precompiled::Component) => load_component(engine, serialized),
        Some(wasmtime::Precompiled::Module) => load_core(engine, serialized),
        None => Err(wasmtime::Error::msg("not compiled code")),
    }
}

#[expect(unsafe_code, reason = "loads code that this program compiled")]
fn load_component(engine: &Engine, serialized: &[u8]) -> wasmtime::Result<Code> {
    // SAFETY: the bytes must be what wasmtime's own compiler serialised. They come from
    // `compiler`: of this process, or of one that it started from its own program and whose
    // standard output nobody else holds. wasmtime refuses code of another version,
    // configuration or processor.
    unsafe { Component::deserialize(engine, serialized) }.map(Code::Component)
}

#[expect(unsafe_code, reason = "loads code that this program compiled")]
fn load_core(engine: &Engine, serialized: &[u8]) -> wasmtime::Result<Code> {
    // SAFETY: as in `load_component`.
    unsafe { Module::deserialize(engine, serialized) }.map(Code::Core)
}

/// Maps compiled code into memory.
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Code> {
    match Engine::detect_precompiled_file(path)? {
        Some(wasmtime::Precompiled::Component) => map_component(engine, path),
        Some(wasmtime::Precompiled::Module) => map_core(engine, path),
        None => Err(wasmtime::Error::msg("not compiled code")),
    }
}

#[expect(unsafe_code, reason = "maps code that this crate compiled")]
fn map_component(engine: &Engine, path: &Path) -> wasmtime::Result<Code> {
    // SAFETY: the file must be what `Component::serialize` wrote, and stay so while it is
    // mapped. It lies in a directory that is Stepwell's own, whose trust is that of the
    // journal and of the program itself: who can write there can already do anything as
    // Stepwell. `keep` alone writes there, each file whole under a temporary name that is
    // then renamed, so a mapped file is never written again, only unlinked or replaced,
    // which leaves the mapping as it was. Against bit rot and files cut short, `find`
    // compared the content with the hash stored when it was written, once in the life of this
    // process; wasmtime itself
    // refuses code of another version, configuration or processor.
    unsafe { Component::deserialize_file(engine, path) }.map(Code::Component)
}

#[expect(unsafe_code, reason = "maps code that this crate compiled")]
fn map_core(engine: &Engine, path: &Path) -> wasmtime::Result<Code> {
    // SAFETY: as in `map_component`; the file holds what `Module::serialize` wrote.
    unsafe { Module::deserialize_file(engine, path) }.map(Code::Core)
}
