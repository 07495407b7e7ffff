//! What can go wrong in a journal.

use asl::arn::ExecutionArn;

/// What went wrong in the journal itself. Never part of a history.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Another writer appended this sequence first, or a row before it is missing.
    #[error("row {sequence} of {execution} is not the next one (the next is {expected})")]
    OutOfSequence {
        /// Whose row.
        execution: ExecutionArn,
        /// The number that was offered.
        sequence: u64,
        /// The number that would have been taken.
        expected: u64,
    },
    /// An execution of this ARN exists already.
    #[error("{0} exists already")]
    Exists(ExecutionArn),
    /// No execution has this ARN.
    #[error("{0} does not exist")]
    NoSuchExecution(ExecutionArn),
    /// The execution has ended; only a redrive may append.
    #[error("{0} has ended")]
    Ended(ExecutionArn),
    /// A redrive of an execution that still runs.
    #[error("{0} has not ended")]
    NotEnded(ExecutionArn),
    /// The row or document is longer than [`ROW_BYTES_MAX`](crate::ROW_BYTES_MAX).
    #[error("{bytes} bytes are more than the {bytes_max} that one row may have")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The longest that is taken.
        bytes_max: usize,
    },
    /// The catalogue entry was changed by another since it was read.
    #[error("{kind} {key:?} is at revision {actual}, not {expected}")]
    Conflict {
        /// The catalogue.
        kind: String,
        /// The key.
        key: String,
        /// The revision that the caller had read; 0 for none.
        expected: u64,
        /// The revision that stands; 0 for none.
        actual: u64,
    },
    /// A page token that this journal did not make.
    #[error("not a page token of this journal: {0:?}")]
    BadPageToken(String),
    /// Another process has the data directory open.
    #[error("the data directory {path} is in use by another process{}", holder.map(|pid| format!(" ({pid})")).unwrap_or_default())]
    InUse {
        /// The directory.
        path: String,
        /// The other process's id, if it left one.
        holder: Option<u32>,
    },
    /// The data was written by a newer version of this program.
    #[error("{path} has format {found}; this program knows up to {known}: use a newer stepwell")]
    NewerFormat {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// The stored data contradicts itself or cannot be read.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: String,
        /// What was found.
        what: String,
    },
    /// The disk is full; nothing of the batch was kept.
    #[error("no space left on the disk that holds {0}")]
    DiskFull(String),
    /// A commit failed: whether it reached the disk is unknown, so nothing more is written.
    /// Restart to read what is there.
    #[error("an earlier write failed, so this journal takes no more: {0}")]
    Poisoned(String),
    /// The journal was closed.
    #[error("the journal is closed")]
    Closed,
    /// The storage refused for another reason.
    #[error("storage: {0}")]
    Storage(String),
}
