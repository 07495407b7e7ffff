//! What becomes of a failure: a Retrier takes it, or a Catcher, or the flow fails with it.
//!
//! Source: the States Language, "Errors".

use serde_json::json;

use super::driver::Driver;
use super::fault::Fault;
use super::observe::Sight;
use super::scope::Phase;
use super::transition::{checked, place};
use super::{Command, Timer};
use crate::definition::{Catcher, Jitter, QueryLanguage, Retrier, State, StateKind};
use crate::history::{Detail, EventId, Note, ScopeId, StateType};
use crate::{ErrorName, Failure, Payload, limits};

impl Driver<'_> {
    /// The state this scope is in failed.
    ///
    /// `announced`: whether history says so of a Parallel or a Map. As recorded, it does
    /// unless a path of theirs does not fit the data.
    pub(super) fn fail_state(&mut self, id: ScopeId, failure: Failure, announced: bool) {
        let after = self.previous(id);
        self.fail_state_after(id, failure, after, announced);
    }

    /// The same, where `after` is the event that failed it: for a Parallel or a Map it
    /// lies inside.
    fn fail_state_after(&mut self, id: ScopeId, failure: Failure, after: EventId, announced: bool) {
        let machine = self.execution.machine().clone();
        let Some(state) = self.current_state(id, &machine) else {
            return;
        };
        self.see(state, Sight::Failed(&failure));
        if let Some((place, retrier)) = self.retrier_for(id, state, &failure) {
            self.retry(id, state, place, retrier, after);
            return;
        }
        match state.kind {
            StateKind::Parallel(_) if announced => {
                self.emit(id, after, Detail::ParallelStateFailed);
            }
            StateKind::Map(_) if announced => {
                self.emit(id, after, Detail::MapStateFailed);
            }
            _ => {}
        }
        let mut catchers = state.kind.catchers().iter().enumerate();
        let catcher = catchers.find(|(_, catcher)| is_matched(&catcher.error_equals, &failure));
        let Some((place, catcher)) = catcher else {
            return self.flow_failed(id, failure);
        };
        self.see(state, Sight::Caught(place));
        if let Err(fault) = self.catch(id, state, catcher, &failure) {
            self.fault_in_catch(id, state, fault);
        }
    }

    fn retrier_for<'s>(
        &self,
        id: ScopeId,
        state: &'s State,
        failure: &Failure,
    ) -> Option<(u32, &'s Retrier)> {
        let mut retriers = (0_u32..).zip(state.kind.retriers());
        let (place, retrier) =
            retriers.find(|(_, retrier)| is_matched(&retrier.error_equals, failure))?;
        if self.retried(id, place) < retrier.max_attempts {
            return Some((place, retrier));
        }
        self.see(state, Sight::Exhausted(place as usize));
        None
    }

    /// How often this Retrier has retried the scope's state.
    fn retried(&self, id: ScopeId, place: u32) -> u64 {
        if let Some(stand_ins) = self.stand_ins {
            return stand_ins.retried;
        }
        let scope = self.execution.scopes.get(&id);
        let current = scope.and_then(|scope| scope.current.as_ref());
        let retries = current.and_then(|current| current.retries.get(place as usize));
        retries.copied().unwrap_or(0)
    }

    fn retry(&mut self, id: ScopeId, state: &State, place: u32, retrier: &Retrier, after: EventId) {
        let mut delay = delay_milliseconds(retrier, self.retried(id, place));
        let sight = Sight::Retried {
            retrier: place as usize,
            delay_milliseconds: delay,
        };
        self.see(state, sight);
        if retrier.jitter == Jitter::Full {
            delay = self.draws.below(delay.saturating_add(1));
        }
        let at = self
            .now
            .plus_milliseconds(i64::try_from(delay).unwrap_or(i64::MAX));
        self.note(Note::RetryAt {
            scope: id,
            retrier: place,
            after,
            at,
        });
        self.step
            .commands
            .push(Command::StartTimer(Timer { scope: id, at }));
    }

    fn catch(
        &mut self,
        id: ScopeId,
        state: &State,
        catcher: &Catcher,
        failure: &Failure,
    ) -> Result<(), Fault> {
        let error_output = error_output(failure);
        let mut reading = self.reading(id)?;
        reading.error_output = Some(error_output.clone());
        let assigned = self.assign(&reading, &catcher.assign, error_output.value())?;
        let output = match (state.language, &catcher.output) {
            (QueryLanguage::JsonPath, _) => place(&reading.input, &catcher.result, error_output)?,
            (QueryLanguage::Jsonata, Some(template)) => {
                checked(self.fill(&reading, template, error_output.value())?)?
            }
            (QueryLanguage::Jsonata, None) => error_output,
        };
        self.exit(id, state, output, assigned, Some(catcher.next))
    }

    /// A Catcher's own fields do not fit the data: nothing catches that.
    fn fault_in_catch(&mut self, id: ScopeId, state: &State, fault: Fault) {
        let entered = self
            .execution
            .scopes
            .get(&id)
            .and_then(|scope| scope.current.as_ref())
            .map_or(EventId(0), |current| current.entered);
        self.flow_failed(id, self.failure(fault, state, entered));
    }

    /// The flow of this scope fails: the execution, or the state that runs it.
    pub(super) fn flow_failed(&mut self, id: ScopeId, failure: Failure) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let previous = scope.previous;
        let Some((parent, index)) = scope.parent else {
            return self.end(Detail::ExecutionFailed(as_ended(failure)), previous);
        };
        let machine = self.execution.machine().clone();
        let Some(outer) = self.current_state(parent, &machine) else {
            return;
        };
        self.abort_state(id);
        if matches!(outer.kind, StateKind::Map(_)) {
            let detail = Detail::MapIterationFailed {
                name: outer.name.clone(),
                index,
            };
            self.emit(id, previous, detail);
        }
        self.abort_siblings(parent, id);
        self.fail_state_after(parent, failure, previous, true);
    }

    /// Aborts the branches or iterations that run beside the one that failed.
    fn abort_siblings(&mut self, parent: ScopeId, failed: ScopeId) {
        for id in self.open_in(parent) {
            if id != failed {
                self.abort_scope(parent, id);
            }
        }
    }

    /// Aborts everything inside this scope's state.
    pub(super) fn abort_nested(&mut self, id: ScopeId) {
        for inner in self.open_in(id) {
            self.abort_scope(id, inner);
        }
    }

    fn open_in(&self, id: ScopeId) -> Vec<ScopeId> {
        match self.execution.scopes.get(&id).map(|scope| &scope.phase) {
            Some(Phase::Nesting(nested)) => nested.open.iter().copied().collect(),
            _ => Vec::new(),
        }
    }

    fn abort_scope(&mut self, parent: ScopeId, id: ScopeId) {
        self.abort_nested(id);
        self.abort_state(id);
        let machine = self.execution.machine().clone();
        let Some(outer) = self.current_state(parent, &machine) else {
            return;
        };
        let index = self
            .execution
            .scopes
            .get(&id)
            .and_then(|scope| scope.parent);
        if let (StateKind::Map(_), Some((_, index))) = (&outer.kind, index) {
            let detail = Detail::MapIterationAborted {
                name: outer.name.clone(),
                index,
            };
            self.emit(id, self.previous(id), detail);
        }
    }

    /// Says that the state of this scope was aborted, where AWS has an event for it, and
    /// cancels its attempt.
    pub(super) fn abort_state(&mut self, id: ScopeId) {
        self.abort_map_run(id);
        if let Some(task) = self.attempt_of(id) {
            self.step.commands.push(Command::CancelTask(task));
        }
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let in_state = !matches!(scope.phase, Phase::Entering(..) | Phase::Done(_));
        let Some(current) = scope.current.as_ref().filter(|_| in_state) else {
            return;
        };
        let state = self
            .execution
            .machine
            .0
            .state(current.id)
            .kind
            .history_type();
        let has_event = matches!(
            state,
            StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map
        );
        if has_event {
            self.emit(id, scope.previous, Detail::StateAborted(state));
        }
    }
}

/// What a Catcher hands on. As recorded, what the failure leaves out is null, but the cause of
/// a timeout, which never has one, is empty.
fn error_output(failure: &Failure) -> Payload {
    let cause = match &failure.cause {
        Some(cause) => Some(cause.as_str()),
        None => is_timeout(failure.error_name()).then_some(""),
    };
    let error = failure.error.as_ref().map(ErrorName::as_str);
    Payload::from_value(json!({ "Error": error, "Cause": cause }))
}

/// The failure that ends an execution. As recorded, AWS's history knows a missed heartbeat
/// only as a timeout; Retriers and Catchers tell the two apart.
fn as_ended(failure: Failure) -> Failure {
    match (failure.error_name(), &failure.cause) {
        (ErrorName::HEARTBEAT_TIMEOUT, None) => Failure::named(ErrorName::TIMEOUT),
        _ => failure,
    }
}

fn is_timeout(error: &str) -> bool {
    error == ErrorName::TIMEOUT || error == ErrorName::HEARTBEAT_TIMEOUT
}

/// Whether a list of error names takes this failure.
///
/// `States.ALL` takes all but `States.Runtime`; `States.TaskFailed` all but a timeout; and
/// `States.Timeout` a missed heartbeat too. The documents say that `States.ALL` does not
/// take `States.DataLimitExceeded`; recorded, it does.
pub(crate) fn is_matched(error_equals: &[String], failure: &Failure) -> bool {
    let error = failure.error_name();
    if error == ErrorName::RUNTIME {
        return false;
    }
    let timed_out = is_timeout(error);
    error_equals.iter().any(|name| match name.as_str() {
        ErrorName::ALL => true,
        ErrorName::TASK_FAILED => !timed_out,
        ErrorName::TIMEOUT => timed_out,
        name => name == error,
    })
}

/// IntervalSeconds × BackoffRate ^ retried, at most MaxDelaySeconds, in milliseconds.
fn delay_milliseconds(retrier: &Retrier, retried: u64) -> u64 {
    let most = retrier.max_delay_seconds.unwrap_or(limits::SECONDS_MAX) as f64;
    let exponent = i32::try_from(retried).unwrap_or(i32::MAX);
    let seconds = retrier.interval_seconds as f64 * retrier.backoff_rate.powi(exponent);
    (seconds.min(most) * 1000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matches() {
        for (names, error, expected) in [
            (&["States.ALL"][..], "Any", true),
            (&["States.ALL"], "States.Runtime", false),
            (&["States.Runtime"], "States.Runtime", false),
            (&["States.ALL"], "States.DataLimitExceeded", true),
            (&["States.TaskFailed"], "Any", true),
            (&["States.TaskFailed"], "States.Timeout", false),
            (&["States.Timeout"], "States.HeartbeatTimeout", true),
            (
                &["States.HeartbeatTimeout"],
                "States.HeartbeatTimeout",
                true,
            ),
            (&["States.HeartbeatTimeout"], "States.Timeout", false),
            (&["Other", "Any"], "Any", true),
            (&["Other"], "Any", false),
        ] {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(
                is_matched(&names, &Failure::named(error)),
                expected,
                "{names:?} {error}"
            );
        }
    }

    #[test]
    fn delays_grow_to_their_bound() {
        let retrier = Retrier {
            error_equals: Vec::new(),
            interval_seconds: 3,
            max_attempts: 9,
            backoff_rate: 1.5,
            max_delay_seconds: Some(10),
            jitter: Jitter::None,
        };
        let delays: Vec<u64> = (0..5).map(|n| delay_milliseconds(&retrier, n)).collect();
        assert_eq!(delays, [3_000, 4_500, 6_750, 10_000, 10_000]);
        assert_eq!(delay_milliseconds(&retrier, u64::MAX), 10_000);
    }
}
