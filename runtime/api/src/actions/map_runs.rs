//! Finding Map Runs, and how their numbers are worded.

use asl::arn::MapRunArn;
use asl::map_run::Counts;
use engine::MapRunTold;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::{Api, ApiError};

impl Api {
    /// The Map Run of this ARN.
    ///
    /// # Errors
    /// `InvalidArn`, `ResourceNotFound`.
    pub(super) fn map_run(&self, arn: &str) -> Result<MapRunTold, ApiError> {
        let arn = Arn::map_run(arn)?;
        self.engine
            .map_run(&MapRunArn::from(arn.text))
            .map_err(|error| match error {
                engine::Error::Journal(journal::Error::NoSuchExecution(_)) => {
                    ApiError::resource_not_found(arn.text)
                }
                other => other.into(),
            })
    }
}

/// `itemCounts` or `executionCounts`.
pub(super) fn counts(
    counts: Counts,
    total: Option<u64>,
    running: u64,
    pending_redrive: u64,
    written: u64,
) -> Value {
    // Those that run may be among those that a redrive does again.
    let pending_redrive = pending_redrive.saturating_sub(running);
    let known = counts.ended() + running + pending_redrive;
    let total = total.unwrap_or(known).max(known);
    json!({
        "pending": total - known,
        "running": running,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "timedOut": counts.timed_out,
        "aborted": counts.aborted,
        "total": total,
        "resultsWritten": written,
        "failuresNotRedrivable": 0,
        "pendingRedrive": pending_redrive,
    })
}
