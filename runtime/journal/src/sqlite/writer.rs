//! The one thread that writes: takes what waits, commits it, answers, tidies when it is quiet.
//!
//! It knows when, not what: [`Queue`] gathers and [`Store`] writes. Read [`run`] first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checkpoint::Checkpointer;
use super::queue::{Batch, Next, Pace, Queue};
use super::store::{Fault, Store};
use crate::Error;

/// How long nothing must come before ended executions are folded, and expired ones swept.
const QUIET: Duration = Duration::from_millis(5);
/// How many rows of ended executions may wait for quiet; beyond it, a slice is folded after
/// every batch. Each costs a few bytes of memory and a row to scan at open.
const ENDED_ROWS_MAX: usize = 16_384;
/// The longest that a batch waits for callers that were just answered to come again.
const PATIENCE_MAX: Duration = Duration::from_millis(1);

/// Writes until the queue is closed and empty, or a commit's fate is unknown.
pub(super) fn run(mut store: Store, mut checkpointer: Checkpointer, queue: &Arc<Queue>) {
    // However this thread ends, nobody waits for it in vain.
    let _finish = Finish(queue);
    let mut pace = Pace::default();
    // Once a commit failed there is no point in tidying before one succeeds again.
    let mut may_tidy = true;
    loop {
        let untidy = !store.ended.is_empty() || store.unswept;
        checkpointer.after_commit();
        let idle = (may_tidy && untidy).then_some(QUIET);
        let tidied = match queue.take(pace, idle) {
            Next::Batch(batch) => {
                (pace, may_tidy) = commit(&mut store, queue, batch);
                if !may_tidy || store.ended_rows < ENDED_ROWS_MAX {
                    continue;
                }
                store.fold()
            }
            Next::Expire(before, limit, answer) => {
                let outcome = store.expire(before, limit);
                may_tidy = outcome.is_ok();
                // Nobody listens to a future that was dropped.
                let _ = answer.send(outcome.map_err(|fault| explain(fault, queue)));
                if !may_tidy {
                    continue;
                }
                store.sweep()
            }
            Next::Idle if store.ended.is_empty() => store.sweep(),
            Next::Idle => store.fold(),
            Next::Closed => break,
        };
        may_tidy = tidied.map_err(|fault| explain(fault, queue)).is_ok();
    }
    drop(checkpointer);
    if let Err((_, error)) = store.connection.close() {
        tracing::warn!(%error, "the journal's database did not close; it will recover at open");
    }
}

/// Commits a batch and answers it; tells how to gather the next, and whether all went well.
fn commit(store: &mut Store, queue: &Queue, batch: Batch) -> (Pace, bool) {
    let began = Instant::now();
    let rows = batch.len();
    let outcome = store.commit(batch.iter().map(|(work, _)| work));
    let patience = (began.elapsed() / 4).min(PATIENCE_MAX);
    let is_kept = outcome.is_ok();
    let outcomes = outcome.unwrap_or_else(|fault| vec![Err(explain(fault, queue)); rows]);
    for ((_, answer), outcome) in batch.into_iter().zip(outcomes) {
        // Nobody listens to a future that was dropped.
        let _ = answer.send(outcome);
    }
    (Pace { rows, patience }, is_kept)
}

/// What the callers of a failed batch are told; doubt is told to all who come later, too.
fn explain(fault: Fault, queue: &Queue) -> Error {
    match fault {
        Fault::Refused(refusal) => {
            tracing::warn!(%refusal, "a batch was refused");
            refusal
        }
        Fault::Doubt(doubt) => {
            tracing::error!(%doubt, "the journal takes no more");
            queue.poison(&doubt);
            doubt
        }
    }
}

struct Finish<'q>(&'q Queue);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0
                .poison(&Error::Poisoned("the journal's writer panicked".into()));
        }
        self.0.finish();
    }
}
