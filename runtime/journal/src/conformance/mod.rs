//! The contract of [`Journal`] as tests, the same for every journal.
//!
//! Each implementation's tests call [`check`] with a way to make one. A clause of the contract
//! is a function in `clauses`; `random` compares sequences of operations with the model. It
//! does not know what it tests. Read [`check`] first.

use asl::Timestamp;
use asl::arn::{ExecutionArn, Place};

use crate::{Append, Change, Durable, Error, Journal, Opened, Origin, Row, Status};

mod clauses;
mod forgetting;
mod lists;
mod random;
mod walk;

/// How many seeds [`check`] tries: enough to meet every pair of operations, in a second or
/// two even where each of them waits for a disk.
const SEEDS: u64 = 12;

/// Something that holds a journal between restarts: a directory, a server.
pub trait Subject {
    /// The journal that it holds.
    type Journal: Journal;

    /// Opens the journal. The one opened before is dropped by then, closed or not; what was
    /// acknowledged must be there again.
    fn open(&mut self) -> Self::Journal;
}

/// Checks every clause of the contract, each on a new, empty subject; panics at the first
/// that does not hold.
pub fn check<S: Subject>(mut new: impl FnMut() -> S) {
    clauses::order_and_fence(&mut new());
    clauses::beginnings(&mut new());
    clauses::endings(&mut new());
    clauses::pipelined(&mut new());
    clauses::dropped_futures(&mut new());
    clauses::reads(&mut new());
    lists::lists(&mut new());
    lists::page_tokens(&mut new());
    walk::complete(&mut new());
    walk::resting(&mut new());
    walk::stopped(&mut new());
    lists::open_counts(&mut new());
    forgetting::gone(&mut new());
    forgetting::in_one_batch(&mut new());
    forgetting::after_a_redrive(&mut new());
    clauses::retention(&mut new());
    clauses::catalogue(&mut new());
    clauses::closing(&mut new());
    clauses::sizes(&mut new());
    for seed in 0..SEEDS {
        check_seed(seed, &mut new());
    }
}

/// Runs the operations that one seed decides and compares with the model: what a failure of
/// [`check`] says to call again.
pub fn check_seed(seed: u64, subject: &mut impl Subject) {
    random::compare(seed, subject);
}

/// Waits for a future of the journal.
fn wait<T>(durable: Durable<T>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers needs nothing of the system")
        .block_on(durable)
}

/// The ARN of the execution of this name.
fn arn(name: &str) -> ExecutionArn {
    Place::default().execution("machine", name)
}

/// How execution `name` of `machine` begins, at `started_at` milliseconds.
fn opened(machine: &str, name: &str, started_at: i64) -> Opened {
    Opened {
        state_machine: Place::default().state_machine(machine),
        name: name.to_owned(),
        started_at: Timestamp(started_at),
        origin: Origin::default(),
    }
}

/// A row whose records name it.
fn row(name: &str, sequence: u64, change: Change) -> Append {
    let records = format!("{name}#{sequence}").into_bytes();
    Append {
        execution: arn(name),
        sequence,
        records,
        change,
        rest: None,
    }
}

/// The first row of an execution of `machine`.
fn first(name: &str) -> Append {
    row(name, 0, Change::Opened(opened("machine", name, 1000)))
}

/// A row that ends an execution.
fn last(name: &str, sequence: u64, status: Status) -> Append {
    row(
        name,
        sequence,
        Change::Closed {
            status,
            stopped_at: Timestamp(2000),
        },
    )
}

/// Submits a row, waits, and expects it to be taken.
fn append(journal: &impl Journal, append: Append) {
    let what = format!("{append:?}");
    wait(journal.append(append)).unwrap_or_else(|error| panic!("{error}: {what}"));
}

/// Submits a row, waits, and answers why it was refused.
fn refusal(journal: &impl Journal, append: Append) -> Error {
    let what = format!("{append:?}");
    match wait(journal.append(append)) {
        Ok(()) => panic!("taken against the contract: {what}"),
        Err(refusal) => refusal,
    }
}

/// The rows of `name` must be the `count` rows that were appended.
fn expect_rows(journal: &impl Journal, name: &str, count: u64) {
    let expected: Vec<Row> = (0..count)
        .map(|sequence| Row {
            sequence,
            records: format!("{name}#{sequence}").into_bytes(),
        })
        .collect();
    assert_eq!(
        journal.rows(&arn(name), 0, usize::MAX).expect("rows"),
        expected
    );
}
