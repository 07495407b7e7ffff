//! What happened, durably: an append-only log of executions, and a catalogue beside it.
//!
//! This crate knows rows, not meaning: a row's `records` are bytes that only the engine
//! reads. It knows neither the language nor wasmtime nor HTTP. Read [`Journal`] first;
//! its documentation is the contract, and `conformance` is the same contract as tests.

use std::future::Future;
use std::pin::Pin;

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

mod append;
mod chance;
pub mod conformance;
mod error;
mod faulty;
mod listing;
mod memory;
mod open_counts;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use append::{Append, Change, Opened, Origin, ROW_BYTES_MAX, Rest, Status};
pub use error::Error;
pub use faulty::{Faults, FaultyJournal};
pub use listing::{Entry, Found, Listing, OpenRow, Page, PageToken, Resting, Row, Summary, Under};
pub use memory::MemoryJournal;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteJournal;

/// The future of an answer that needs a commit.
pub type Durable<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

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
///   What was submitted, an append or a put, is carried out even when its future is dropped
///   unpolled.
/// - *Fenced.* Two writers of one execution cannot both succeed with one sequence.
/// - *Ended is ended.* After a row that closes an execution only [`Change::Reopened`] is taken.
/// - *Forgetting.* What [`Change::Forgets`] names is gone with the row that says so, in one
///   commit: no read sees one without the other. Rows that are left keep their sequences, so
///   the first that a read finds need not be row 0; `row_count` goes on to count them all.
/// - *Alone.* An append that is refused fails nothing but itself and its successors.
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

    /// The rows of one execution from `from_sequence` on, at most `limit` of them, in order;
    /// those that were forgotten are passed over. Fewer than `limit` are the last.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or the storage's.
    fn rows(
        &self,
        execution: &ExecutionArn,
        from_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error>;

    /// How many rows one execution has had: where its last one is found without walking there.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or the storage's.
    fn row_count(&self, execution: &ExecutionArn) -> Result<u64, Error>;

    /// How one execution stands.
    ///
    /// # Errors
    /// [`Error::NoSuchExecution`], or the storage's.
    fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error>;

    /// Executions, newest first: by start, then by arrival of their first row. What a page
    /// costs depends on its length alone, not on how many executions there are.
    ///
    /// A page's token stays good: what began, ended or was deleted since is listed, or not, at
    /// its place. The token of another list is refused.
    ///
    /// # Errors
    /// [`Error::BadPageToken`], or the storage's.
    fn list(&self, listing: &Listing) -> Result<Page, Error>;

    /// Every open execution: what a restart takes up again, in one walk. One whose last row said
    /// that it rests is found by name alone; of all others every row is shown. Rows of one
    /// execution come in order; those of several come as they were stored, mixed. `visit` may
    /// stop the walk by returning `false`.
    ///
    /// The walk shows one moment: what is written meanwhile is not seen.
    ///
    /// # Errors
    /// The storage's.
    fn walk_open(&self, visit: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), Error>;

    /// How many executions are open, of one state machine or in all. Costs no walk.
    ///
    /// # Errors
    /// The storage's.
    fn open_count(&self, state_machine: Option<&StateMachineArn>) -> Result<u64, Error>;

    /// Writes a catalogue entry when its revision is still `expected` (0: it must not
    /// exist), and answers the revision that stands now. `None` as document deletes it, which
    /// leaves revision 0: an entry that is made again begins at 1.
    fn put(&self, kind: &str, key: &str, expected: u64, document: Option<String>) -> Durable<u64>;

    /// Deletes executions that ended before `before`: those that ended first, at most `limit`,
    /// and so few that nobody who appends has to wait for it; answers how many. 0 means that
    /// there are none, so the caller asks until then.
    ///
    /// When the future resolves they are gone as if they had never been, and their names are
    /// free. A crash may bring some back, unless a write that was submitted later is durable.
    fn expire(&self, before: Timestamp, limit: usize) -> Durable<usize>;

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

    /// Why every write is refused from now on, if it is: the journal is poisoned or closed.
    /// What an operator's health check asks.
    fn refusal(&self) -> Option<Error>;

    /// Stops taking appends and puts (they fail with [`Error::Closed`]) and resolves when all that were taken are durable.
    fn close(&self) -> Durable<()>;
}
