//! A live execution: its state, its place in the journal, its running attempts.

use std::collections::BTreeMap;

use asl::arn::ExecutionArn;
use asl::interpreter::{End, Execution, TaskKey};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What the engine keeps of an execution that has not ended.
pub(crate) struct Slot {
    pub(crate) execution: Execution,
    /// The number of the next row.
    pub(crate) sequence: u64,
    /// The attempts that run, by key.
    pub(crate) attempts: BTreeMap<TaskKey, AbortHandle>,
    /// Tells those who wait how it ended.
    pub(crate) outcome: watch::Sender<Option<Result<End, String>>>,
    /// Set when the journal refused a row: what is in memory is then ahead of what is
    /// stored, and must not go on.
    pub(crate) failed: bool,
}

impl Slot {
    pub(crate) fn new(execution: Execution, sequence: u64) -> Self {
        let (outcome, _) = watch::channel(None);
        Self {
            execution,
            sequence,
            attempts: BTreeMap::new(),
            outcome,
            failed: false,
        }
    }

    pub(crate) fn arn(&self) -> ExecutionArn {
        self.execution.identity().execution_arn.clone()
    }
}

impl Drop for Slot {
    /// Attempts do not outlive the execution.
    fn drop(&mut self) {
        for attempt in self.attempts.values() {
            attempt.abort();
        }
    }
}
