//! What happened, durably: an append-only log of executions, and a catalogue beside it.
//!
//! This crate knows rows, not meaning: a row's `records` are bytes that only the engine
//! reads. It knows neither the language nor wasmtime nor HTTP. Read [`Journal`] first;
//! its documentation is the contract, and `conformance` is the same contract as tests.

use std::future::Future;
use std::pin::Pin;

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

/// The future of an answer that needs a commit.
pub type Durable<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// One step's batch of records, to be appended as one row.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose row.
    pub execution: ExecutionArn,
    /// The row's number within its execution: 0, 1, 2 … without a gap. It is the fence:
    /// a second writer with the same number is refused.
    pub sequence: u64,
    /// The encoded records; opaque here.
    pub records: Vec<u8>,
    /// What this row changes in the execution's summary.
    pub change: Change,
}

/// What a row changes in the summary that lists and lookups read.
#[derive(Clone, Debug)]
pub enum Change {
    /// The execution begins: only with sequence 0.
    Opened(Opened),
    /// Nothing that a list shows.
    None,
    /// The execution ends; no row may follow but by a redrive.
    Closed {
        /// How it ended.
        status: Status,
        /// When.
        stopped_at: Timestamp,
    },
    /// Begins and ends in one row: an execution that never waited.
    OpenedAndClosed {
        /// The beginning.
        opened: Opened,
        /// How it ended.
        status: Status,
        /// When.
        stopped_at: Timestamp,
    },
}

/// The summary of a new execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which state machine it runs.
    pub state_machine: StateMachineArn,
    /// Its name, unique within the state machine.
    pub name: String,
    /// When it began.
    pub started_at: Timestamp,
}

/// AWS's ExecutionStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `RUNNING`
    Running,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted,
}

impl Status {
    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }

    /// Reads AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Running,
            Self::Succeeded,
            Self::Failed,
            Self::TimedOut,
            Self::Aborted,
        ]
        .into_iter()
        .find(|status| status.as_str() == text)
    }
}

/// One row as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number within the execution.
    pub sequence: u64,
    /// The encoded records.
    pub records: Vec<u8>,
}

/// What a list shows of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its ARN.
    pub execution: ExecutionArn,
    /// How it began.
    pub opened: Opened,
    /// How it stands.
    pub status: Status,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
}

/// Which executions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only those of this state machine.
    pub state_machine: Option<StateMachineArn>,
    /// Only those that stand so.
    pub status: Option<Status>,
    /// At most this many.
    pub limit: usize,
    /// Continue after the page that ended with this token.
    pub after: Option<PageToken>,
}

/// Where a page ended; opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of summaries.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The summaries, newest first.
    pub summaries: Vec<Summary>,
    /// Where to continue, if there is more.
    pub next: Option<PageToken>,
}

/// One entry of the catalogue: small documents that are not executions (task modules,
/// state machine versions, aliases).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which catalogue, such as `task-module`.
    pub kind: String,
    /// The entry's key within its kind.
    pub key: String,
    /// How often it was written, from 1.
    pub revision: u64,
    /// The document.
    pub document: String,
}

/// What went wrong in the journal itself. Never part of a history.
#[derive(Debug, thiserror::Error)]
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
    #[error("the data directory {0} is in use by another process")]
    InUse(String),
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

/// The durable log of executions, and the catalogue.
///
/// # Contract
/// - *Atomic.* A row is there whole or not at all.
/// - *Ordered.* Rows of one execution are stored in sequence, without gaps: `append` of
///   sequence *n* succeeds only when *n* rows are there. Appends of one execution may be
///   submitted without waiting for each other; if one fails, all later ones fail.
///   When a later append is durable, so is every earlier one of that execution.
/// - *Durable.* When the future of `append` resolves, the row survives `kill -9` and power
///   loss. Before that it may or may not survive, but never without its predecessors.
///   The append is carried out even when its future is dropped unpolled.
/// - *Fenced.* Two writers of one execution cannot both succeed with one sequence.
/// - *Visible.* A read after the future resolved sees the row and the summary change.
/// - *Poisoned by doubt.* After a failed commit whose fate is unknown every later call that
///   writes fails with [`Error::Poisoned`]. A full disk that left nothing behind is
///   [`Error::DiskFull`], and a later append may succeed.
///
/// Reads are synchronous and may touch the disk; callers on an async runtime use a
/// blocking thread where that matters.
pub trait Journal: Send + Sync + 'static {
    /// Submits one row. See the contract.
    fn append(&self, append: Append) -> Durable<()>;

    /// The rows of one execution from `from_sequence` on, at most `limit` of them, in order.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or the storage's.
    fn rows(
        &self,
        execution: &ExecutionArn,
        from_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error>;

    /// How one execution stands.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or the storage's.
    fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error>;

    /// Executions, newest first (by start, then by ARN).
    ///
    /// # Errors
    /// [`Error::BadPageToken`], or the storage's.
    fn list(&self, listing: &Listing) -> Result<Page, Error>;

    /// Every execution that has not ended, in the order of their beginning: what a
    /// restart takes up again. `visit` may stop the walk by returning `false`.
    ///
    /// # Errors
    /// The storage's.
    fn open_executions(&self, visit: &mut dyn FnMut(Summary) -> bool) -> Result<(), Error>;

    /// Writes a catalogue entry when its revision is still `expected` (0: it must not
    /// exist), and answers the new revision. `None` as document deletes it.
    fn put(&self, kind: &str, key: &str, expected: u64, document: Option<String>) -> Durable<u64>;

    /// One catalogue entry.
    ///
    /// # Errors
    /// The storage's.
    fn get(&self, kind: &str, key: &str) -> Result<Option<Entry>, Error>;

    /// The entries of one kind whose key begins with `prefix`, by key, after `after`,
    /// at most `limit`.
    ///
    /// # Errors
    /// The storage's.
    fn entries(
        &self,
        kind: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error>;

    /// Stops taking appends and resolves when all that were taken are durable.
    fn close(&self) -> Durable<()>;
}
