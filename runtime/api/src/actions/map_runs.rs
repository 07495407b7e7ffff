//! Finding Map Runs, and how their numbers are worded.

use asl::arn::MapRunArn;
use asl::map_run::Counts;
use engine::MapRunTold;
use journal::{Listing, Status, Under};
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::{Api, ApiError};

/// Children that are counted as running, at most: as many as may run.
const RUNNING_MAX: usize = 10_000;

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

    /// How many Standard children of a run are running now.
    pub(super) fn running_children(&self, told: &MapRunTold) -> Result<u64, ApiError> {
        let page = self.journal.list(&Listing {
            under: Some(Under::MapRun(told.plan.arn.0.clone())),
            status: Some(Status::Running),
            limit: RUNNING_MAX,
            ..Listing::default()
        })?;
        Ok(page.summaries.len() as u64)
    }
}

/// `itemCounts` or `executionCounts`.
pub(super) fn counts(counts: Counts, total: Option<u64>, running: u64, written: u64) -> Value {
    let known = counts.ended() + running;
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
        "pendingRedrive": 0,
    })
}
