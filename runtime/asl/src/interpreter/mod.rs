//! The interpreter: an execution as a value.
//!
//! [`Execution::step`] takes an [`Event`], answers new [`Record`]s and [`Command`]s, and
//! changes nothing but the execution itself. The shell appends the records, then performs
//! the commands, then feeds what came of them back as the next event. Four rules hold:
//!
//! 1. *State is the fold of its records.* [`Execution::replay`] gives the same value as
//!    having lived it; only `apply` changes one.
//! 2. *Commands are a function of the state.* [`Execution::pending`] lists what is
//!    outstanding, so that a restart can ask for it again.
//! 3. *Append before act.* Nothing here acts.
//! 4. *Time and chance come in as event fields.* They are recorded, never drawn again.
//!
//! A step runs until every scope waits for something from outside, or the step has made
//! [`STEP_EVENTS_MAX`] events or spent [`STEP_WORK_PER_MILLE_MAX`].

mod apply;
mod asleep;
mod choice;
mod context_object;
mod current;
mod driver;
mod fail;
mod failing;
mod fault;
mod map;
mod map_run;
mod number;
mod observe;
mod parallel;
mod pass;
mod pending;
mod redrive;
mod scope;
mod succeed;
mod surroundings;
mod survey;
mod task;
mod token;
mod transition;
mod visit;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::arn::{ExecutionArn, StateMachineArn};
use crate::definition::{Flow, Pattern, StateKind, StateMachine};
use crate::history::{EventId, Record, ScopeId, Usage, Via};
use crate::{Failure, Payload, Timestamp};

pub use asleep::Asleep;
pub use current::CurrentState;
pub use map_run::{Batching, ItemSource, MapItem, MapRunCommand, MapRunPlan, MapRunReport};
pub use observe::{Observer, Sight};
pub use surroundings::{Activities, AnyActivity, Chance, Surroundings};
pub(crate) use survey::{Batches, Survey};
pub use token::{Secret, TaskToken};
pub(crate) use visit::{Act, StandIns};

use driver::Driver;
use redrive::Fallen;
use scope::{Phase, Scope};

/// Events that one step may make before it lets others go on. Ours: an endless loop of
/// Pass and Choice must not hold a thread; Express has no limit of events to end it.
pub const STEP_EVENTS_MAX: usize = 1_000;

/// What the expressions of one step may spend before it lets others go on, in thousandths of
/// one [`Budget`](crate::query::Budget). Ours: a loop of states with long expressions must not
/// hold a thread.
pub const STEP_WORK_PER_MILLE_MAX: u64 = 1_000;

/// Which of AWS's two kinds an execution is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Durable, with a history of at most [`crate::limits::HISTORY_EVENTS_MAX`] events.
    #[default]
    #[serde(rename = "STANDARD")]
    Standard,
    /// Short, with no history kept.
    #[serde(rename = "EXPRESS")]
    Express,
}

/// Who an execution is: fixed at its start, and told to its context object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its ARN.
    pub execution_arn: ExecutionArn,
    /// Its name.
    pub name: String,
    /// The state machine it runs.
    pub state_machine_arn: StateMachineArn,
    /// The state machine's name.
    pub state_machine_name: String,
    /// The role it would have on AWS; only shown.
    pub role_arn: Arc<str>,
    /// The region it pretends to run in.
    pub region: Arc<str>,
    /// Standard or Express.
    pub kind: Kind,
    /// The Map state whose item processor it runs: for a child execution of a Map Run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_state: Option<Arc<str>>,
}

/// What happened outside, as `step` is told it. Every event bears its moment.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The execution begins. Only as the first event.
    Start {
        /// Its input.
        input: Payload,
    },
    /// A timer that was asked for is due.
    Timer(Timer),
    /// Something was heard of an attempt.
    Task {
        /// Which attempt.
        task: TaskKey,
        /// What was heard.
        report: Report,
        /// What the attempt used, where that is known.
        usage: Option<Usage>,
    },
    /// A Map Run ended.
    MapRun {
        /// Which.
        run: TaskKey,
        /// What came of it.
        report: MapRunReport,
    },
    /// The execution's own TimeoutSeconds have passed.
    Deadline,
    /// Someone stopped the execution.
    Stop(Failure),
    /// Someone wants an execution that did not succeed to go on where it failed.
    Redrive {
        /// What makes a repeated call the same redrive.
        client_token: Option<Arc<str>>,
    },
    /// Go on after a step that made [`STEP_EVENTS_MAX`] events or worked for long.
    Continue,
}

/// What was heard of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It is about to begin, and must not begin twice: the shell waits for the record of this
    /// to be durable, and starts it then. Heard only once.
    Begun,
    /// A worker took it: only of an activity, and only once.
    Taken {
        /// The worker's name, if it has one.
        worker: Option<Arc<str>>,
    },
    /// What was called answered, and the Task waits on, for its token or for what was begun:
    /// only of `.sync` and `.waitForTaskToken`, and only once.
    Submitted(Payload),
    /// It answered.
    Succeeded(Payload),
    /// It failed.
    Failed(Failure),
    /// TimeoutSeconds passed.
    TimedOut,
    /// HeartbeatSeconds passed without a heartbeat.
    HeartbeatTimedOut,
}

/// One attempt of one Task of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TaskKey {
    /// The scope whose state it is.
    pub scope: ScopeId,
    /// The event that scheduled it.
    pub scheduled: EventId,
}

/// A moment at which a scope goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timer {
    /// The scope.
    pub scope: ScopeId,
    /// When it is due.
    pub at: Timestamp,
}

/// What the shell is to do, after the records are appended.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Run an attempt, and report what comes of it.
    ScheduleTask(Box<TaskCommand>),
    /// Offer an activity's task to workers, and report who took it.
    OfferTask(Box<TaskCommand>),
    /// Someone outside has the task: report what is heard of it, and when its time is over.
    AwaitTask(Box<TaskCommand>),
    /// Report that an attempt was cut off. It had begun and must not begin twice, and who ran
    /// it is gone: asked only of an execution that is taken up again.
    InterruptTask(TaskKey),
    /// End an attempt; nothing more is heard of it.
    CancelTask(TaskKey),
    /// Run a Map Run, and report what comes of it.
    StartMapRun(Box<MapRunCommand>),
    /// End a Map Run and its children; nothing more is heard of it.
    StopMapRun(TaskKey),
    /// Wake the scope at that moment.
    StartTimer(Timer),
    /// Wake the execution at that moment with [`Event::Deadline`].
    StartDeadline(Timestamp),
    /// Step again at once with [`Event::Continue`].
    Continue,
}

/// An attempt to be run, offered or waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskCommand {
    /// Its key.
    pub task: TaskKey,
    /// The Resource as written.
    pub resource: Arc<str>,
    /// How it appears in history.
    pub via: Via,
    /// How the state waits for it.
    pub pattern: Pattern,
    /// What proves a callback for it, if there can be one: part of its [`TaskToken`].
    pub secret: Option<Secret>,
    /// What the call answered, once it was submitted.
    pub submitted: Option<Payload>,
    /// Its input: the effective input, or a service's parameters.
    pub input: Payload,
    /// Its `Credentials`, if it has any: an object with a `RoleArn`.
    pub credentials: Option<Payload>,
    /// The Task state's name.
    pub state_name: Arc<str>,
    /// How often the state was retried before.
    pub retry_count: u32,
    /// When it was scheduled; of an activity, when a worker took it.
    pub scheduled_at: Timestamp,
    /// When it times out, if it does: then report [`Report::TimedOut`].
    pub deadline: Option<Timestamp>,
    /// After how many seconds without a heartbeat to report [`Report::HeartbeatTimedOut`].
    pub heartbeat_seconds: Option<u64>,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// `SUCCEEDED`, with its output.
    Succeeded(Payload),
    /// `FAILED`
    Failed(Failure),
    /// `TIMED_OUT`
    TimedOut(Failure),
    /// `ABORTED`
    Aborted(Failure),
}

/// What a step answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// To be appended, as one row.
    pub records: Vec<Record>,
    /// To be performed, once the records are as durable as they must be.
    pub commands: Vec<Command>,
}

/// An execution of a state machine, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Execution {
    identity: Arc<Identity>,
    machine: MachineRef,
    input: Payload,
    started_at: Timestamp,
    scopes: BTreeMap<ScopeId, Scope>,
    scopes_opened: u32,
    last_event: EventId,
    end: Option<End>,
    redriven: Option<Box<Redriven>>,
    /// What was inside of states that failed: where a redrive goes on.
    fallen: BTreeMap<ScopeId, Fallen>,
}

/// The last redrive of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Redriven {
    /// How many there were.
    pub count: u32,
    /// When it was.
    pub at: Timestamp,
    /// What it was called with.
    pub client_token: Option<Arc<str>>,
}

/// The definition an execution runs: shared, and the same for two executions only when
/// it is the very same one.
#[derive(Clone, Debug)]
struct MachineRef(Arc<StateMachine>);

impl PartialEq for MachineRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Execution {
    /// An execution that has not begun: its first event is [`Event::Start`].
    pub fn new(machine: Arc<StateMachine>, identity: Arc<Identity>) -> Self {
        Self {
            identity,
            machine: MachineRef(machine),
            input: Payload::from_value(serde_json::Value::Null),
            started_at: Timestamp(0),
            scopes: BTreeMap::new(),
            scopes_opened: 0,
            last_event: EventId(0),
            end: None,
            redriven: None,
            fallen: BTreeMap::new(),
        }
    }

    /// The execution that these records, in order, are the story of.
    pub fn replay<'r>(
        machine: Arc<StateMachine>,
        identity: Arc<Identity>,
        records: impl IntoIterator<Item = &'r Record>,
    ) -> Self {
        let mut execution = Self::new(machine, identity);
        execution.extend(records);
        execution
    }

    /// Goes on with the story: what [`Execution::replay`] does with records that come in parts.
    pub fn extend<'r>(&mut self, records: impl IntoIterator<Item = &'r Record>) {
        for record in records {
            self.apply(record);
        }
    }

    /// Takes one event. `chance` is this step's share of it.
    ///
    /// An event that no longer matters (a timer of a state that was left, a report of an
    /// attempt that was cancelled, anything after the end) gives an empty step.
    pub fn step(&mut self, event: Event, now: Timestamp, chance: impl Into<Chance>) -> Step {
        Driver::new(self, now, chance).run(event)
    }

    /// The same, where not everything outside is there.
    pub fn step_in(&mut self, event: Event, surroundings: Surroundings<'_>) -> Step {
        let mut driver = Driver::new(self, surroundings.now, surroundings.chance);
        driver.activities = surroundings.activities;
        driver.run(event)
    }

    /// The same, before the eyes of an observer.
    pub fn step_observed(
        &mut self,
        event: Event,
        now: Timestamp,
        entropy: u64,
        observer: &dyn Observer,
    ) -> Step {
        let mut driver = Driver::new(self, now, entropy);
        driver.observer = Some(observer);
        driver.run(event)
    }

    /// Who it is.
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// The definition it runs.
    pub fn machine(&self) -> &Arc<StateMachine> {
        &self.machine.0
    }

    /// The flow it runs: the machine's, or for a child of a Map Run an item processor.
    fn flow(&self) -> &Flow {
        let machine = &self.machine.0;
        let map = self.identity.map_state.as_ref();
        let map = map
            .and_then(|name| machine.ids.get(name))
            .map(|id| machine.state(*id));
        match map.map(|state| &state.kind) {
            Some(StateKind::Map(map)) => &map.processor,
            _ => &machine.flow,
        }
    }

    /// Its input.
    pub fn input(&self) -> &Payload {
        &self.input
    }

    /// When it began.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// How it ended, once it has.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Its last redrive, if it was redriven.
    pub fn redriven(&self) -> Option<&Redriven> {
        self.redriven.as_deref()
    }

    /// What proves a callback for this attempt; nothing when it does not wait for one, or is
    /// no longer open.
    pub fn secret(&self, task: TaskKey) -> Option<Secret> {
        self.attempting(task)?.secret
    }

    /// Whether this attempt is the one its state waits for.
    pub fn is_open(&self, task: TaskKey) -> bool {
        self.attempting(task).is_some()
    }

    fn attempting(&self, task: TaskKey) -> Option<&scope::Attempting> {
        if self.end.is_some() {
            return None;
        }
        match &self.scopes.get(&task.scope)?.phase {
            Phase::Attempting(attempting) if attempting.scheduled == task.scheduled => {
                Some(attempting)
            }
            _ => None,
        }
    }

    /// The id of its newest history event.
    pub fn last_event(&self) -> EventId {
        self.last_event
    }
}
