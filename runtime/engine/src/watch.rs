//! Watching executions: what logs, metrics and traces are made of.
//!
//! A watcher belongs to one execution and goes with it; there is no table of them. It is told
//! twice of each row: in order when it is made, and when it is durable.

use asl::history::Record;
use asl::interpreter::Identity;

use crate::parts::StartedAs;

/// An execution that begins, or is taken up again.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// Who it is.
    pub identity: &'a Identity,
    /// How its state machine was named.
    pub started_as: &'a StartedAs,
    /// What was recorded before; nothing when it begins.
    pub past: &'a [Record],
}

/// Watches one execution. Must not block: it is told under the execution's lock.
pub trait Watcher: Send {
    /// The execution made these records; with them it has `rows` rows. An Express execution
    /// has none that are kept: each of its steps is durable at once.
    fn recorded(&mut self, records: &[Record], rows: u64);

    /// The first `rows` rows are durable. What was recorded and is never told of here may not
    /// have happened: after a crash it may go otherwise.
    fn durable(&mut self, rows: u64);
}
