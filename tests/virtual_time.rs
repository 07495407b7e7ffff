//! Time that passes only when everything waits, and chance that is always the same.

use asl::Timestamp;
use engine::clock::Sleeping;
use engine::{Clock, Entropy};

/// The clock of a paused tokio runtime: an hour's wait takes no time at all.
pub(crate) struct VirtualClock {
    origin: tokio::time::Instant,
}

/// 2026-11-22T23:12:00Z: what the moments in recorded inputs are relative to.
const ORIGIN_MILLISECONDS: i64 = 1_795_389_120_000;

impl Default for VirtualClock {
    fn default() -> Self {
        Self {
            origin: tokio::time::Instant::now(),
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp(ORIGIN_MILLISECONDS.saturating_add(passed))
    }

    fn sleep_until(&self, at: Timestamp) -> Sleeping {
        let passed = u64::try_from(at.0.saturating_sub(ORIGIN_MILLISECONDS)).unwrap_or(0);
        let at = self.origin + std::time::Duration::from_millis(passed);
        Box::pin(tokio::time::sleep_until(at))
    }
}

/// Always the same draw.
pub(crate) struct FixedEntropy;

impl Entropy for FixedEntropy {
    fn draw(&self) -> u64 {
        4
    }
}
