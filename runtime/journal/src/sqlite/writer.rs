//! The one thread that writes: takes what waits, commits it, answers, folds when it is quiet.
//!
//! It knows when, not what: [`Queue`] gathers and [`Store`] writes. Read [`run`] first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::queue::{Next, Pace, Queue};
use super::store::{Fault, Store};
use crate::Error;

/// How long nothing must come before ended executions are folded.
const QUIET: Duration = Duration::from_millis(5);
/// How many rows of ended executions may wait for quiet; beyond it, a slice is folded after
/// every batch. Each costs a few bytes of memory and a row to scan at open.
const ENDED_ROWS_MAX: usize = 16_384;
/// The longest that a batch waits for callers that were just answered to come again.
const PATIENCE_MAX: Duration = Duration::from_millis(1);

/// Writes until the queue is closed and empty, or a commit's fate is unknown.
pub(super) fn run(mut store: Store, queue: &Arc<Queue>) {
    // However this thread ends, nobody waits for it in vain.
    let _finish = Finish(queue);
    let mut pace = Pace::default();
    let mut may_fold = true;
    loop {
        let idle = (may_fold && !store.ended.is_empty()).then_some(QUIET);
        match queue.take(pace, idle) {
            Next::Batch(batch) => {
                let began = Instant::now();
                pace.rows = batch.len();
                let (work, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
                let outcome = store.commit(work.into_iter());
                pace.patience = (began.elapsed() / 4).min(PATIENCE_MAX);
                may_fold = outcome.is_ok();
                let outcomes = outcome.unwrap_or_else(|fault| {
                    let refusal = explain(fault, queue);
                    vec![Err(refusal); answers.len()]
                });
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // Nobody listens to a future that was dropped.
                    let _ = answer.send(outcome);
                }
                if !may_fold || store.ended_rows < ENDED_ROWS_MAX {
                    continue;
                }
            }
            Next::Idle => {}
            Next::Closed => break,
        }
        // Until a commit succeeds again there is no point in trying another fold.
        may_fold = store.fold().map_err(|fault| explain(fault, queue)).is_ok();
    }
    if let Err((_, error)) = store.connection.close() {
        tracing::warn!(%error, "the journal's database did not close; it will recover at open");
    }
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
