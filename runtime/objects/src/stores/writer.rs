//! An object that is being written: in parts, and seen when it is whole.

use std::error::Error;
use std::time::Duration;

use asl::{ErrorName, Failure};
use object_store::buffered::BufWriter;
use tokio::io::AsyncWriteExt;

use super::keys::Address;
use super::wire::Asked;
use super::{Bucket, words};
use crate::{Answering, ObjectWriter};

/// Bytes that are written at once, and how many such parts are on their way: what that holds in
/// memory is a part each, and one that is being filled.
struct Parts {
    bytes: usize,
    at_once: usize,
}

/// S3 takes no less than 5 MiB and no more than 10,000 parts: 50 GB, where 5 may be had.
const OF_S3: Parts = Parts {
    bytes: 5 * 1024 * 1024,
    at_once: 2,
};
/// A disk takes any.
const OF_A_FOLDER: Parts = Parts {
    bytes: 1024 * 1024,
    at_once: 1,
};

/// The object.
pub(super) struct Writer {
    object: BufWriter,
    /// The request that writes it whole, or begins it, if it has parts.
    asked: Asked,
    uri: String,
    /// How long the parts that are on their way are waited for.
    patience: Duration,
}

impl Writer {
    /// # Errors
    /// Why the key is none that can be written.
    pub(super) fn new(bucket: &Bucket, key: &str, uri: String) -> Result<Self, String> {
        let Address { path, key: beside } = bucket.address(key)?;
        // A key goes beside a path in requests that read; the library's writer has no place.
        if beside.is_some() {
            return Err(format!(
                "the key '{key}' cannot be written: give ResultWriter a Prefix without a '/' at its \
                 beginning, '//' and control characters"
            ));
        }
        let asked = Asked::default();
        let parts = match bucket {
            Bucket::Folder(..) => OF_A_FOLDER,
            Bucket::S3(..) => OF_S3,
        };
        let object = BufWriter::with_capacity(bucket.store(), path, parts.bytes)
            .with_extensions(asked.extensions());
        Ok(Self {
            object: object.with_max_concurrency(parts.at_once),
            asked,
            uri,
            patience: bucket.patience(),
        })
    }

    fn failed(&self, why: &str) -> Failure {
        let told = self.asked.told();
        unwritable(match told.refusal {
            Some(refusal) => format!("{}: {refusal} (attempts: {})", self.uri, told.attempts),
            None => format!("{}: {why}", self.uri),
        })
    }
}

/// Waits for what was sent to be taken.
async fn within<T, E: Error + 'static>(
    patience: Duration,
    taken: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(patience, taken).await {
        Ok(taken) => taken.map_err(|error| words(&error)),
        Err(_) => Err(format!("what was sent was not taken within {patience:?}")),
    }
}

impl ObjectWriter for Writer {
    fn write(&mut self, bytes: Vec<u8>) -> Answering<'_, ()> {
        Box::pin(async move {
            let written = within(self.patience, self.object.put(bytes.into())).await;
            if let Err(why) = written {
                // Parts that lie about cost something in most stores.
                let _ = within(self.patience, self.object.abort()).await;
                return Err(self.failed(&why));
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>) -> Answering<'static, ()> {
        Box::pin(async move {
            // When it fails it takes back what was sent, as far as that can be done.
            let ended = within(self.patience, self.object.shutdown()).await;
            ended.map_err(|why| self.failed(&why))
        })
    }
}

pub(super) fn unwritable(cause: String) -> Failure {
    Failure::new(ErrorName::RESULT_WRITER_FAILED, cause)
}
