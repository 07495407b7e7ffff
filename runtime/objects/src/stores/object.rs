//! One object, read in ranges, each under the ETag that the first look gave: an object that
//! is changed meanwhile is refused, not mixed.

use std::io::{self, Read};
use std::sync::Arc;

use bytes::{Buf, Bytes};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::runtime::Handle;

use super::words;
use crate::formats::{self, Parts};
use crate::limits::{OBJECT_BYTES_MAX, RANGE_BYTES};

/// An object that was looked at.
#[derive(Clone)]
pub(super) struct Object {
    store: Arc<dyn ObjectStore>,
    path: Path,
    version: Option<String>,
    meta: ObjectMeta,
    runtime: Handle,
}

impl Object {
    /// Looks at an object. Blocks; not for a thread that runs tasks.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn look(
        store: Arc<dyn ObjectStore>,
        path: Path,
        version: Option<String>,
        runtime: Handle,
    ) -> Result<Self, String> {
        let options = GetOptions {
            head: true,
            version: version.clone(),
            ..GetOptions::default()
        };
        let looked = runtime.block_on(store.get_opts(&path, options));
        let meta = looked.map_err(|error| of_store(&error))?.meta;
        if meta.size > OBJECT_BYTES_MAX {
            return Err(format!(
                "it has {} bytes, and may have {OBJECT_BYTES_MAX}",
                meta.size
            ));
        }
        Ok(Self {
            store,
            path,
            version,
            meta,
            runtime,
        })
    }

    pub(super) fn e_tag(&self) -> Option<&str> {
        self.meta.e_tag.as_deref()
    }

    pub(super) fn size(&self) -> u64 {
        self.meta.size
    }

    /// Its bytes, from the first on.
    pub(super) fn bytes(&self) -> formats::Bytes {
        self.from(0)
    }

    fn range(&self, from: u64) -> io::Result<Bytes> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(
                from..self.meta.size.min(from + RANGE_BYTES),
            )),
            if_match: self.meta.e_tag.clone(),
            version: self.version.clone(),
            ..GetOptions::default()
        };
        let fetched = self.runtime.block_on(async {
            let answer = self.store.get_opts(&self.path, options).await?;
            answer.bytes().await
        });
        let bytes = fetched.map_err(|error| io::Error::other(of_store(&error)))?;
        match bytes.is_empty() {
            true => Err(io::ErrorKind::UnexpectedEof.into()),
            false => Ok(bytes),
        }
    }
}

impl Parts for Object {
    fn len(&self) -> u64 {
        self.meta.size
    }

    fn from(&self, start: u64) -> formats::Bytes {
        Box::new(Ranges {
            object: self.clone(),
            next: start,
            bytes: Bytes::new(),
        })
    }
}

/// Range after range.
struct Ranges {
    object: Object,
    next: u64,
    bytes: Bytes,
}

impl Read for Ranges {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() && self.next < self.object.meta.size {
            self.bytes = self.object.range(self.next)?;
            self.next += self.bytes.len() as u64;
        }
        let length = buffer.len().min(self.bytes.len());
        self.bytes.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}

/// What a store says, in words that do not depend on which store it is.
pub(super) fn of_store(error: &object_store::Error) -> String {
    match error {
        object_store::Error::NotFound { .. } => "The specified key does not exist.".into(),
        object_store::Error::Precondition { .. } => {
            "the object was changed while it was read".into()
        }
        object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. } => format!("Access Denied: {}", words(error)),
        other => words(other),
    }
}
