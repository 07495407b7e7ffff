//! The only doors to time and chance.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use asl::Timestamp;

/// The future of a moment that comes.
pub type Sleeping = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time, and waits for it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Resolves at that moment, or at once when it has passed. It may resolve early:
    /// who must be exact asks `now` again.
    fn sleep_until(&self, at: Timestamp) -> Sleeping;
}

/// Draws numbers.
pub trait Entropy: Send + Sync + 'static {
    /// Any number.
    fn draw(&self) -> u64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Longest sleep before the machine's clock is asked again: a clock that was set, or a
/// machine that slept, is noticed within it.
const SLEEP_MAX: Duration = Duration::from_secs(60);

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        }))
    }

    fn sleep_until(&self, at: Timestamp) -> Sleeping {
        let clock = *self;
        Box::pin(async move {
            loop {
                let left = at.0.saturating_sub(clock.now().0);
                let Ok(left) = u64::try_from(left) else {
                    return;
                };
                if left == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(left).min(SLEEP_MAX)).await;
            }
        })
    }
}

/// The machine's chance: the standard library's, which the operating system seeds.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn draw(&self) -> u64 {
        use std::hash::{BuildHasher, Hasher};
        std::collections::hash_map::RandomState::new()
            .build_hasher()
            .finish()
    }
}
