//! A live execution: its state, its place in the journal, its running attempts.

use std::collections::BTreeMap;

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::{End, Execution, TaskKey};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// What the engine keeps of an execution that has not ended.
pub(crate) struct Slot {
    pub(crate) execution: Execution,
    /// What its start gave it: known before it has begun.
    pub(crate) given: Payload,
    /// Tells other starts of its name how the first row fared.
    pub(crate) begun: watch::Sender<Option<Result<(), String>>>,
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
    /// One that a start is about to begin with this input.
    pub(crate) fn beginning(execution: Execution, given: Payload) -> Self {
        Self::new(execution, given, 0, None)
    }

    /// One that was begun before, and has this many rows.
    pub(crate) fn resumed(execution: Execution, rows: u64) -> Self {
        let given = execution.input().clone();
        Self::new(execution, given, rows, Some(Ok(())))
    }

    fn new(
        execution: Execution,
        given: Payload,
        sequence: u64,
        begun: Option<Result<(), String>>,
    ) -> Self {
        let (outcome, _) = watch::channel(None);
        Self {
            execution,
            given,
            begun: watch::Sender::new(begun),
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
