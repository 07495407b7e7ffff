//! Buckets: folders of this machine, and whatever speaks S3's protocol.
//!
//! Read [`Buckets`] first. What is read goes [`object`] (ranges of one object) → `formats` →
//! [`source`] (the items of one or of many objects) → [`batches`] (a little ahead of who takes
//! them, on blocking threads). What is written goes through [`writer`]. [`wire`] is what requests
//! to S3 pass through.

#[cfg(test)]
mod asking;
mod batches;
mod keys;
mod listing;
mod manifest;
#[cfg(test)]
mod misbehaving;
#[cfg(test)]
mod moto;
mod object;
mod s3;
mod source;
#[cfg(test)]
mod tests;
mod trace;
mod wire;
mod writer;

use std::collections::HashMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use std::time::Duration;

use asl::{ErrorName, Failure, Payload};
use http::HeaderValue;
use object_store::ObjectStore;
use object_store::aws::AmazonS3;
use object_store::local::LocalFileSystem;
use tokio::runtime::Handle;

use crate::reader::Reader;
use crate::{Answering, Known, ObjectWriter, Objects, OpenedItems};
use keys::Address;
use s3::ANSWER_TIMEOUT;
pub use s3::S3Settings;

/// The buckets that can be reached.
///
/// A bucket that is a folder here is that folder; any other is asked for where
/// [`S3Settings`] say, if they say anything.
pub struct Buckets {
    folders: HashMap<String, Folder>,
    /// The account that folders belong to.
    account: String,
    s3: Option<S3Settings>,
    /// Each keeps its connections.
    clients: Mutex<HashMap<Whose, Arc<AmazonS3>>>,
}

/// A bucket, and who must own it.
type Whose = (String, Option<String>);

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
enum Bucket {
    Folder(PathBuf, Arc<LocalFileSystem>),
    S3(Arc<AmazonS3>, Duration),
}

impl Bucket {
    fn store(&self) -> Arc<dyn ObjectStore> {
        match self {
            Self::Folder(_, store) => Arc::clone(store) as Arc<dyn ObjectStore>,
            Self::S3(store, _) => Arc::clone(store) as Arc<dyn ObjectStore>,
        }
    }

    fn address(&self, key: &str) -> Result<Address, String> {
        match self {
            Self::Folder(..) => keys::in_folder(key),
            Self::S3(..) => keys::in_s3(key),
        }
    }

    /// How long an answer is waited for: a folder's disk may be a network's, too.
    fn patience(&self) -> Duration {
        match self {
            Self::Folder(..) => ANSWER_TIMEOUT,
            Self::S3(_, patience) => *patience,
        }
    }
}

impl Buckets {
    /// Folders by bucket, with the account that they belong to; and S3, where there is one.
    ///
    /// # Errors
    /// [`BucketsError`] when a folder is none.
    pub fn new<'f>(
        folders: impl IntoIterator<Item = (&'f str, &'f FilePath)>,
        account: &str,
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
            account: account.to_owned(),
            s3,
            clients: Mutex::default(),
        })
    }

    /// The bucket of this name, which must belong to `owner`, where that is given.
    ///
    /// # Errors
    /// What is wrong, in words.
    fn find(&self, name: &str, owner: Option<&str>) -> Result<Bucket, String> {
        let header = owner.map(account).transpose()?;
        if let Some(Folder { path, store }) = self.folders.get(name) {
            if let Some(owner) = owner.filter(|owner| *owner != self.account) {
                return Err(format!(
                    "Access Denied: ExpectedBucketOwner is {owner}, and the folder is of account {}",
                    self.account
                ));
            }
            return Ok(Bucket::Folder(path.clone(), Arc::clone(store)));
        }
        let settings = self.s3.as_ref().ok_or_else(|| {
            format!(
                "there is no bucket {name}: no folder was given for it (--bucket {name}=DIR), and \
                 neither AWS_ENDPOINT_URL_S3 nor AWS_ENDPOINT_URL nor credentials are set"
            )
        })?;
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let whose: Whose = (name.to_owned(), owner.map(str::to_owned));
        if let Some(known) = clients.get(&whose) {
            return Ok(Bucket::S3(Arc::clone(known), settings.patience.answer));
        }
        let client = settings
            .client(name, header)
            .map_err(|error| words(&error))?;
        let client = Arc::new(client);
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(whose, Arc::clone(&client));
        Ok(Bucket::S3(client, settings.patience.answer))
    }
}

/// An account's number, as a header has it.
fn account(owner: &str) -> Result<HeaderValue, String> {
    let is_account = owner.len() == 12 && owner.bytes().all(|byte| byte.is_ascii_digit());
    let header = HeaderValue::from_str(owner).ok().filter(|_| is_account);
    header
        .ok_or_else(|| format!("ExpectedBucketOwner is '{owner}', and an account is twelve digits"))
}

impl Objects for Arc<Buckets> {
    fn open<'a>(&'a self, reader: &'a Payload, known: Known) -> Answering<'a, OpenedItems> {
        Box::pin(async move {
            let reader =
                Reader::parse(reader.value()).map_err(|error| unreadable(error.to_string()))?;
            let shelf = source::Shelf {
                buckets: Arc::clone(self),
                owner: reader.owner.clone(),
                runtime: Handle::current(),
            };
            let opening = tokio::task::spawn_blocking(move || source::open(shelf, reader, known));
            let (source, pinned) = opening
                .await
                .map_err(|error| unreadable(format!("the reader failed: {error}")))??;
            Ok((Box::new(batches::Batches::new(source)) as _, pinned))
        })
    }

    fn create<'a>(
        &'a self,
        bucket: &'a str,
        owner: Option<&'a str>,
        key: &'a str,
    ) -> Answering<'a, Box<dyn ObjectWriter>> {
        let uri = format!("s3://{bucket}/{key}");
        let created = self.find(bucket, owner).and_then(|found| {
            let writer = writer::Writer::new(&found, key, uri.clone())?;
            Ok(Box::new(writer) as _)
        });
        let created = created.map_err(|why| writer::unwritable(format!("{uri}: {why}")));
        Box::pin(std::future::ready(created))
    }
}

fn unreadable(cause: String) -> Failure {
    Failure::new(ErrorName::ITEM_READER_FAILED, cause)
}

/// An error with all that led to it, without saying anything twice, nor that the library does
/// not know what it is.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    loop {
        let generic = error.downcast_ref::<object_store::Error>();
        let carried = error.downcast_ref::<std::io::Error>();
        if let Some(object_store::Error::Generic { source, .. }) = generic {
            error = &**source;
        } else if let Some(inner) = carried.and_then(std::io::Error::get_ref) {
            error = inner;
        } else {
            break;
        }
    }
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
