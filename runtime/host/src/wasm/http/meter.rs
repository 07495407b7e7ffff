//! What a guest's requests use: bytes and connections, counted over the attempt.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::Error;

use crate::Limits;

/// Counts one attempt.
pub(super) struct Meter {
    bytes: AtomicU64,
    bytes_max: u64,
    connections: Arc<Semaphore>,
}

impl Meter {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            bytes: AtomicU64::new(0),
            bytes_max: limits.http_bytes_max,
            connections: Arc::new(Semaphore::new(limits.connections_max as usize)),
        }
    }

    /// What bodies carried so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Relaxed)
    }

    /// A place for one more connection.
    ///
    /// # Errors
    /// [`Error::ConnectionLimitReached`].
    pub(super) fn connection(&self) -> Result<OwnedSemaphorePermit, Error> {
        let place = Arc::clone(&self.connections).try_acquire_owned();
        place.map_err(|_| Error::ConnectionLimitReached)
    }

    /// Counts bytes; false when they are more than there may be.
    fn admits(&self, bytes: usize) -> bool {
        let before = self.bytes.fetch_add(bytes as u64, Relaxed);
        before.saturating_add(bytes as u64) <= self.bytes_max
    }
}

/// Which way a body goes.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// From the guest.
    Out,
    /// To the guest.
    In,
}

/// A body that is counted, and that must not pause for longer than it may.
pub(super) struct Metered<B> {
    body: B,
    meter: Arc<Meter>,
    way: Way,
    pause_max: Duration,
    pause: Pin<Box<Sleep>>,
}

impl<B> Metered<B> {
    pub(super) fn new(body: B, meter: Arc<Meter>, way: Way, pause_max: Duration) -> Self {
        Self {
            body,
            meter,
            way,
            pause_max,
            pause: Box::pin(tokio::time::sleep(pause_max)),
        }
    }

    /// Counts a frame, or ends the body with what is wrong.
    fn count(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Error> {
        self.pause.as_mut().reset(Instant::now() + self.pause_max);
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let max = Some(self.meter.bytes_max);
        match (self.meter.admits(bytes), self.way) {
            (true, _) => Ok(frame),
            (false, Way::Out) => Err(Error::HttpRequestBodySize(max)),
            (false, Way::In) => Err(Error::HttpResponseBodySize(max)),
        }
    }
}

impl<B> Body for Metered<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Error>,
{
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(self.count(frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => self.pause.as_mut().poll(context).map(|()| {
                Some(Err(match self.way {
                    Way::Out => Error::ConnectionWriteTimeout,
                    Way::In => Error::ConnectionReadTimeout,
                }))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};

    use super::*;

    fn meter(bytes_max: u64) -> Arc<Meter> {
        Arc::new(Meter::new(&Limits {
            http_bytes_max: bytes_max,
            connections_max: 1,
            ..Limits::default()
        }))
    }

    #[tokio::test]
    async fn bodies_of_both_ways_count_together() {
        let meter = meter(5);
        let body = |way| {
            let body = Full::new(Bytes::from_static(b"abc"));
            Metered::new(body, Arc::clone(&meter), way, Duration::from_secs(9))
        };
        assert_eq!(body(Way::Out).collect().await.unwrap().to_bytes(), "abc");
        let over = body(Way::In).collect().await;
        assert!(matches!(over, Err(Error::HttpResponseBodySize(Some(5)))));
        assert_eq!(meter.bytes(), 6);
    }

    #[test]
    fn connections_are_as_many_as_there_may_be() {
        let meter = meter(0);
        let first = meter.connection().unwrap();
        let refused = meter.connection();
        assert!(matches!(refused, Err(Error::ConnectionLimitReached)));
        drop(first);
        assert!(meter.connection().is_ok());
    }
}
