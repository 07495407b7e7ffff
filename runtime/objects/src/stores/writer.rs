//! An object that is being written: in parts, and seen when it is whole.

use std::sync::Arc;

use asl::{ErrorName, Failure};
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tokio::io::AsyncWriteExt;

use super::words;
use crate::{Answering, ObjectWriter};

/// Bytes that are written at once: S3 takes no less than 5 MiB and no more than 10,000 parts.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are on their way at once: what that holds in memory is a part each.
const PARTS_AT_ONCE: usize = 2;

/// The object.
pub(super) struct Writer {
    object: BufWriter,
    uri: String,
}

impl Writer {
    pub(super) fn new(store: Arc<dyn ObjectStore>, path: Path, uri: String) -> Self {
        let object = BufWriter::with_capacity(store, path, PART_BYTES);
        Self {
            object: object.with_max_concurrency(PARTS_AT_ONCE),
            uri,
        }
    }

    fn failed(&self, error: &dyn std::error::Error) -> Failure {
        unwritable(format!("{}: {}", self.uri, words(error)))
    }
}

impl ObjectWriter for Writer {
    fn write(&mut self, bytes: Vec<u8>) -> Answering<'_, ()> {
        Box::pin(async move {
            let written = self.object.put(bytes.into()).await;
            if let Err(error) = written {
                // Parts that lie about cost something in most stores.
                let _ = self.object.abort().await;
                return Err(self.failed(&error));
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>) -> Answering<'static, ()> {
        Box::pin(async move {
            // When it fails it takes back what was sent, as far as that can be done.
            let ended = self.object.shutdown().await;
            ended.map_err(|error| self.failed(&error))
        })
    }
}

pub(super) fn unwritable(cause: String) -> Failure {
    Failure::new(ErrorName::RESULT_WRITER_FAILED, cause)
}
