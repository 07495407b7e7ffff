//! The history of an execution: AWS's events, and the private notes that replay needs.
//!
//! A [`Record`] is what the journal stores. Folding an execution's records, in order,
//! gives its state; printing its events with [`HistoryEvent::to_aws`] gives what
//! GetExecutionHistory answers. Nothing else is kept about how an execution went.

mod aws;
mod codec;
mod log;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use codec::{DecodeError, decode, encode};
pub use log::LogLevel;

use crate::arn::MapRunArn;
use crate::interpreter::{MapRunPlan, Secret};
use crate::{Failure, Payload, Timestamp};

/// The id of a history event: 1, 2, 3 … without a gap; 0 stands for "none".
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EventId(pub u64);

/// A scope of an execution: the machine itself (0), a branch, an iteration. Numbered in
/// the order in which they open, never used again.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct ScopeId(pub u32);

impl ScopeId {
    /// The outermost scope.
    pub const ROOT: Self = Self(0);
}

/// What the journal stores, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Record {
    /// An event of the public history.
    #[serde(rename = "e")]
    Event(
        /// The scope it happened in.
        ScopeId,
        /// The event.
        HistoryEvent,
    ),
    /// What replay needs and AWS does not show.
    #[serde(rename = "n")]
    Note(Note),
}

/// What replay needs and AWS's history does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// A branch or an iteration begins.
    ScopeOpened {
        /// Its number.
        scope: ScopeId,
        /// The scope whose current state runs it.
        parent: ScopeId,
        /// Which branch or item, from 0.
        index: u32,
        /// Its input.
        input: Payload,
    },
    /// A wait ends then.
    WaitUntil {
        /// The waiting scope.
        scope: ScopeId,
        /// When.
        at: Timestamp,
    },
    /// A state will be tried again.
    RetryAt {
        /// The scope whose state failed.
        scope: ScopeId,
        /// Which Retrier took it, from 0.
        retrier: u32,
        /// The event that failed it: it leads to the next try.
        after: EventId,
        /// When; the jitter is in it.
        at: Timestamp,
    },
    /// The items that a Map runs over: an array, or an object.
    Items {
        /// The scope whose state is the Map.
        scope: ScopeId,
        /// The items.
        items: Payload,
        /// How many iterations may be open at once.
        concurrency: u32,
    },
    /// The Map Run that a Map in DISTRIBUTED mode is about to start.
    MapRun {
        /// The scope whose state is the Map.
        scope: ScopeId,
        /// All of it.
        plan: MapRunPlan,
    },
    /// An attempt is about to begin that must not begin twice.
    Begun {
        /// The scope whose state it is of.
        scope: ScopeId,
    },
    /// What an attempt used.
    Used {
        /// The event that scheduled it.
        scheduled: EventId,
        /// What it used.
        usage: Usage,
    },
}

/// What one attempt of a Task used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Fuel consumed; the same for the same input of a pure module.
    pub fuel: u64,
    /// The most linear memory it had, in bytes.
    pub memory_bytes_peak: u64,
    /// From instantiation to answer.
    pub wall_time: Duration,
    /// The linear memory it might have had, in bytes: what Lambda bills by. None was recorded
    /// by the first versions.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub memory_bytes_max: u64,
    /// Bodies of HTTP requests and responses, in bytes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub http_bytes: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// One event, as GetExecutionHistory answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// Its id.
    #[serde(rename = "i")]
    pub id: EventId,
    /// The event that led to it.
    #[serde(rename = "p")]
    pub previous: EventId,
    /// When it happened.
    #[serde(rename = "t")]
    pub timestamp: Timestamp,
    /// What happened.
    #[serde(rename = "d")]
    pub detail: Detail,
}

/// The type of a state, in the names of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "AWS's words for the eight types")]
pub enum StateType {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

/// How a Task appears in history: by what its Resource names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Via {
    /// A Lambda ARN, or a `wasm:` name: LambdaFunction events.
    Lambda,
    /// An activity ARN: Activity events.
    Activity,
    /// A service integration: Task events with these two details.
    Service {
        /// `resourceType`
        #[serde(rename = "t")]
        resource_type: Arc<str>,
        /// `resource`
        #[serde(rename = "r")]
        resource: Arc<str>,
    },
}

/// What happened. Names and details are AWS's; what is private says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the variants and fields are AWS's, named as AWS names them"
)]
pub enum Detail {
    ExecutionStarted {
        input: Payload,
        role_arn: Arc<str>,
    },
    ExecutionSucceeded {
        output: Payload,
    },
    ExecutionFailed(Failure),
    ExecutionAborted(Failure),
    ExecutionTimedOut(Failure),
    ExecutionRedriven {
        redrive_count: u32,
        /// Private: what makes a repeated call the same redrive.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_token: Option<Arc<str>>,
    },
    StateEntered {
        state: StateType,
        name: Arc<str>,
        input: Payload,
    },
    StateExited {
        state: StateType,
        name: Arc<str>,
        output: Payload,
        /// Sorted by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        assigned: Vec<(Arc<str>, Payload)>,
        /// Private: the state that follows, or none at the end of the flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<Arc<str>>,
    },
    StateAborted(StateType),
    ParallelStateStarted,
    ParallelStateSucceeded,
    ParallelStateFailed,
    MapStateStarted {
        length: u32,
    },
    MapStateSucceeded,
    MapStateFailed,
    MapRunStarted {
        arn: MapRunArn,
    },
    MapRunSucceeded,
    MapRunFailed(Failure),
    MapRunAborted,
    MapRunRedriven {
        arn: MapRunArn,
        redrive_count: u32,
    },
    MapIterationStarted {
        name: Arc<str>,
        index: u32,
    },
    MapIterationSucceeded {
        name: Arc<str>,
        index: u32,
    },
    MapIterationFailed {
        name: Arc<str>,
        index: u32,
    },
    MapIterationAborted {
        name: Arc<str>,
        index: u32,
    },
    Scheduled {
        via: Via,
        /// The Resource as written; AWS shows it for Lambda and activities.
        resource: Arc<str>,
        /// AWS's `input`, or `parameters` for a service.
        input: Payload,
        /// AWS's `region`, shown for a service.
        region: Arc<str>,
        timeout_seconds: Option<u64>,
        heartbeat_seconds: Option<u64>,
        /// Private: when the state times out, if it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<Timestamp>,
        credentials: Option<Payload>,
        /// Private: proves a callback for this attempt, if there can be one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<Secret>,
    },
    ScheduleFailed {
        via: Via,
        failure: Failure,
    },
    Started {
        via: Via,
        /// AWS's `workerName` of an activity.
        worker: Option<Arc<str>>,
    },
    Submitted {
        via: Via,
        output: Payload,
    },
    Succeeded {
        via: Via,
        output: Payload,
    },
    Failed {
        via: Via,
        failure: Failure,
    },
    TimedOut {
        via: Via,
        failure: Failure,
    },
    EvaluationFailed {
        failure: Failure,
        location: Option<Arc<str>>,
        state: Arc<str>,
    },
}

impl Detail {
    /// Whether this is what an execution that ended goes on with.
    pub fn reopens_execution(&self) -> bool {
        matches!(self, Self::ExecutionRedriven { .. })
    }

    /// Whether this is the last event of an execution.
    pub fn ends_execution(&self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded { .. }
                | Self::ExecutionFailed(_)
                | Self::ExecutionAborted(_)
                | Self::ExecutionTimedOut(_)
        )
    }
}
