//! The only doors to time and chance.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use asl::Timestamp;
use asl::interpreter::{Chance, Secret};
use chacha20::ChaCha20Rng;
use chacha20::rand_core::{Rng, SeedableRng};

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

    /// 128 bits that nobody can guess.
    fn secret(&self) -> [u8; 16] {
        let both = u128::from(self.draw()) << 64 | u128::from(self.draw());
        both.to_le_bytes()
    }
}

/// One step's share of chance.
pub(crate) fn chance(entropy: &dyn Entropy) -> Chance {
    Chance {
        seed: entropy.draw(),
        secret: Secret::new(entropy.secret()),
    }
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

/// The machine's chance: a cipher's stream in each thread, with a key from the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

thread_local! {
    static STREAM: RefCell<ChaCha20Rng> = RefCell::new({
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the operating system gives random bytes");
        ChaCha20Rng::from_seed(key)
    });
}

impl Entropy for SystemEntropy {
    fn draw(&self) -> u64 {
        STREAM.with_borrow_mut(Rng::next_u64)
    }
}
