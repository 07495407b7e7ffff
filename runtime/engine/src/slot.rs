//! A live execution: its state, its place in the journal, what it has running and waits for.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::{Execution, TaskKey};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::activity::OfferPlace;
use crate::map_run::Reins;
use crate::mock::Mocks;
use crate::opening::Parent;
use crate::progress::{Commit, Progress};
use crate::timers::TimerKey;
use crate::vigil::Vigil;
use crate::watch::Watcher;

/// A table by ARN. They are a hundred bytes and more, and looked up several times a step, so
/// the hash must be fast; it is seeded, since callers choose the names.
pub(crate) type ByArn<T> = HashMap<ExecutionArn, T, foldhash::fast::RandomState>;

/// What the engine keeps of an execution that has not ended.
pub(crate) struct Slot {
    pub(crate) execution: Execution,
    /// What its start gave it: known before it has begun.
    pub(crate) given: Payload,
    /// The number of the next row.
    pub(crate) sequence: u64,
    /// How far the journal is.
    pub(crate) progress: watch::Sender<Progress>,
    /// The Map Runs that run, by key.
    pub(crate) map_runs: BTreeMap<TaskKey, Reins>,
    /// The attempts that run, by key.
    pub(crate) attempts: BTreeMap<TaskKey, AbortHandle>,
    /// What is watched of the tasks that someone outside has, by key.
    pub(crate) vigils: HashMap<TaskKey, Vigil>,
    /// The tasks that it offers to workers, by key.
    pub(crate) offers: HashMap<TaskKey, OfferPlace>,
    /// The Task that started it, if one did.
    pub(crate) parent: Option<Parent>,
    /// The executions whose end its Tasks wait for, by key.
    pub(crate) children: HashMap<TaskKey, ExecutionArn>,
    /// Its timers that are not due yet.
    pub(crate) timers: HashSet<TimerKey>,
    /// Whoever waits for its end holds one more of this.
    pub(crate) watched: Arc<()>,
    /// What its Tasks answer, if it is a test.
    pub(crate) mocks: Option<Arc<Mocks>>,
    /// Who watches it, if anyone.
    pub(crate) watcher: Option<Box<dyn Watcher>>,
}

impl Slot {
    /// One that a start is about to begin with this input.
    pub(crate) fn beginning(execution: Execution, given: Payload) -> Self {
        Self::new(execution, given, 0)
    }

    /// One that was begun before, and has this many rows.
    pub(crate) fn resumed(execution: Execution, rows: u64) -> Self {
        let given = execution.input().clone();
        Self::new(execution, given, rows)
    }

    fn new(execution: Execution, given: Payload, sequence: u64) -> Self {
        Self {
            execution,
            given,
            sequence,
            progress: watch::Sender::new(Progress {
                rows: sequence,
                ..Progress::default()
            }),
            map_runs: BTreeMap::new(),
            attempts: BTreeMap::new(),
            vigils: HashMap::new(),
            offers: HashMap::new(),
            parent: None,
            children: HashMap::new(),
            timers: HashSet::new(),
            watched: Arc::new(()),
            mocks: None,
            watcher: None,
        }
    }

    pub(crate) fn arn(&self) -> ExecutionArn {
        self.execution.identity().execution_arn.clone()
    }

    /// Everything that was submitted so far.
    pub(crate) fn commit(&self) -> Commit {
        Commit::of(self.sequence, &self.progress)
    }

    /// Whether the journal refused a row: then the execution goes no further here.
    pub(crate) fn is_refused(&self) -> bool {
        self.progress.borrow().refused.is_some()
    }

    /// Ends the attempts that run.
    pub(crate) fn abort_attempts(&mut self) {
        for attempt in std::mem::take(&mut self.attempts).into_values() {
            attempt.abort();
        }
    }
}

impl Drop for Slot {
    /// Attempts do not outlive the execution.
    fn drop(&mut self) {
        self.abort_attempts();
    }
}

/// Locks a slot; never across an await.
pub(crate) fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}
