//! Where modules are kept: `modules/<sha256>.wasm` under a directory, or memory.
//!
//! A module's name is its content, so a file is written once, whole, and never changed;
//! compiled code beside it (`cache`) can always be made again.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::{Digest, Error};

/// Modules by digest.
pub(super) enum ModuleStore {
    /// Nothing outlives the process.
    Memory(Mutex<HashMap<Digest, Arc<[u8]>>>),
    /// Files in a directory that is Stepwell's own.
    Directory(Directory),
}

/// A directory of modules and compiled code.
pub(super) struct Directory {
    modules: PathBuf,
    compiled: PathBuf,
}

impl ModuleStore {
    pub(super) fn in_memory() -> Self {
        Self::Memory(Mutex::default())
    }

    pub(super) fn open(directory: &Path) -> Result<Self, Error> {
        let modules = directory.join("modules");
        let compiled = directory.join("compiled");
        for folder in [&modules, &compiled] {
            fs::create_dir_all(folder).map_err(at(folder))?;
            remove_unfinished(folder).map_err(at(folder))?;
        }
        Ok(Self::Directory(Directory { modules, compiled }))
    }

    /// The directory for compiled code, when there is one.
    pub(super) fn compiled(&self) -> Option<&Path> {
        match self {
            Self::Memory(_) => None,
            Self::Directory(directory) => Some(&directory.compiled),
        }
    }

    /// Stores a module under its digest; the same bytes again change nothing.
    pub(super) fn put(&self, digest: &Digest, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Memory(modules) => {
                lock(modules)
                    .entry(digest.clone())
                    .or_insert_with(|| bytes.into());
                Ok(())
            }
            Self::Directory(directory) => {
                let path = directory.module(digest)?;
                match fs::read(&path) {
                    // A file that is not what its name says is written anew.
                    Ok(stored) if stored == bytes => Ok(()),
                    _ => write_whole(&path, bytes),
                }
            }
        }
    }

    /// A module's bytes: exactly those that the digest names.
    pub(super) fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, Error> {
        let missing = || Error::NoSuchModule(digest.clone());
        match self {
            Self::Memory(modules) => lock(modules).get(digest).cloned().ok_or_else(missing),
            Self::Directory(directory) => {
                let path = directory.module(digest)?;
                let bytes = match fs::read(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
                    read => read.map_err(at(&path))?,
                };
                if digest_of(&bytes) != *digest {
                    return Err(at(&path)(io::ErrorKind::InvalidData.into()));
                }
                Ok(bytes.into())
            }
        }
    }

    pub(super) fn contains(&self, digest: &Digest) -> Result<bool, Error> {
        match self {
            Self::Memory(modules) => Ok(lock(modules).contains_key(digest)),
            Self::Directory(directory) => match directory.module(digest) {
                Ok(path) => path.try_exists().map_err(at(&path)),
                Err(Error::NoSuchModule(_)) => Ok(false),
                Err(error) => Err(error),
            },
        }
    }

    /// Removes a module and every file of compiled code made from it.
    pub(super) fn remove(&self, digest: &Digest) -> Result<(), Error> {
        match self {
            Self::Memory(modules) => {
                lock(modules).remove(digest);
                Ok(())
            }
            Self::Directory(directory) => {
                remove_compiled(&directory.compiled, digest, "")?;
                let path = directory.module(digest)?;
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
                    _ => sync_directory(&directory.modules),
                }
            }
        }
    }
}

impl Directory {
    /// A module's file. A digest comes from a journal or a request: what does not look
    /// like one names no file.
    fn module(&self, digest: &Digest) -> Result<PathBuf, Error> {
        let hexadecimal = digest
            .0
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digest.0.len() != 64 || !hexadecimal {
            return Err(Error::NoSuchModule(digest.clone()));
        }
        Ok(self.modules.join(format!("{digest}.wasm")))
    }
}

/// The digest of a module's bytes.
pub(super) fn digest_of(bytes: &[u8]) -> Digest {
    let hash = Sha256::digest(bytes);
    Digest(
        hash.iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
            .into(),
    )
}

/// Removes the compiled code of one module, but for the files that begin with `kept`.
pub(super) fn remove_compiled(folder: &Path, digest: &Digest, kept: &str) -> Result<(), Error> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let stale = kept.is_empty() || !name.starts_with(kept);
        if name.starts_with(&*digest.0) && stale {
            fs::remove_file(entry.path()).map_err(at(&entry.path()))?;
        }
    }
    Ok(())
}

/// Writes a file so that its name never stands for a part of it: a temporary file,
/// synced, renamed, and the directory synced.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let unique = format!(
        "{}-{}.{UNFINISHED}",
        std::process::id(),
        NEXT.fetch_add(1, Relaxed)
    );
    let unfinished = path.with_extension(unique);
    let written = File::create(&unfinished).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)
    });
    if let Err(error) = written {
        // What cannot be removed now is removed at the next start.
        let _ = fs::remove_file(&unfinished);
        return Err(at(path)(error));
    }
    path.parent().map_or(Ok(()), sync_directory)
}

/// The extension of a file that is being written.
const UNFINISHED: &str = "unfinished";

/// Removes what a crash left half written.
fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == UNFINISHED)
        {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Makes the names in a directory durable.
fn sync_directory(folder: &Path) -> Result<(), Error> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

/// An error of the file system, with its path.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> Error {
    let path = path.display().to_string();
    move |source| Error::Store {
        path: path.clone(),
        source,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let digest = digest_of(b"module");
        ModuleStore::open(directory.path())
            .unwrap()
            .put(&digest, b"module")
            .unwrap();
        let store = ModuleStore::open(directory.path()).unwrap();
        assert_eq!(&*store.get(&digest).unwrap(), b"module");
        store.remove(&digest).unwrap();
        assert!(!store.contains(&digest).unwrap());
        assert!(matches!(store.get(&digest), Err(Error::NoSuchModule(_))));
    }

    #[test]
    fn a_file_that_was_changed_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let digest = digest_of(b"module");
        let store = ModuleStore::open(directory.path()).unwrap();
        store.put(&digest, b"module").unwrap();
        let path = directory.path().join(format!("modules/{digest}.wasm"));
        fs::write(&path, b"another").unwrap();
        assert!(matches!(store.get(&digest), Err(Error::Store { .. })));
        store.put(&digest, b"module").unwrap();
        assert_eq!(&*store.get(&digest).unwrap(), b"module");
    }

    #[test]
    fn a_digest_that_is_a_path_names_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = ModuleStore::open(directory.path()).unwrap();
        let digest = Digest("../../../../etc/passwd".into());
        assert!(matches!(store.get(&digest), Err(Error::NoSuchModule(_))));
        assert!(!store.contains(&digest).unwrap());
    }

    #[test]
    fn what_a_crash_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let store = ModuleStore::open(directory.path()).unwrap();
        let left = directory.path().join("modules/abc.1-2.unfinished");
        fs::write(&left, b"half").unwrap();
        drop(store);
        ModuleStore::open(directory.path()).unwrap();
        assert!(!left.exists());
    }
}
