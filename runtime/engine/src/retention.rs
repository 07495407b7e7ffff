//! Retention: executions that ended long enough ago are deleted, a few at a time.
//!
//! It knows how long they are kept and when to look; how they go is the journal's matter.
//! What they ran stays: a definition is kept once for all executions of its digest.

use std::sync::Arc;
use std::time::Duration;

use journal::Journal;

use crate::clock::Clock;

/// How often to look whether some are due; what is kept for days may stay a minute more.
const PERIOD_MILLISECONDS: i64 = 60_000;
/// How long to leave the journal alone after a slice, so that appends have most of its time.
const PAUSE_MILLISECONDS: i64 = 20;
/// How many to ask for at once; the journal deletes as many of these as it sees fit.
const SLICE: usize = 1_000;

/// Deletes executions that ended longer than `kept` ago, now and from then on. Ends when the
/// journal takes no more.
pub async fn retain(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, kept: Duration) {
    let kept = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    loop {
        let now = clock.now();
        let pause = match journal.expire(now.plus_milliseconds(-kept), SLICE).await {
            Ok(0) => PERIOD_MILLISECONDS,
            Ok(_) => PAUSE_MILLISECONDS,
            Err(journal::Error::Closed | journal::Error::Poisoned(_)) => return,
            Err(error) => {
                tracing::warn!(%error, "ended executions stay for now");
                PERIOD_MILLISECONDS
            }
        };
        clock.sleep_until(now.plus_milliseconds(pause)).await;
    }
}
