//! What waits for the writer, and how much of it makes a batch.
//!
//! While one commit runs, the next batch gathers here. It does not know SQLite. Read
//! [`Queue::submit`] and [`Queue::take`] first.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use asl::Timestamp;
use tokio::sync::oneshot;

use crate::{Append, Error};

/// The most rows in one commit: beyond this a commit gets longer but no cheaper by the row.
const BATCH_ROWS_MAX: usize = 4096;
/// The most bytes in one commit, unless one row alone has more: bounds how long everyone
/// waits, and how far the write-ahead log grows past its checkpoint.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// The most rows that may wait.
const QUEUE_ROWS_MAX: usize = 1 << 18;
/// The most bytes that may wait.
const QUEUE_BYTES_MAX: usize = 256 << 20;
/// What a submission costs beyond its records: ARN, change, channel.
const SUBMISSION_BYTES: usize = 512;

/// What a caller wants written.
#[derive(Debug)]
pub(super) enum Work {
    /// A row.
    Append(Append),
    /// An entry of the catalogue.
    Put(Put),
    /// A slice of what retention deletes. It never shares a transaction.
    Expire { before: Timestamp, limit: usize },
}

/// What is to be written to the catalogue.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) kind: String,
    pub(super) key: String,
    pub(super) expected: u64,
    pub(super) document: Option<String>,
}

impl Work {
    /// Whether it takes rows away.
    pub(super) fn forgets(&self) -> bool {
        matches!(self, Self::Append(append) if append.forgets().is_some())
    }

    fn bytes(&self) -> usize {
        SUBMISSION_BYTES
            + match self {
                Self::Append(append) => append.records.len(),
                Self::Expire { .. } => 0,
                Self::Put(put) => put.document.as_ref().map_or(0, String::len),
            }
    }
}

/// How the answer to one piece of work comes back; an append's number means nothing.
pub(super) type Answer = oneshot::Sender<Result<u64, Error>>;

/// Submissions that share a transaction.
pub(super) type Batch = VecDeque<(Work, Answer)>;

/// What the writer has to do next.
pub(super) enum Next {
    /// Commit these.
    Batch(Batch),
    /// Delete a slice of what ended before this, at most so many.
    Expire(Timestamp, usize, Answer),
    /// Nothing came for as long as the writer was ready to wait.
    Idle,
    /// Nothing is left and nothing will come.
    Closed,
}

/// How long to gather: learnt from the commit before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// How many submissions the last batch had: as many callers are about to come again.
    pub(super) rows: usize,
    /// How long to wait for that many.
    pub(super) patience: Duration,
}

/// The bounded queue between callers and the writer.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// Told when the writer has what it waits for.
    arrived: Condvar,
    /// Told when there is room again.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: Batch,
    bytes: usize,
    /// The writer sleeps until so many wait; 0 while it does not sleep.
    wake_at: usize,
    /// Why nothing more is taken, if so.
    refusal: Option<Error>,
    /// Whether the writer has gone.
    finished: bool,
    closers: Vec<oneshot::Sender<Result<(), Error>>>,
}

impl State {
    fn is_full(&self) -> bool {
        self.waiting.len() >= QUEUE_ROWS_MAX || self.bytes >= QUEUE_BYTES_MAX
    }

    /// What waits first, with all that can share a transaction with it.
    fn next(&mut self) -> Next {
        let (mut count, mut bytes) = (0, 0);
        for (work, _) in self.waiting.iter().take(BATCH_ROWS_MAX) {
            let more = work.bytes();
            let is_alone = matches!(work, Work::Expire { .. });
            if count > 0 && (is_alone || bytes + more > BATCH_BYTES_MAX) {
                break;
            }
            count += 1;
            bytes += more;
            if is_alone {
                break;
            }
        }
        self.bytes -= bytes;
        // Mostly everything, which then is handed over and not copied.
        let rest = self.waiting.split_off(count);
        let mut batch = std::mem::replace(&mut self.waiting, rest);
        match batch.front() {
            Some((Work::Expire { before, limit }, _)) => {
                let (before, limit) = (*before, *limit);
                let answer = batch.pop_front().map(|(_, answer)| answer);
                Next::Expire(before, limit, answer.expect("there is a first"))
            }
            _ => Next::Batch(batch),
        }
    }

    /// Tells one who closed whether all that was taken is durable.
    fn close_for(&self, closer: oneshot::Sender<Result<(), Error>>) {
        let outcome = match &self.refusal {
            None | Some(Error::Closed) => Ok(()),
            Some(doubt) => Err(doubt.clone()),
        };
        // Nobody listens to a future that was dropped.
        let _ = closer.send(outcome);
    }
}

impl Queue {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one piece of work. A caller that awaits its answers is held back by them; one
    /// that does not is stopped here, its thread blocked, while the queue is full.
    pub(super) fn submit(&self, work: Work) -> oneshot::Receiver<Result<u64, Error>> {
        let (answer, receiver) = oneshot::channel();
        let mut state = self.state();
        while state.is_full() && state.refusal.is_none() {
            state = self
                .room
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(refusal) = &state.refusal {
            // The receiver is in our hands, so there is someone to tell.
            let _ = answer.send(Err(refusal.clone()));
            return receiver;
        }
        state.bytes += work.bytes();
        state.waiting.push_back((work, answer));
        if state.wake_at > 0 && state.waiting.len() >= state.wake_at {
            state.wake_at = 0;
            self.arrived.notify_one();
        }
        receiver
    }

    /// Waits for the next batch, at most for `idle` if that is given.
    pub(super) fn take(&self, pace: Pace, idle: Option<Duration>) -> Next {
        let mut state = self.state();
        state = self.wait(state, 1, idle);
        if state.waiting.is_empty() {
            return if state.refusal.is_some() {
                Next::Closed
            } else {
                Next::Idle
            };
        }
        state = self.wait(state, pace.rows.min(BATCH_ROWS_MAX), Some(pace.patience));
        let next = state.next();
        self.room.notify_all();
        next
    }

    /// Sleeps until `rows` wait, the queue is closed, or `patience` is over.
    fn wait<'q>(
        &self,
        mut state: MutexGuard<'q, State>,
        rows: usize,
        patience: Option<Duration>,
    ) -> MutexGuard<'q, State> {
        let deadline = patience.map(|patience| Instant::now() + patience);
        while state.waiting.len() < rows && state.refusal.is_none() {
            state.wake_at = rows;
            let Some(deadline) = deadline else {
                state = self
                    .arrived
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let slept = self.arrived.wait_timeout(state, left);
            state = slept.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.wake_at = 0;
        state
    }

    /// Why nothing more is taken, if so.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.state().refusal.clone()
    }

    /// Takes nothing more; what waits is still written.
    pub(super) fn close(&self) -> oneshot::Receiver<Result<(), Error>> {
        let (closer, receiver) = oneshot::channel();
        let mut state = self.state();
        state.refusal.get_or_insert(Error::Closed);
        if state.finished {
            state.close_for(closer);
            return receiver;
        }
        state.closers.push(closer);
        self.arrived.notify_one();
        self.room.notify_all();
        receiver
    }

    /// Takes nothing more and refuses what waits: the fate of a commit is unknown.
    pub(super) fn poison(&self, refusal: &Error) {
        let mut state = self.state();
        state.refusal = Some(refusal.clone());
        state.bytes = 0;
        for (_, answer) in state.waiting.drain(..) {
            // Nobody listens to a future that was dropped.
            let _ = answer.send(Err(refusal.clone()));
        }
        self.room.notify_all();
    }

    /// The writer goes: all that was taken is answered.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        state.finished = true;
        state.refusal.get_or_insert(Error::Closed);
        for closer in std::mem::take(&mut state.closers) {
            state.close_for(closer);
        }
    }
}
