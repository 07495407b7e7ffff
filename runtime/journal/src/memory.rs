//! The model: a journal in memory, in which every append is "durable" at once.
//!
//! What the other journals are compared with, what the simulator calls a disk, and what an
//! execution that needs no durability runs on. It knows no delay and no fault. Read
//! [`MemoryJournal`] first.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

use crate::append::Standing;
use crate::listing::Cursor;
use crate::open_counts::OpenCounts;
use crate::{
    Append, Change, Durable, Entry, Error, Found, Journal, Listing, OpenRow, Opened, Page,
    ROW_BYTES_MAX, Rest, Resting, Row, Status, Summary,
};

/// A journal that lives as long as the process.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
    closed: AtomicBool,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// By arrival, from 1.
    executions: BTreeMap<i64, Execution>,
    arrivals: HashMap<ExecutionArn, i64>,
    last_arrival: i64,
    open: OpenCounts<StateMachineArn>,
    /// (kind, key) → (revision, document).
    entries: BTreeMap<(String, String), (u64, String)>,
}

#[derive(Clone, Debug)]
struct Execution {
    summary: Summary,
    /// The sequence of the first row that is left.
    first: u64,
    /// Forgotten from the front, a few at a time, and read from anywhere.
    rows: VecDeque<Vec<u8>>,
    /// As its last row said.
    rest: Option<Rest>,
}

impl MemoryJournal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same journal as a restart finds it: with all that is in it, and not closed.
    #[must_use]
    pub fn reopen(&self) -> Self {
        Self {
            state: Arc::clone(&self.state),
            closed: AtomicBool::new(false),
        }
    }

    /// A journal of its own with the same content.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self {
            state: Arc::new(Mutex::new(self.state().clone())),
            closed: AtomicBool::new(false),
        }
    }

    fn open_state(&self) -> Result<MutexGuard<'_, State>, Error> {
        if self.closed.load(Ordering::Relaxed) {
            Err(Error::Closed)
        } else {
            Ok(self.state())
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here leaves the state half changed, so a panic elsewhere is no reason
        // to refuse.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends at once.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub(crate) fn append_now(&self, append: Append) -> Result<(), Error> {
        self.open_state()?.append(append)
    }

    /// Deletes at once.
    ///
    /// # Errors
    /// As [`Journal::expire`].
    pub(crate) fn expire_now(&self, before: Timestamp, limit: usize) -> Result<usize, Error> {
        Ok(self.open_state()?.expire(before, limit))
    }

    /// Writes an entry at once.
    ///
    /// # Errors
    /// As [`Journal::put`].
    pub(crate) fn put_now(
        &self,
        kind: &str,
        key: &str,
        expected: u64,
        document: Option<String>,
    ) -> Result<u64, Error> {
        self.open_state()?.put(kind, key, expected, document)
    }
}

impl State {
    fn execution(&self, arn: &ExecutionArn) -> Result<&Execution, Error> {
        let arrival = self.arrivals.get(arn);
        arrival
            .and_then(|arrival| self.executions.get(arrival))
            .ok_or_else(|| Error::NoSuchExecution(arn.clone()))
    }

    fn append(&mut self, append: Append) -> Result<(), Error> {
        let before = self.execution(&append.execution).ok();
        let standing = before.map(Execution::standing);
        let after = append.admit(standing)?;
        let was_open = standing.is_some_and(|standing| standing.status == Status::Running);
        let is_open = after.status == Status::Running;
        let forgets = append.forgets();
        let execution = match &append.change {
            Change::Opened(opened) | Change::OpenedAndClosed { opened, .. } => {
                self.open(append.execution, opened.clone())
            }
            _ => {
                let arrival = self.arrivals.get(&append.execution);
                arrival.and_then(|arrival| self.executions.get_mut(arrival))
            }
        };
        let execution = execution.expect("admitted, so it is there or opens");
        execution.take(append.records, &append.change);
        execution.forget(forgets.unwrap_or(0));
        execution.rest = append.rest;
        let machine = execution.summary.opened.state_machine.clone();
        match (was_open, is_open) {
            (false, true) => self.open.opened(machine),
            (true, false) => self.open.ended(&machine),
            _ => {}
        }
        Ok(())
    }

    /// Adds an execution that has no row yet.
    fn open(&mut self, arn: ExecutionArn, opened: Opened) -> Option<&mut Execution> {
        self.last_arrival += 1;
        self.arrivals.insert(arn.clone(), self.last_arrival);
        let summary = Summary {
            execution: arn,
            opened,
            status: Status::Running,
            stopped_at: None,
            redrive_count: 0,
            redriven_at: None,
        };
        let new = Execution {
            summary,
            first: 0,
            rows: VecDeque::new(),
            rest: None,
        };
        Some(self.executions.entry(self.last_arrival).or_insert(new))
    }

    fn expire(&mut self, before: Timestamp, limit: usize) -> usize {
        let ended = self.executions.iter().filter_map(|(arrival, execution)| {
            let stopped_at = execution.summary.stopped_at?;
            (stopped_at < before).then_some((stopped_at, *arrival))
        });
        let mut ended: Vec<_> = ended.collect();
        ended.sort_unstable();
        ended.truncate(limit);
        for (_, arrival) in &ended {
            if let Some(gone) = self.executions.remove(arrival) {
                self.arrivals.remove(&gone.summary.execution);
            }
        }
        ended.len()
    }

    fn put(
        &mut self,
        kind: &str,
        key: &str,
        expected: u64,
        document: Option<String>,
    ) -> Result<u64, Error> {
        let bytes = document.as_ref().map_or(0, String::len);
        if bytes > ROW_BYTES_MAX {
            return Err(Error::TooLarge {
                bytes,
                bytes_max: ROW_BYTES_MAX,
            });
        }
        let place = (kind.to_owned(), key.to_owned());
        let actual = self
            .entries
            .get(&place)
            .map_or(0, |(revision, _)| *revision);
        if actual != expected {
            let (kind, key) = place;
            return Err(Error::Conflict {
                kind,
                key,
                expected,
                actual,
            });
        }
        let Some(document) = document else {
            self.entries.remove(&place);
            return Ok(0);
        };
        self.entries.insert(place, (expected + 1, document));
        Ok(expected + 1)
    }

    /// Those that `wanted` wants, oldest first.
    fn in_order(&self, wanted: impl Fn(Cursor, &Summary) -> bool) -> Vec<(Cursor, Summary)> {
        let mut found: Vec<_> = self
            .executions
            .iter()
            .map(|(arrival, execution)| (execution.cursor(*arrival), &execution.summary))
            .filter(|(cursor, summary)| wanted(*cursor, summary))
            .map(|(cursor, summary)| (cursor, summary.clone()))
            .collect();
        found.sort_by_key(|(cursor, _)| *cursor);
        found
    }
}

impl Execution {
    fn standing(&self) -> Standing {
        Standing {
            next: self.row_count(),
            status: self.summary.status,
        }
    }

    fn row_count(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    /// Drops the rows before this sequence.
    fn forget(&mut self, before: u64) {
        let gone = usize::try_from(before.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let gone = gone.min(self.rows.len());
        self.rows.drain(..gone);
        self.first += gone as u64;
    }

    /// What a walk shows of an open one; false when the visitor wants no more.
    fn show(&self, arrival: i64, visit: &mut dyn FnMut(Found<'_>) -> bool) -> bool {
        let execution = &self.summary.execution;
        if let Some(rest) = self.rest {
            let rows = self.row_count();
            return visit(Found::Resting(Resting {
                execution,
                arrival,
                rows,
                rest,
            }));
        }
        let last = self.row_count().saturating_sub(1);
        (self.first..).zip(&self.rows).all(|(sequence, records)| {
            visit(Found::Row(OpenRow {
                execution,
                arrival,
                sequence,
                is_last: sequence == last,
                records,
            }))
        })
    }

    fn cursor(&self, arrival: i64) -> Cursor {
        Cursor {
            started_at: self.summary.opened.started_at,
            arrival,
        }
    }

    fn take(&mut self, records: Vec<u8>, change: &Change) {
        self.rows.push_back(records);
        let summary = &mut self.summary;
        match *change {
            Change::Closed { status, stopped_at }
            | Change::OpenedAndClosed {
                status, stopped_at, ..
            } => {
                summary.status = status;
                summary.stopped_at = Some(stopped_at);
            }
            Change::Reopened { at } => {
                summary.status = Status::Running;
                summary.stopped_at = None;
                summary.redrive_count += 1;
                summary.redriven_at = Some(at);
            }
            Change::None | Change::Forgets { .. } | Change::Opened(_) => {}
        }
    }
}

/// The future of an answer that is there already.
fn ready<T: Send + 'static>(answer: Result<T, Error>) -> Durable<T> {
    Box::pin(std::future::ready(answer))
}

impl Journal for MemoryJournal {
    fn append(&self, append: Append) -> Durable<()> {
        ready(self.append_now(append))
    }

    fn rows(
        &self,
        execution: &ExecutionArn,
        from_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let state = self.state();
        let found = state.execution(execution)?;
        let skipped = from_sequence.saturating_sub(found.first);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let skipped = skipped.min(found.rows.len());
        Ok((found.first + skipped as u64..)
            .zip(found.rows.range(skipped..))
            .take(limit)
            .map(|(sequence, records)| Row {
                sequence,
                records: records.clone(),
            })
            .collect())
    }

    fn row_count(&self, execution: &ExecutionArn) -> Result<u64, Error> {
        let state = self.state();
        state.execution(execution).map(Execution::row_count)
    }

    fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error> {
        let state = self.state();
        state
            .execution(execution)
            .map(|found| found.summary.clone())
    }

    fn list(&self, listing: &Listing) -> Result<Page, Error> {
        let before = listing.before()?;
        let found = self
            .state()
            .in_order(|cursor, summary| cursor < before && listing.wants(summary));
        let (mut places, mut summaries): (Vec<_>, Vec<_>) = found.into_iter().rev().unzip();
        let next = listing.page(&mut places);
        summaries.truncate(places.len());
        Ok(Page { summaries, next })
    }

    fn walk_open(&self, visit: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), Error> {
        // Collected first, so that `visit` may call this journal.
        let state = self.state();
        let is_open = |one: &&Execution| one.summary.status == Status::Running;
        let open = state.executions.iter().filter(|(_, one)| is_open(one));
        let open: Vec<_> = open.map(|(arrival, one)| (*arrival, one.clone())).collect();
        drop(state);
        // All that is shown of each, as long as the visitor wants more.
        let _ = open.iter().all(|(arrival, one)| one.show(*arrival, visit));
        Ok(())
    }

    fn open_count(&self, state_machine: Option<&StateMachineArn>) -> Result<u64, Error> {
        let open = &self.state().open;
        Ok(state_machine.map_or(open.total(), |machine| open.of(machine)))
    }

    fn put(&self, kind: &str, key: &str, expected: u64, document: Option<String>) -> Durable<u64> {
        ready(self.put_now(kind, key, expected, document))
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Durable<usize> {
        ready(self.expire_now(before, limit))
    }

    fn get(&self, kind: &str, key: &str) -> Result<Option<Entry>, Error> {
        let state = self.state();
        let place = (kind.to_owned(), key.to_owned());
        Ok(state.entries.get_key_value(&place).map(entry))
    }

    fn entries(
        &self,
        kind: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let state = self.state();
        Ok(state
            .entries
            .range((kind.to_owned(), prefix.to_owned())..)
            .take_while(|((of, key), _)| of == kind && key.starts_with(prefix))
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_str() > after))
            .take(limit)
            .map(entry)
            .collect())
    }

    fn refusal(&self) -> Option<Error> {
        self.closed.load(Ordering::Relaxed).then_some(Error::Closed)
    }

    fn close(&self) -> Durable<()> {
        self.closed.store(true, Ordering::Relaxed);
        ready(Ok(()))
    }
}

fn entry(((kind, key), (revision, document)): (&(String, String), &(u64, String))) -> Entry {
    Entry {
        kind: kind.clone(),
        key: key.clone(),
        revision: *revision,
        document: document.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{Subject, check};

    impl Subject for MemoryJournal {
        type Journal = Self;

        fn open(&mut self) -> Self {
            self.reopen()
        }
    }

    #[test]
    fn keeps_the_contract() {
        check(MemoryJournal::new);
    }
}
