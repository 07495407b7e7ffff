//! Retiring: a process that is to end lets its attempts come to theirs, and begins no more.
//!
//! What it does not begin is in the journal: the next process asks for it again.

use std::sync::Arc;

use tokio::sync::watch;

use crate::executor::Engine;

/// How many attempts run, and whether more may begin.
#[derive(Debug, Default)]
pub(crate) struct Attempts(watch::Sender<State>);

#[derive(Clone, Copy, Debug, Default)]
struct State {
    running: usize,
    retiring: bool,
}

/// An attempt that runs, until it is dropped.
pub(crate) struct Working(Arc<Attempts>);

impl Attempts {
    /// Counts an attempt; none begins in a process that is to end.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Working> {
        let begun = self.0.send_if_modified(|state| {
            state.running += usize::from(!state.retiring);
            !state.retiring
        });
        begun.then(|| Working(Arc::clone(self)))
    }

    /// Resolves when the process is to end.
    pub(crate) async fn retired(&self) {
        // The sender is ours: it outlives this.
        let _ = self.0.subscribe().wait_for(|state| state.retiring).await;
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.0.send_modify(|state| state.running -= 1);
    }
}

impl Engine {
    /// Begins no more attempts, and answers waiting workers that there is no task for them.
    /// Executions go on as far as they come without.
    pub fn retire(&self) {
        self.shared
            .attempts
            .0
            .send_modify(|state| state.retiring = true);
    }

    /// Resolves when no attempt runs; for ever, unless the engine was retired.
    pub async fn idle(&self) {
        let mut state = self.shared.attempts.0.subscribe();
        let idle = |state: &State| state.retiring && state.running == 0;
        let _ = state.wait_for(idle).await;
    }
}
