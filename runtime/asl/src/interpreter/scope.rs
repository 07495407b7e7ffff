//! A scope: one line of states that run one after another, and what it waits for.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::map_run::MapRunning;
use crate::definition::StateId;
use crate::history::{EventId, ScopeId, Via};
use crate::interpreter::Secret;
use crate::query::Variables;
use crate::{Payload, Timestamp};

/// The machine itself, a branch, or an iteration.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scope {
    /// The scope that runs it and its place there; none for the root.
    pub(super) parent: Option<(ScopeId, u32)>,
    /// The event that leads to this scope's next one.
    pub(super) previous: EventId,
    /// The state it is in, or was in last.
    pub(super) current: Option<Current>,
    /// What it can read: its own variables over those of the outer scopes, which cannot
    /// change while it runs.
    pub(super) variables: Arc<Variables>,
    /// `$$.Map.Item`, in an iteration and whatever is inside it.
    pub(super) item: Option<Arc<Item>>,
    /// What it does or waits for.
    pub(super) phase: Phase,
}

/// The state a scope is in.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Current {
    /// Which state.
    pub(super) id: StateId,
    /// The event of its entry.
    pub(super) entered: EventId,
    /// The event before that one.
    pub(super) before: EventId,
    /// `$$.State.EnteredTime`
    pub(super) entered_at: Timestamp,
    /// Its raw input.
    pub(super) input: Payload,
    /// How often each Retrier has retried, in this visit.
    pub(super) retries: Vec<u64>,
}

impl Current {
    /// `$$.State.RetryCount`
    pub(super) fn retry_count(&self) -> u32 {
        self.retries
            .iter()
            .sum::<u64>()
            .try_into()
            .unwrap_or(u32::MAX)
    }
}

/// What a scope does or waits for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Phase {
    /// It enters this state next. Transient.
    Entering(StateId, Payload),
    /// Its state is entered and is to be carried out. Transient.
    Entered,
    /// An attempt runs.
    Attempting(Box<Attempting>),
    /// Its state is tried again then.
    BackingOff(Timestamp),
    /// Its Wait ends then.
    Waiting(Timestamp),
    /// A Map's items are known. Transient.
    Mapping(Box<Nested>),
    /// Branches or iterations run.
    Nesting(Box<Nested>),
    /// A Map Run runs.
    MapRunning(Box<MapRunning>),
    /// A Map Run failed: what failed in it may be redriven.
    MapRunFailed(Box<MapRunning>),
    /// A Map Run is to be redriven. Transient.
    MapRunReviving(Box<MapRunning>),
    /// Its flow ended with this output. Transient.
    Done(Payload),
}

/// An attempt that runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Attempting {
    pub(super) scheduled: EventId,
    pub(super) at: Timestamp,
    pub(super) via: Via,
    pub(super) input: Payload,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) deadline: Option<Timestamp>,
    pub(super) heartbeat_seconds: Option<u64>,
    pub(super) credentials: Option<Payload>,
    pub(super) secret: Option<Secret>,
    pub(super) stage: Stage,
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// Its work is to be done, or offered.
    Scheduled,
    /// Its work was begun here, and must not be begun again.
    Begun,
    /// A worker has it.
    Taken,
    /// What was called answered this; the Task waits on.
    Submitted(Payload),
}

/// Branches or iterations that run, and what came of those that ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Nested {
    /// A Map's items; none for a Parallel.
    pub(super) items: Option<Payload>,
    /// How many there are in all.
    pub(super) total: u32,
    /// How many may be open at once.
    pub(super) concurrency: u32,
    /// The next to open.
    pub(super) next: u32,
    /// Those open now.
    pub(super) open: BTreeSet<ScopeId>,
    /// What each gave, in order.
    pub(super) results: Vec<Option<Payload>>,
}

impl Nested {
    pub(super) fn new(items: Option<Payload>, total: u32, concurrency: u32) -> Self {
        Self {
            items,
            total,
            concurrency,
            next: 0,
            open: BTreeSet::new(),
            results: vec![None; total as usize],
        }
    }

    /// Whether another may be opened.
    pub(super) fn can_open(&self) -> bool {
        self.next < self.total && (self.open.len() as u64) < u64::from(self.concurrency)
    }

    /// Whether all have ended.
    pub(super) fn is_complete(&self) -> bool {
        self.next == self.total && self.open.is_empty()
    }
}

/// `$$.Map.Item`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) index: u64,
    /// The key, when the items are the fields of an object.
    pub(super) key: Option<Arc<str>>,
    pub(super) value: Arc<serde_json::Value>,
    /// Where it was read.
    pub(super) source: Arc<str>,
}

/// The source of items that are in the state's own data.
pub(super) const STATE_DATA: &str = "STATE_DATA";
