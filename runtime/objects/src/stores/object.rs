//! One object, read in ranges, each under the ETag that the first look gave: an object that
//! is changed meanwhile is refused, not mixed.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::StatusCode;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::runtime::Handle;

use super::keys::Address;
use super::wire::Asked;
use super::{Bucket, words};
use crate::formats::{self, Parts};
use crate::limits::{OBJECT_BYTES_MAX, RANGE_BYTES};

/// An object that was looked at.
#[derive(Clone)]
pub(super) struct Object {
    store: Arc<dyn ObjectStore>,
    address: Address,
    version: Option<String>,
    meta: ObjectMeta,
    /// How long an answer is waited for.
    patience: Duration,
    runtime: Handle,
}

impl Object {
    /// Looks at an object. Blocks; not for a thread that runs tasks.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn look(
        bucket: &Bucket,
        key: &str,
        version: Option<String>,
        runtime: Handle,
    ) -> Result<Self, String> {
        let (store, address, patience) = (bucket.store(), bucket.address(key)?, bucket.patience());
        let asked = Asked::object(address.key.as_deref());
        let options = GetOptions {
            head: true,
            version: version.clone(),
            extensions: asked.extensions(),
            ..GetOptions::default()
        };
        let answer = store.get_opts(&address.path, options);
        let meta = runtime.block_on(within(patience, &asked, answer))?.meta;
        if meta.size > OBJECT_BYTES_MAX {
            return Err(format!(
                "it has {} bytes, and may have {OBJECT_BYTES_MAX}",
                meta.size
            ));
        }
        Ok(Self {
            store,
            address,
            version,
            meta,
            patience,
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
        let asked = Asked::object(self.address.key.as_deref());
        let options = GetOptions {
            range: Some(GetRange::Bounded(
                from..self.meta.size.min(from + RANGE_BYTES),
            )),
            if_match: self.meta.e_tag.clone(),
            version: self.version.clone(),
            extensions: asked.extensions(),
            ..GetOptions::default()
        };
        let answer = async {
            let answer = self.store.get_opts(&self.address.path, options).await?;
            answer.bytes().await
        };
        let fetched = self.runtime.block_on(within(self.patience, &asked, answer));
        let bytes = fetched.map_err(io::Error::other)?;
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

/// Waits for what a store answers, and no longer than it may take with all repetitions.
///
/// # Errors
/// What is wrong, in words.
pub(super) async fn within<T>(
    patience: Duration,
    asked: &Asked,
    answer: impl Future<Output = object_store::Result<T>>,
) -> Result<T, String> {
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => answer.map_err(|error| of_store(&error, asked)),
        Err(_) => Err(format!(
            "no whole answer within {patience:?} (attempts: {})",
            asked.told().attempts
        )),
    }
}

/// What a store says, in words that do not depend on which store it is.
fn of_store(error: &object_store::Error, asked: &Asked) -> String {
    let told = asked.told();
    let said = match &told.refusal {
        Some(refusal) => refusal.to_string(),
        None => words(error),
    };
    // Not every request that fails is told apart by the library.
    let status = told.refusal.as_ref().and_then(|refusal| refusal.status);
    match (error, status) {
        (object_store::Error::NotFound { .. }, _) | (_, Some(StatusCode::NOT_FOUND)) => {
            let reason = told.refusal.and_then(|refusal| refusal.reason);
            let message = reason.map(|(_, message)| message);
            message.unwrap_or_else(|| "The specified key does not exist.".into())
        }
        (object_store::Error::Precondition { .. }, _) => {
            "the object was changed while it was read".into()
        }
        (object_store::Error::PermissionDenied { .. }, _)
        | (object_store::Error::Unauthenticated { .. }, _)
        | (_, Some(StatusCode::FORBIDDEN)) => format!("Access Denied: {said}"),
        _ if told.attempts > 0 => format!("{said} (attempts: {})", told.attempts),
        _ => said,
    }
}
