//! Task: schedules an attempt, and takes what comes of it.

use std::sync::Arc;

use serde_json::Value;

use super::apply::deadline;
use super::driver::Driver;
use super::fault::Fault;
use super::scope::{Attempting, Phase, Stage};
use super::transition::Reading;
use super::{Command, Report, Secret, TaskKey, TaskToken};
use crate::definition::api_fields::{self, Given};
use crate::definition::{
    Expression, Pattern, Query, QueryLanguage, Resource, Seconds, State, Task,
};
use crate::failure::ErrorName;
use crate::history::{Detail, EventId, Note, ScopeId, Via};
use crate::query::jsonata;
use crate::{Failure, Payload, limits};

impl Driver<'_> {
    pub(super) fn task(&mut self, id: ScopeId, state: &State, task: &Task) -> Result<(), Fault> {
        let secret = self.mint(id, &task.resource);
        let prepared = self.prepare(id, state, task);
        self.minted = None;
        let (input, limits, credentials) = prepared?;
        let via = via(&task.resource);
        if via == Via::Activity && !self.activities.exists(task.resource.as_str()) {
            self.no_such_activity(id, task.resource.as_str());
            return Ok(());
        }
        let is_activity = via == Via::Activity;
        let detail = Detail::Scheduled {
            via: via.clone(),
            resource: task.resource.as_str().into(),
            input,
            region: Arc::clone(&self.execution.identity.region),
            timeout_seconds: limits.timeout,
            heartbeat_seconds: limits.heartbeat,
            // The time of an activity runs from when a worker takes it.
            deadline: deadline(self.now, limits.timeout).filter(|_| !is_activity),
            credentials,
            secret,
        };
        let scheduled = self.emit(id, self.previous(id), detail);
        if !is_activity {
            // An activity starts when a worker takes it; all others at once.
            self.emit(id, scheduled, Detail::Started { via, worker: None });
        }
        self.ask(id);
        Ok(())
    }

    /// The secret of the Task that is about to be scheduled, if it can be called back; its
    /// fields may read the token from now on.
    fn mint(&mut self, id: ScopeId, resource: &Resource) -> Option<Secret> {
        let is_activity = matches!(resource, Resource::Activity { .. });
        if !is_activity && resource.pattern() == Pattern::RequestResponse {
            return None;
        }
        let task = TaskKey {
            scope: id,
            scheduled: EventId(self.execution.last_event.0 + 1),
        };
        let secret = self.secret.of_task(task);
        self.minted = (!is_activity).then(|| TaskToken {
            execution: self.execution.identity.execution_arn.clone(),
            task,
            secret,
        });
        Some(secret)
    }

    /// Evaluates the Task's fields: what it is given, its limits, its credentials.
    fn prepare(
        &self,
        id: ScopeId,
        state: &State,
        task: &Task,
    ) -> Result<(Payload, Limits, Option<Payload>), Fault> {
        let effective = self.effective_input(id, state)?;
        let reading = self.reading(id)?;
        let limits = Limits {
            timeout: self.seconds(&reading, task.timeout.as_ref(), effective.value())?,
            heartbeat: self.seconds(&reading, task.heartbeat.as_ref(), effective.value())?,
        };
        let credentials = match &task.credentials {
            Some(template) => Some(self.fill(&reading, template, effective.value())?.into()),
            None => None,
        };
        let input = self.arguments(id, state, effective)?;
        check_api_fields(state, &task.resource, &input)?;
        if input.exceeds_limit() {
            return Err(Fault::named(
                ErrorName::DATA_LIMIT_EXCEEDED,
                format!(
                    "The state/task '{}' was given an input with a size exceeding the maximum \
                     number of bytes service limit.",
                    state.name
                ),
            ));
        }
        Ok((input, limits, credentials))
    }

    /// AWS schedules nothing then; it says `States.Runtime` and no more of why.
    fn no_such_activity(&mut self, id: ScopeId, arn: &str) {
        let failure = Failure::new(
            ErrorName::RUNTIME,
            format!("Activity Does Not Exist: '{arn}'"),
        );
        let detail = Detail::ScheduleFailed {
            via: Via::Activity,
            failure: failure.clone(),
        };
        self.emit(id, self.previous(id), detail);
        self.fail_state(id, failure, true);
    }

    /// An attempt begins that must not begin twice. Nobody is asked for anything: who said so
    /// runs it; and should that be cut off, the state says that it was begun.
    pub(super) fn attempt_begun(&mut self, task: TaskKey) {
        let scheduled = |attempting: &Attempting| attempting.stage == Stage::Scheduled;
        if self.execution.attempting(task).is_some_and(scheduled) {
            self.note(Note::Begun { scope: task.scope });
        }
    }

    /// A worker took an activity's task.
    pub(super) fn attempt_taken(&mut self, task: TaskKey, worker: Option<Arc<str>>) {
        let offered = |attempting: &Attempting| {
            attempting.via == Via::Activity && attempting.stage == Stage::Scheduled
        };
        if self.execution.attempting(task).is_some_and(offered) {
            let via = Via::Activity;
            let previous = self.previous(task.scope);
            self.emit(task.scope, previous, Detail::Started { via, worker });
            self.ask(task.scope);
        }
    }

    /// What the Task called answered, and the Task waits on.
    pub(super) fn attempt_submitted(&mut self, task: TaskKey, output: Payload) {
        let Some(attempting) = self.execution.attempting(task) else {
            return;
        };
        let works = matches!(attempting.stage, Stage::Scheduled | Stage::Begun);
        if !works || attempting.secret.is_none() {
            return;
        }
        if output.exceeds_limit() {
            self.step.commands.push(Command::CancelTask(task));
            return self.attempt_ended(task.scope, Report::Succeeded(output));
        }
        let via = attempting.via.clone();
        let previous = self.previous(task.scope);
        self.emit(task.scope, previous, Detail::Submitted { via, output });
        self.ask(task.scope);
    }

    /// Gives the command for what was just recorded.
    pub(super) fn ask(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        if let Some(command) = self.execution.pending_of(id, scope) {
            self.step.commands.push(command);
        }
    }

    fn seconds(
        &self,
        reading: &Reading,
        seconds: Option<&Seconds>,
        input: &Value,
    ) -> Result<Option<u64>, Fault> {
        match seconds {
            None => Ok(None),
            Some(Seconds::Literal(seconds)) => Ok(Some(*seconds)),
            Some(Seconds::Expression(expression)) => {
                let value = self.evaluate(reading, expression, input)?;
                seconds_of(expression, &value).map(Some)
            }
        }
    }

    /// An attempt ended: success leaves the state, anything else fails it.
    pub(super) fn attempt_ended(&mut self, id: ScopeId, report: Report) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Phase::Attempting(attempting) = &scope.phase else {
            return;
        };
        let via = attempting.via.clone();
        let previous = scope.previous;
        let machine = self.execution.machine().clone();
        let Some(state) = self.current_state(id, &machine) else {
            return;
        };
        match report {
            // These leave the attempt open.
            Report::Begun | Report::Taken { .. } | Report::Submitted(_) => {}
            Report::Succeeded(output) if output.exceeds_limit() => {
                let failure = too_large(state);
                self.emit(
                    id,
                    previous,
                    Detail::Failed {
                        via,
                        failure: failure.clone(),
                    },
                );
                self.fail_state(id, failure, true);
            }
            Report::Succeeded(output) => {
                self.emit(
                    id,
                    previous,
                    Detail::Succeeded {
                        via,
                        output: output.clone(),
                    },
                );
                if let Err(fault) = self.complete(id, state, output) {
                    self.fault(id, state, fault);
                }
            }
            Report::Failed(failure) => {
                self.emit(
                    id,
                    previous,
                    Detail::Failed {
                        via,
                        failure: failure.clone(),
                    },
                );
                self.fail_state(id, failure, true);
            }
            Report::TimedOut => self.attempt_timed_out(id, via, ErrorName::TIMEOUT),
            // As recorded, AWS words a missed heartbeat as a timeout as well; the
            // language's name for it is what Retriers and Catchers may match.
            Report::HeartbeatTimedOut => {
                self.attempt_timed_out(id, via, ErrorName::HEARTBEAT_TIMEOUT)
            }
        }
    }

    fn attempt_timed_out(&mut self, id: ScopeId, via: Via, error: &'static str) {
        let shown = Failure::named(ErrorName::TIMEOUT);
        self.emit(
            id,
            self.previous(id),
            Detail::TimedOut {
                via,
                failure: shown,
            },
        );
        self.fail_state(id, Failure::named(error), true);
    }

    /// The event that leads to this scope's next one.
    pub(super) fn previous(&self, id: ScopeId) -> EventId {
        self.execution
            .scopes
            .get(&id)
            .map_or(EventId(0), |scope| scope.previous)
    }

    /// The key of the attempt that runs in this scope.
    pub(super) fn attempt_of(&self, id: ScopeId) -> Option<TaskKey> {
        match &self.execution.scopes.get(&id)?.phase {
            Phase::Attempting(attempting) => Some(TaskKey {
                scope: id,
                scheduled: attempting.scheduled,
            }),
            _ => None,
        }
    }
}

/// A Task's TimeoutSeconds and HeartbeatSeconds, evaluated.
struct Limits {
    timeout: Option<u64>,
    heartbeat: Option<u64>,
}

/// Holds what a Task is given against the API that takes it.
fn check_api_fields(state: &State, resource: &Resource, input: &Payload) -> Result<(), Fault> {
    if !matches!(resource, Resource::Service { .. }) {
        return Ok(());
    }
    let fields = input.value().as_object().into_iter().flatten();
    let given = fields.map(|(name, value)| (name.as_str(), Given::Value(value)));
    let complaints = api_fields::complaints(resource, given);
    if complaints.is_empty() {
        return Ok(());
    }
    let name = match state.language {
        QueryLanguage::Jsonata => "Arguments",
        QueryLanguage::JsonPath => "Parameters",
    };
    Err(Fault::runtime(format!(
        "The {name} '{}' could not be used to start the Task: [{}]",
        input.value(),
        complaints.join(", ")
    )))
}

/// How a resource appears in history.
fn via(resource: &Resource) -> Via {
    match resource {
        Resource::Lambda { .. } | Resource::Wasm { .. } => Via::Lambda,
        Resource::Activity { .. } => Via::Activity,
        Resource::Service {
            service, action, ..
        } => Via::Service {
            resource_type: service.as_str().into(),
            resource: action.as_str().into(),
        },
    }
}

fn too_large(state: &State) -> Failure {
    let crate::definition::StateKind::Task(task) = &state.kind else {
        return Failure::named(ErrorName::DATA_LIMIT_EXCEEDED);
    };
    let what = match &task.resource {
        Resource::Service { service, .. } => service.as_str(),
        other => other.as_str(),
    };
    Failure::new(
        ErrorName::DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number \
             of bytes service limit."
        ),
    )
}

fn seconds_of(expression: &Expression, value: &Value) -> Result<u64, Fault> {
    let Expression {
        source,
        field,
        query,
    } = expression;
    let range = 1.0..=limits::SECONDS_MAX as f64;
    match (value.as_f64(), query) {
        (Some(seconds), _) if seconds.fract() == 0.0 && range.contains(&seconds) => {
            Ok(seconds as u64)
        }
        (None, Query::Jsonata(_)) => {
            let what = jsonata::unexpected_type(source, &field.0, "number", value);
            Err(Fault::query(expression, what))
        }
        (_, Query::Jsonata(_)) => Err(Fault::query(
            expression,
            format!(
                "The JSONata expression '{source}' specified for the field '{}' returned a value \
                 out of range. Expected a whole number from 1 to {}, but was {value}",
                field.0,
                limits::SECONDS_MAX
            ),
        )),
        _ => Err(Fault::runtime(format!(
            "The {} parameter does not reference a valid positive integer value: {source} == {value}",
            field.0
        ))),
    }
}
