//! A case's executions, played through: a script answers, and time passes only when everything
//! waits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::coverage::Coverage;
use super::file::Answer;
use super::map_run::Run;
use super::path::Path;
use super::script::Script;
use crate::definition::{Pattern, StateMachine};
use crate::history::{EventId, Record, ScopeId};
use crate::interpreter::{
    Command, Event, Execution, Identity, MapRunReport, Report, TaskCommand, TaskKey,
};
use crate::query::Draws;
use crate::{Failure, Payload, Timestamp};

/// Events that the executions of one case may make. Ours: an Express execution has no bound of
/// its own, and a loop of Choices takes no time that a timeout could end.
pub(super) const EVENTS_MAX: usize = 100_000;

/// An execution of a case, by the order in which they began: the first is the one under test,
/// the others are children of its Map Runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ActorId(pub(super) usize);

impl ActorId {
    pub(super) const FIRST: Self = Self(0);
}

/// Why a case cannot be played to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// A Task asks, and the script has no answer.
    Unanswered {
        state: Arc<str>,
        event: EventId,
        attempt: u32,
        input: Payload,
    },
    /// A Map's ItemReader asks for items, and the script has none.
    NoItems { state: Arc<str>, event: EventId },
    /// Nothing will ever happen again.
    Stuck { waiting: Vec<String> },
    /// More than [`EVENTS_MAX`].
    TooManyEvents,
}

/// The stage of one case.
pub(super) struct Stage<'c, 'f> {
    pub(super) now: Timestamp,
    pub(super) path: Path,
    pub(super) actors: Vec<Option<Execution>>,
    pub(super) runs: HashMap<(ActorId, TaskKey), Run>,
    /// Which run a child belongs to.
    pub(super) children: HashMap<ActorId, (ActorId, TaskKey)>,
    machine: Arc<StateMachine>,
    script: Script<'f>,
    /// The answers that Tasks will get which wait on after their call.
    promised: HashMap<(ActorId, TaskKey), &'f Answer>,
    queue: BTreeMap<(Timestamp, u64), (ActorId, Event)>,
    queued: u64,
    draws: Draws,
    coverage: &'c mut Coverage,
    events: usize,
}

impl<'c, 'f> Stage<'c, 'f> {
    pub(super) fn new(
        machine: &Arc<StateMachine>,
        script: Script<'f>,
        start: Timestamp,
        seed: u64,
        coverage: &'c mut Coverage,
    ) -> Self {
        Self {
            now: start,
            path: Path::default(),
            actors: Vec::new(),
            runs: HashMap::new(),
            children: HashMap::new(),
            machine: Arc::clone(machine),
            script,
            promised: HashMap::new(),
            queue: BTreeMap::new(),
            queued: 0,
            draws: Draws::new(seed),
            coverage,
            events: 0,
        }
    }

    pub(super) fn script(&self) -> &Script<'f> {
        &self.script
    }

    /// Begins an execution.
    pub(super) fn begin(&mut self, identity: Identity, input: Payload) -> ActorId {
        let actor = ActorId(self.actors.len());
        let execution = Execution::new(Arc::clone(&self.machine), Arc::new(identity));
        self.actors.push(Some(execution));
        self.at(self.now, actor, Event::Start { input });
        actor
    }

    /// Plays until the execution under test has ended.
    pub(super) fn play(&mut self) -> Result<(), Stopped> {
        while let Some(((at, _), (actor, event))) = self.queue.pop_first() {
            self.now = at;
            self.step(actor, event)?;
            if self.first().is_some_and(|first| first.end().is_some()) {
                return Ok(());
            }
        }
        let waiting = self.first().map(Execution::current_states);
        let waiting = waiting.into_iter().flatten();
        let waiting = waiting.map(|state| state.name.to_owned());
        Err(Stopped::Stuck {
            waiting: waiting.collect(),
        })
    }

    /// The execution under test.
    pub(super) fn first(&self) -> Option<&Execution> {
        self.actors.first()?.as_ref()
    }

    /// Lets an execution hear of something at that moment.
    pub(super) fn at(&mut self, at: Timestamp, actor: ActorId, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued), (actor, event));
    }

    /// A share of the case's chance.
    pub(super) fn draw(&self) -> u64 {
        self.draws.next_u64()
    }

    fn step(&mut self, actor: ActorId, event: Event) -> Result<(), Stopped> {
        // A child whose run was stopped hears nothing more.
        let Some(execution) = self.actors[actor.0].as_mut() else {
            return Ok(());
        };
        let entropy = self.draws.next_u64();
        let step = execution.step_observed(event, self.now, entropy, &*self.coverage);
        for record in &step.records {
            self.path.record(actor, record);
            self.coverage.record(record);
            self.events += usize::from(matches!(record, Record::Event(..)));
        }
        if self.events > EVENTS_MAX {
            return Err(Stopped::TooManyEvents);
        }
        for command in step.commands {
            self.perform(actor, command)?;
        }
        let end = self.actors[actor.0].as_ref().and_then(Execution::end);
        match end.cloned() {
            Some(end) if actor != ActorId::FIRST => self.child_ended(actor, end),
            _ => Ok(()),
        }
    }

    fn perform(&mut self, actor: ActorId, command: Command) -> Result<(), Stopped> {
        match command {
            Command::ScheduleTask(task) => {
                let answer = self.answer(&task)?;
                if task.pattern == Pattern::RequestResponse {
                    self.promise(actor, &task, answer);
                } else {
                    let submitted = Payload::from_value(serde_json::Value::Null);
                    self.hand_over(actor, &task, answer, Report::Submitted(submitted));
                }
            }
            Command::OfferTask(task) => {
                let answer = self.answer(&task)?;
                self.hand_over(actor, &task, answer, Report::Taken { worker: None });
            }
            Command::AwaitTask(task) => {
                if let Some(answer) = self.promised.remove(&(actor, task.task)) {
                    self.promise(actor, &task, answer);
                }
            }
            Command::StartMapRun(command) => return self.start_map_run(actor, *command),
            Command::StopMapRun(run) => self.stop_map_run(actor, run),
            Command::StartTimer(timer) => self.at(timer.at, actor, Event::Timer(timer)),
            Command::StartDeadline(at) => self.at(at, actor, Event::Deadline),
            Command::Continue => self.at(self.now, actor, Event::Continue),
            // What comes too late is not heard: the interpreter knows which attempt is open. And
            // no test is ever cut off.
            Command::CancelTask(_) | Command::InterruptTask(_) => {}
        }
        Ok(())
    }

    fn answer(&mut self, task: &TaskCommand) -> Result<&'f Answer, Stopped> {
        let answer = self.script.take(&task.state_name, task.input.value());
        answer.ok_or_else(|| Stopped::Unanswered {
            state: Arc::clone(&task.state_name),
            event: task.task.scheduled,
            attempt: task.retry_count + 1,
            input: task.input.clone(),
        })
    }

    /// What the script has for a Map Run.
    pub(super) fn answer_for_run(&mut self, state: &str) -> Option<&'f Answer> {
        self.script.take(state, &serde_json::Value::Null)
    }

    /// The Task is with someone else now, whose word comes when the interpreter waits for it.
    fn hand_over(&mut self, actor: ActorId, task: &TaskCommand, answer: &'f Answer, by: Report) {
        self.promised.insert((actor, task.task), answer);
        self.hear(self.now, actor, task.task, by);
    }

    /// Queues what comes of an attempt that begins now.
    fn promise(&mut self, actor: ActorId, task: &TaskCommand, answer: &Answer) {
        if let Some((at, report)) = outcome(task, answer, self.now) {
            self.hear(at, actor, task.task, report);
        }
    }

    fn hear(&mut self, at: Timestamp, actor: ActorId, task: TaskKey, report: Report) {
        let event = Event::Task {
            task,
            report,
            usage: None,
        };
        self.at(at, actor, event);
    }

    /// Tells the parent what came of a Map Run.
    pub(super) fn report_run(&mut self, actor: ActorId, run: TaskKey, report: MapRunReport) {
        self.at(self.now, actor, Event::MapRun { run, report });
    }

    /// Where a scope of an execution stands, for whoever opens a flow inside.
    pub(super) fn opened_inside(&mut self, child: ActorId, parent: ActorId, scope: ScopeId) {
        let index = u32::try_from(child.0).unwrap_or(u32::MAX);
        self.path
            .opened((child, ScopeId::ROOT), (parent, scope), index);
    }
}

/// What comes first of an attempt: its answer, its deadline or a missed heartbeat. An answer
/// beats a timeout of the same moment, as in the engine.
fn outcome(task: &TaskCommand, answer: &Answer, now: Timestamp) -> Option<(Timestamp, Report)> {
    let later = |seconds: f64| now.plus_milliseconds((seconds * 1000.0).round() as i64);
    let ended = (!answer.never).then(|| later(answer.after));
    let silence = task.heartbeat_seconds.and_then(|limit| {
        let limit = limit as f64;
        match answer.heartbeat {
            Some(every) if every <= limit => None,
            _ => Some(later(limit)),
        }
    });
    let missed = silence.map(|at| (at, Report::HeartbeatTimedOut));
    let overdue = task.deadline.map(|at| (at, Report::TimedOut));
    let done = ended.map(|at| (at, report(answer)));
    // The first of equals is kept.
    let all = [done, overdue, missed].into_iter().flatten();
    all.min_by_key(|(at, _)| *at)
}

fn report(answer: &Answer) -> Report {
    match &answer.error {
        Some(error) => Report::Failed(failure(answer, error)),
        None => {
            let returned = answer.returned.clone().unwrap_or_default();
            Report::Succeeded(Payload::from_value(returned))
        }
    }
}

/// The failure of an answer with an error.
pub(super) fn failure(answer: &Answer, error: &str) -> Failure {
    Failure {
        error: Some(error.into()),
        cause: answer.cause.clone(),
    }
}
