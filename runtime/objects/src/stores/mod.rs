//! Buckets: folders of this machine, and whatever speaks S3's protocol.
//!
//! Read [`Buckets`] first. What is read goes [`object`] (ranges of one object) → `formats` →
//! [`source`] (the items of one or of many objects) → [`batches`] (a little ahead of who takes
//! them, on blocking threads). What is written goes through [`writer`].

mod batches;
mod listing;
#[cfg(test)]
mod moto;
mod object;
mod s3;
mod source;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use asl::{ErrorName, Failure, Payload};
use object_store::ObjectStore;
use object_store::aws::AmazonS3;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use tokio::runtime::Handle;

use crate::reader::Reader;
use crate::{Answering, ObjectWriter, Objects, OpenedItems, Pinned};
pub use s3::S3Settings;

/// The buckets that can be reached.
///
/// A bucket that is a folder here is that folder; any other is asked for where
/// [`S3Settings`] say, if they say anything.
pub struct Buckets {
    folders: HashMap<String, Folder>,
    s3: Option<S3Settings>,
    /// Clients, by bucket: each keeps its connections.
    clients: Mutex<HashMap<String, Arc<AmazonS3>>>,
}

/// Clients that are kept: a machine names its buckets, an input may name any.
const CLIENTS_MAX: usize = 64;

#[derive(Clone)]
struct Folder {
    path: PathBuf,
    store: Arc<LocalFileSystem>,
}

/// Why the buckets cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum BucketsError {
    /// A bucket's folder.
    #[error("the folder of bucket {bucket}, {}, cannot be used: {source}", folder.display())]
    Folder {
        /// The bucket.
        bucket: String,
        /// Its folder.
        folder: PathBuf,
        /// Why.
        source: object_store::Error,
    },
}

/// A bucket that was found.
#[derive(Clone)]
pub(crate) enum Bucket {
    Folder(PathBuf, Arc<LocalFileSystem>),
    S3(Arc<AmazonS3>),
}

impl Bucket {
    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        match self {
            Self::Folder(_, store) => Arc::clone(store) as Arc<dyn ObjectStore>,
            Self::S3(store) => Arc::clone(store) as Arc<dyn ObjectStore>,
        }
    }
}

impl Buckets {
    /// Folders by bucket; and S3, where there is one.
    ///
    /// # Errors
    /// [`BucketsError`] when a folder is none.
    pub fn new<'f>(
        folders: impl IntoIterator<Item = (&'f str, &'f FilePath)>,
        s3: Option<S3Settings>,
    ) -> Result<Self, BucketsError> {
        let folders = folders.into_iter().map(|(bucket, folder)| {
            let store = LocalFileSystem::new_with_prefix(folder).map_err(|source| {
                BucketsError::Folder {
                    bucket: bucket.to_owned(),
                    folder: folder.to_owned(),
                    source,
                }
            })?;
            let folder = Folder {
                path: folder.to_owned(),
                // What is said to be written survives a crash.
                store: Arc::new(store.with_fsync(true)),
            };
            Ok((bucket.to_owned(), folder))
        });
        Ok(Self {
            folders: folders.collect::<Result<_, _>>()?,
            s3,
            clients: Mutex::default(),
        })
    }

    /// The bucket of this name.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(crate) fn find(&self, name: &str) -> Result<Bucket, String> {
        if let Some(Folder { path, store }) = self.folders.get(name) {
            return Ok(Bucket::Folder(path.clone(), Arc::clone(store)));
        }
        let settings = self.s3.as_ref().ok_or_else(|| {
            format!(
                "there is no bucket {name}: no folder was given for it (--bucket {name}=DIR), and \
                 neither AWS_ENDPOINT_URL_S3 nor AWS_ENDPOINT_URL nor credentials are set"
            )
        })?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = clients.get(name) {
            return Ok(Bucket::S3(Arc::clone(known)));
        }
        let client = settings.client(name).map_err(|error| words(&error))?;
        let client = Arc::new(client);
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(name.to_owned(), Arc::clone(&client));
        Ok(Bucket::S3(client))
    }
}

impl Objects for Arc<Buckets> {
    fn open<'a>(&'a self, reader: &'a Payload, pinned: Pinned) -> Answering<'a, OpenedItems> {
        Box::pin(async move {
            let reader =
                Reader::parse(reader.value()).map_err(|error| unreadable(error.to_string()))?;
            let shelf = source::Shelf {
                buckets: Arc::clone(self),
                runtime: Handle::current(),
            };
            let opening = tokio::task::spawn_blocking(move || source::open(shelf, reader, pinned));
            let (source, pinned) = opening
                .await
                .map_err(|error| unreadable(format!("the reader failed: {error}")))??;
            Ok((Box::new(batches::Batches::new(source)) as _, pinned))
        })
    }

    fn create<'a>(&'a self, bucket: &'a str, key: &'a str) -> Answering<'a, Box<dyn ObjectWriter>> {
        let created = self.find(bucket).and_then(|found| {
            let path = path(key)?;
            let uri = format!("s3://{bucket}/{key}");
            Ok(Box::new(writer::Writer::new(found.store(), path, uri)) as _)
        });
        Box::pin(std::future::ready(created.map_err(writer::unwritable)))
    }
}

/// A key, as the library has it.
fn path(key: &str) -> Result<Path, String> {
    Path::parse(key).map_err(|error| format!("the key '{key}' cannot be used: {error}"))
}

fn unreadable(cause: String) -> Failure {
    Failure::new(ErrorName::ITEM_READER_FAILED, cause)
}

/// An error with all that led to it, without saying anything twice.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(inner) = next {
        let more = inner.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        next = inner.source();
    }
    words
}
