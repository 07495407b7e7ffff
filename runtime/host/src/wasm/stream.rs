//! What a guest's standard output and error write into: something in memory that takes
//! bytes at once and is never full, or ends the guest.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::Limits;

/// Takes what a guest writes. An error ends the guest.
pub(super) trait Sink: Send + Sync + 'static {
    fn take(&self, bytes: &[u8]) -> wasmtime::Result<()>;
}

/// A stream into a sink, in each of the forms that WASI asks for.
pub(super) struct Stream<S>(pub(super) Arc<S>);

impl<S> Clone for Stream<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a command prints, up to what it may answer.
pub(super) struct Printed {
    bytes_max: usize,
    bytes: Mutex<Vec<u8>>,
}

/// A command printed more than it may.
#[derive(Debug, thiserror::Error)]
#[error("standard output is longer than {0} bytes")]
pub(super) struct PrintedTooMuch(usize);

impl Printed {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            bytes_max: usize::try_from(limits.output_bytes_max).unwrap_or(usize::MAX),
            bytes: Mutex::default(),
        }
    }

    /// What was printed so far.
    pub(super) fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Printed {
    fn take(&self, bytes: &[u8]) -> wasmtime::Result<()> {
        let mut printed = self.bytes();
        if bytes.len() > self.bytes_max - printed.len() {
            return Err(PrintedTooMuch(self.bytes_max).into());
        }
        printed.extend_from_slice(bytes);
        Ok(())
    }
}

/// Bytes taken at once; more than this only takes another call.
const WRITE_BYTES_MAX: usize = 64 << 10;

#[async_trait::async_trait]
impl<S: Sink> Pollable for Stream<S> {
    async fn ready(&mut self) {}
}

impl<S: Sink> OutputStream for Stream<S> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.take(&bytes).map_err(StreamError::Trap)
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES_MAX)
    }
}

impl<S> IsTerminal for Stream<S> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<S: Sink> StdoutStream for Stream<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl<S: Sink> AsyncWrite for Stream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let taken = self.0.take(bytes).map(|()| bytes.len());
        Poll::Ready(taken.map_err(|error| io::Error::other(error.to_string())))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
