//! Bodies: how large, how slow, and how much of them is held at once.

use std::sync::Arc;
use std::time::Duration;

use api::ApiError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Bytes of bodies held at once, in KiB. Ours: what 128 requests of the longest kind take;
/// more wait until some are answered.
const HELD_KIBIBYTES_MAX: usize = 512 << 10;
/// How long a body may take to come, and to get its place among those held.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The slowest that a long body may come, in bytes a second, beyond [`READ_TIMEOUT`].
const RATE_MIN: u64 = 64 << 10;
/// How much of a refused body is read and forgotten, and for how long: enough for an honest
/// mistake; whoever sends more is cut off.
const DISCARDED_BYTES_MAX: usize = 64 << 20;
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Reads bodies, all of them within one bound.
#[derive(Clone, Debug)]
pub(super) struct Bodies {
    held: Arc<Semaphore>,
    read_timeout: Duration,
}

/// A body that was read, and its place.
pub(super) struct Held {
    pub(super) bytes: Bytes,
    _place: OwnedSemaphorePermit,
}

impl Bodies {
    /// No bodies yet.
    pub(super) fn new() -> Self {
        Self {
            held: Arc::new(Semaphore::new(HELD_KIBIBYTES_MAX)),
            read_timeout: READ_TIMEOUT,
        }
    }

    #[cfg(test)]
    fn with_timeout(self, read_timeout: Duration) -> Self {
        Self {
            read_timeout,
            ..self
        }
    }

    /// Reads a body of at most this many bytes whole.
    ///
    /// # Errors
    /// `RequestEntityTooLargeException`, `RequestTimeoutException`, or that it did not come
    /// whole.
    pub(super) async fn read(
        &self,
        head: &HeaderMap,
        body: &mut Body,
        bytes_max: usize,
    ) -> Result<Held, ApiError> {
        let length = length(head).unwrap_or(bytes_max);
        if length > bytes_max {
            return Err(too_large(bytes_max));
        }
        let slow = Duration::from_secs(length as u64 / RATE_MIN);
        match timeout(self.read_timeout + slow, self.take(length, body, bytes_max)).await {
            Ok(read) => read,
            Err(_) => Err(ApiError::new(
                "RequestTimeoutException",
                "The request's body was not received within the time limit.",
            )),
        }
    }

    async fn take(
        &self,
        length: usize,
        body: &mut Body,
        bytes_max: usize,
    ) -> Result<Held, ApiError> {
        let places = u32::try_from(length.div_ceil(1024)).unwrap_or(u32::MAX);
        let place = Arc::clone(&self.held).acquire_many_owned(places).await;
        match Limited::new(body, bytes_max).collect().await {
            Ok(collected) => Ok(Held {
                bytes: collected.to_bytes(),
                _place: place.expect("never closed"),
            }),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
            Err(error) => Err(ApiError::new(
                "SerializationException",
                format!("The request's body did not come whole: {error}"),
            )),
        }
    }

    /// Reads what is left of a body that is refused, and forgets it: a client that is still
    /// sending reads no answer. Answers whether that was all of it.
    pub(super) async fn discard(&self, body: &mut Body) -> bool {
        let rest = async {
            let mut left = DISCARDED_BYTES_MAX;
            while let Some(frame) = body.frame().await {
                let length = frame.ok()?.data_ref().map_or(0, Bytes::len);
                left = left.checked_sub(length)?;
            }
            Some(())
        };
        matches!(timeout(DISCARD_TIMEOUT, rest).await, Ok(Some(())))
    }
}

fn too_large(bytes_max: usize) -> ApiError {
    let message = format!("Request size exceeded the limit of {bytes_max} bytes");
    ApiError::new("RequestEntityTooLargeException", message)
}

fn length(head: &HeaderMap) -> Option<usize> {
    head.get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 2_000;

    async fn read(bodies: &Bodies, length: Option<usize>, mut body: Body) -> Result<usize, String> {
        let mut head = HeaderMap::new();
        if let Some(length) = length {
            head.insert(header::CONTENT_LENGTH, length.into());
        }
        let read = bodies.read(&head, &mut body, LIMIT).await;
        read.map(|held| held.bytes.len())
            .map_err(|error| error.name.to_owned())
    }

    #[tokio::test]
    async fn a_body_is_as_long_as_the_limit_at_most() {
        let bodies = Bodies::new();
        let too_large = Err("RequestEntityTooLargeException".to_owned());
        assert_eq!(
            read(&bodies, Some(LIMIT), vec![0; LIMIT].into()).await,
            Ok(LIMIT)
        );
        assert_eq!(read(&bodies, None, vec![0; LIMIT].into()).await, Ok(LIMIT));
        assert_eq!(
            read(&bodies, None, vec![0; LIMIT + 1].into()).await,
            too_large
        );
        assert_eq!(
            read(&bodies, Some(LIMIT + 1), Body::empty()).await,
            too_large
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_come_is_not_waited_for() {
        let (_sender, body) = http_body_util::channel::Channel::<Bytes, std::io::Error>::new(1);
        let bodies = Bodies::new().with_timeout(Duration::from_secs(1));
        let timed_out = Err("RequestTimeoutException".to_owned());
        assert_eq!(read(&bodies, None, Body::new(body)).await, timed_out);
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_of_a_refused_body_is_read_up_to_a_bound() {
        let bodies = Bodies::new();
        assert!(bodies.discard(&mut Body::from(vec![0; 3 * LIMIT])).await);
        assert!(
            !bodies
                .discard(&mut Body::from(vec![0; DISCARDED_BYTES_MAX + 1]))
                .await
        );
        let (_sender, body) = http_body_util::channel::Channel::<Bytes, std::io::Error>::new(1);
        assert!(!bodies.discard(&mut Body::new(body)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_held_than_the_bound_has_room_for() {
        let bodies = Bodies::new();
        let mut head = HeaderMap::new();
        head.insert(header::CONTENT_LENGTH, (HELD_KIBIBYTES_MAX << 10).into());
        let first = bodies
            .read(&head, &mut Body::empty(), HELD_KIBIBYTES_MAX << 10)
            .await;
        assert!(first.is_ok());
        let timed_out = Err("RequestTimeoutException".to_owned());
        assert_eq!(read(&bodies, Some(1), Body::from("x")).await, timed_out);
        drop(first);
        assert_eq!(read(&bodies, Some(1), Body::from("x")).await, Ok(1));
    }
}
