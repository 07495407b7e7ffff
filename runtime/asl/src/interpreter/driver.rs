//! The driver of one step: takes the event, then moves scopes on until all of them wait.
//!
//! Scopes take turns, one transition each, so that the events of branches interleave as
//! those of AWS do. The driver decides and emits; `apply` changes the execution.

use std::collections::VecDeque;
use std::sync::Arc;

use super::context_object::ExecutionPart;
use super::fault::Fault;
use super::observe::Observer;
use super::scope::Phase;
use super::visit::StandIns;
use super::{
    Activities, AnyActivity, Chance, Command, Event, Execution, Kind, Report, STEP_EVENTS_MAX,
    STEP_WORK_PER_MILLE_MAX, Secret, Step, TaskKey, TaskToken, Timer,
};
use crate::definition::{State, StateKind};
use crate::history::{Detail, EventId, HistoryEvent, Note, Record, ScopeId, Usage};
use crate::query::{Budget, Draws};
use crate::{ErrorName, Failure, Timestamp, limits};

/// One step under way.
pub(super) struct Driver<'e> {
    pub(super) execution: &'e mut Execution,
    pub(super) now: Timestamp,
    pub(super) draws: Draws,
    /// What the expressions of the transition under way may still spend.
    pub(super) budget: Budget,
    /// What those before it in this step have spent, in thousandths of a budget.
    spent_per_mille: u64,
    pub(super) step: Step,
    pub(super) observer: Option<&'e dyn Observer>,
    /// What stands in for the execution, where a state is visited alone.
    pub(super) stand_ins: Option<&'e StandIns>,
    pub(super) activities: &'e dyn Activities,
    /// Where the step's tokens come from.
    pub(super) secret: Secret,
    /// The token of the Task that is about to be scheduled: its own fields may read it.
    pub(super) minted: Option<TaskToken>,
    /// The context object's largest field, for all expressions of the step.
    pub(super) execution_part: ExecutionPart,
    ready: VecDeque<ScopeId>,
}

impl<'e> Driver<'e> {
    pub(super) fn new(
        execution: &'e mut Execution,
        now: Timestamp,
        chance: impl Into<Chance>,
    ) -> Self {
        let Chance { seed, secret } = chance.into();
        Self {
            execution,
            now,
            draws: Draws::new(seed),
            budget: Budget::new(),
            spent_per_mille: 0,
            step: Step::default(),
            observer: None,
            stand_ins: None,
            activities: &AnyActivity,
            secret,
            minted: None,
            execution_part: ExecutionPart::default(),
            ready: VecDeque::new(),
        }
    }

    pub(super) fn run(mut self, event: Event) -> Step {
        if let Event::Redrive { client_token } = event {
            self.redrive(client_token);
            return self.step;
        }
        if self.execution.end.is_some() {
            return self.step;
        }
        match event {
            Event::Redrive { .. } => {}
            Event::Start { input } => self.start(input),
            Event::Timer(timer) => self.wake(timer),
            Event::Task {
                task,
                report,
                usage,
            } => self.hear(task, report, usage),
            Event::MapRun { run, report } => self.hear_of_map_run(run, report),
            Event::Deadline => self.deadline(),
            Event::Stop(failure) => self.stop(failure),
            Event::Continue => self.resume(),
        }
        self.settle();
        self.step
    }

    fn start(&mut self, input: crate::Payload) {
        if self.execution.last_event != EventId(0) {
            return;
        }
        let role_arn = self.execution.identity.role_arn.clone();
        self.emit(
            ScopeId::ROOT,
            EventId(0),
            Detail::ExecutionStarted { input, role_arn },
        );
        if let Some(deadline) = self.execution.deadline() {
            self.step.commands.push(Command::StartDeadline(deadline));
        }
        self.ready.push_back(ScopeId::ROOT);
    }

    pub(super) fn wake(&mut self, timer: Timer) {
        let Some(scope) = self.execution.scopes.get(&timer.scope) else {
            return;
        };
        match scope.phase {
            Phase::Waiting(at) if at == timer.at => self.wait_is_over(timer.scope),
            Phase::BackingOff(at) if at == timer.at => self.carry_out(timer.scope),
            _ => {}
        }
    }

    fn hear(&mut self, task: TaskKey, report: Report, usage: Option<Usage>) {
        if !self.execution.is_open(task) {
            return;
        }
        if let Some(usage) = usage {
            self.note(Note::Used {
                scheduled: task.scheduled,
                usage,
            });
        }
        match report {
            Report::Begun => self.attempt_begun(task),
            Report::Taken { worker } => self.attempt_taken(task, worker),
            Report::Submitted(answer) => self.attempt_submitted(task, answer),
            report => {
                if matches!(report, Report::TimedOut | Report::HeartbeatTimedOut) {
                    self.step.commands.push(Command::CancelTask(task));
                }
                self.attempt_ended(task.scope, report);
            }
        }
    }

    fn deadline(&mut self) {
        let failure = Failure::named(ErrorName::TIMEOUT);
        self.abort_nested(ScopeId::ROOT);
        self.end(Detail::ExecutionTimedOut(failure), self.root_previous());
    }

    fn stop(&mut self, failure: Failure) {
        self.abort_nested(ScopeId::ROOT);
        self.abort_state(ScopeId::ROOT);
        self.end(Detail::ExecutionAborted(failure), self.root_previous());
    }

    fn resume(&mut self) {
        self.ready = self
            .execution
            .scopes
            .iter()
            .filter(|(_, scope)| scope.phase.is_transient())
            .map(|(id, _)| *id)
            .collect();
    }

    /// Moves ready scopes on, one transition each in turn.
    fn settle(&mut self) {
        while let Some(id) = self.ready.pop_front() {
            if self.execution.end.is_some() {
                return;
            }
            self.spent_per_mille += std::mem::take(&mut self.budget).spent_per_mille();
            if self.step.records.len() >= STEP_EVENTS_MAX
                || self.spent_per_mille >= STEP_WORK_PER_MILLE_MAX
            {
                self.step.commands.push(Command::Continue);
                return;
            }
            self.advance(id);
        }
    }

    fn advance(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        match &scope.phase {
            Phase::Entering(..) => self.enter(id),
            Phase::Entered => self.carry_out(id),
            Phase::Mapping(_) => self.start_mapping(id),
            Phase::Nesting(_) => self.nest(id),
            Phase::Done(_) => self.flow_done(id),
            Phase::Attempting(_)
            | Phase::BackingOff(_)
            | Phase::Waiting(_)
            | Phase::MapRunning(_)
            | Phase::MapRunFailed(_) => {}
            Phase::MapRunReviving(_) => self.redrive_map_run(id),
        }
    }

    pub(super) fn enter(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Phase::Entering(state, input) = &scope.phase else {
            return;
        };
        let state = self.execution.machine.0.state(*state);
        let detail = Detail::StateEntered {
            state: state.kind.history_type(),
            name: state.name.clone(),
            input: input.clone(),
        };
        let previous = scope.previous;
        self.emit(id, previous, detail);
        self.ready(id);
    }

    /// Does what the scope's state is for: at its entry, and again for each retry.
    pub(super) fn carry_out(&mut self, id: ScopeId) {
        let Some(current) = self
            .execution
            .scopes
            .get(&id)
            .and_then(|scope| scope.current.as_ref())
        else {
            return;
        };
        let machine = Arc::clone(&self.execution.machine.0);
        let state = machine.state(current.id);
        let done = match &state.kind {
            StateKind::Pass(pass) => self.pass(id, state, pass),
            StateKind::Task(task) => self.task(id, state, task),
            StateKind::Choice(choice) => self.choice(id, state, choice),
            StateKind::Wait(wait) => self.wait(id, state, wait),
            StateKind::Succeed(_) => self.succeed(id, state),
            StateKind::Fail(fail) => self.fail(id, state, fail),
            StateKind::Parallel(_) => self.parallel(id, state),
            StateKind::Map(map) => self.map(id, state, map),
        };
        if let Err(fault) = done {
            self.fault(id, state, fault);
        }
    }

    /// The flow of this scope ended well.
    fn flow_done(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Phase::Done(output) = &scope.phase else {
            return;
        };
        match scope.parent {
            None => {
                let detail = Detail::ExecutionSucceeded {
                    output: output.clone(),
                };
                self.end(detail, scope.previous);
            }
            Some((parent, index)) => self.iteration_succeeded(id, parent, index),
        }
    }

    /// An evaluation failed: says so in history where AWS does, then fails the state.
    pub(super) fn fault(&mut self, id: ScopeId, state: &State, fault: Fault) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Some(current) = scope.current.as_ref() else {
            return;
        };
        let location = fault.location();
        let failure = self.failure(fault, state, current.entered);
        let announced = location.is_some();
        if let Some(location) = location {
            // As recorded from AWS: the event before the entry leads to it, when the
            // entry itself was all that had happened.
            let entry_alone = scope.previous == current.entered;
            let previous = if entry_alone {
                current.before
            } else {
                scope.previous
            };
            let detail = Detail::EvaluationFailed {
                failure: failure.clone(),
                location: Some(location),
                state: state.name.clone(),
            };
            self.emit(id, previous, detail);
        }
        self.fail_state(id, failure, announced);
    }

    /// Puts a scope into the queue of those that can move on.
    pub(super) fn ready(&mut self, id: ScopeId) {
        self.ready.push_back(id);
    }

    /// Ends the execution, and every attempt that still runs.
    pub(super) fn end(&mut self, detail: Detail, previous: EventId) {
        self.cancel_attempts();
        self.emit(ScopeId::ROOT, previous, detail);
    }

    fn cancel_attempts(&mut self) {
        for (id, scope) in &self.execution.scopes {
            let key = |scheduled| TaskKey {
                scope: *id,
                scheduled,
            };
            let command = match &scope.phase {
                Phase::Attempting(attempting) => Command::CancelTask(key(attempting.scheduled)),
                Phase::MapRunning(running) => Command::StopMapRun(key(running.started)),
                _ => continue,
            };
            self.step.commands.push(command);
        }
    }

    fn root_previous(&self) -> EventId {
        self.execution
            .scopes
            .get(&ScopeId::ROOT)
            .map_or(EventId(0), |root| root.previous)
    }

    /// Adds an event to the history, and folds it in. The last one a Standard execution
    /// may have is replaced by its failure.
    pub(super) fn emit(&mut self, scope: ScopeId, previous: EventId, detail: Detail) -> EventId {
        if self.execution.end.is_some() {
            return self.execution.last_event;
        }
        let id = EventId(self.execution.last_event.0 + 1);
        let full = self.execution.identity.kind == Kind::Standard
            && id.0 >= limits::HISTORY_EVENTS_MAX
            && !detail.ends_execution();
        let (scope, detail) = if full {
            self.cancel_attempts();
            (ScopeId::ROOT, Detail::ExecutionFailed(history_is_full()))
        } else {
            (scope, detail)
        };
        let event = HistoryEvent {
            id,
            previous,
            timestamp: self.now,
            detail,
        };
        self.record(Record::Event(scope, event));
        id
    }

    /// Adds the one event that an ended execution takes.
    pub(super) fn emit_redriven(&mut self, detail: Detail) {
        let last = self.execution.last_event;
        let event = HistoryEvent {
            id: EventId(last.0 + 1),
            previous: last,
            timestamp: self.now,
            detail,
        };
        self.record(Record::Event(ScopeId::ROOT, event));
    }

    /// Adds a private note, and folds it in.
    pub(super) fn note(&mut self, note: Note) {
        if self.execution.end.is_none() {
            self.record(Record::Note(note));
        }
    }

    fn record(&mut self, record: Record) {
        self.execution.apply(&record);
        self.step.records.push(record);
    }
}

impl Driver<'_> {
    /// What a state fails with. A state that is tested alone is not named.
    pub(super) fn failure(&self, fault: Fault, state: &State, entered: EventId) -> Failure {
        match self.stand_ins {
            None => fault.into_failure(&state.name, entered),
            Some(_) => fault.into_bare_failure(),
        }
    }
}

/// AWS's words for a history with no room left.
fn history_is_full() -> Failure {
    Failure::new(
        ErrorName::RUNTIME,
        format!(
            "The execution reached the maximum number of history events ({}).",
            limits::HISTORY_EVENTS_MAX
        ),
    )
}
