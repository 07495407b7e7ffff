//! Takes modules in: checked, compiled and kept under their digest, ready to be run.
//!
//! What it takes to judge a module is behind the trait, so that whoever offers modules needs
//! no compiler. Read [`ModuleKeeper`] first.

use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error};

/// The future of a module that is taken in.
pub type Preparing<'a> = Pin<Box<dyn Future<Output = Result<Prepared, NotPrepared>> + Send + 'a>>;

/// How a module takes its input and gives its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A component that exports `stepwell:task/handler`: JSON in, JSON or a failure out.
    Task,
    /// A component that exports `wasi:cli/run`: JSON on standard input and output.
    Command,
    /// A core module that is a WASI preview 1 command: JSON on standard input and output.
    Preview1,
}

/// A module that was checked, compiled and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// By which it is run.
    pub digest: Digest,
    /// How it is called.
    pub kind: Kind,
    /// What it imports, by name, as it wrote them.
    pub imports: Vec<String>,
}

/// Why a module was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotPrepared {
    /// Something is wrong with the module: a sentence for its author.
    #[error("{0}")]
    Refused(String),
    /// Nothing is wrong with the module, but it could not be stored.
    #[error(transparent)]
    Host(#[from] Error),
}

/// Keeps modules by digest. Every method is safe to repeat.
pub trait ModuleKeeper: Send + Sync + 'static {
    /// Checks, compiles and stores a module; to prepare the same bytes again is cheap.
    ///
    /// # Errors
    /// [`NotPrepared`].
    fn prepare(&self, bytes: Vec<u8>) -> Preparing<'_>;

    /// A module's bytes: exactly those that the digest names.
    ///
    /// # Errors
    /// [`Error::NoSuchModule`], or the store's.
    fn bytes(&self, digest: &Digest) -> Result<Arc<[u8]>, Error>;
}
