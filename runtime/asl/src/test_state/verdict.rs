//! From where a visit ended to the answer.

use serde_json::Value;

use super::answer::{Answer, ErrorDetails, Status};
use super::inspection::Seen;
use super::request::Level;
use super::visit::{Stage, Visit};
use super::{TestState, map};
use crate::definition::StateKind;
use crate::interpreter::Act;
use crate::{ErrorName, Failure, Timestamp};

impl TestState {
    /// What became of the state.
    pub(super) fn answer(&self, visit: &Visit, stage: Stage, now: Timestamp) -> Answer {
        let mut seen = visit.inspection.seen();
        let stage = self.propagate(visit, stage, &mut seen, now);
        let mut variables = self.variables.clone();
        let mut answer = Answer::default();
        let failure = match stage {
            Stage::Failed(failure) => {
                answer.status = Status::Failed;
                Some(failure)
            }
            Stage::Retrying => {
                answer.status = Status::Retriable;
                seen.failure.take()
            }
            Stage::Left {
                output,
                next,
                assigned,
            } => {
                if seen.failure.is_some() {
                    answer.status = Status::CaughtError;
                }
                answer.output = Some(output.text().to_owned());
                answer.next_state = next.as_deref().map(str::to_owned);
                let assigned = assigned.into_iter();
                variables
                    .extend(assigned.map(|(name, value)| (name.to_string(), value.into_value())));
                seen.failure.take()
            }
            // The driver leaves no state half done: what is not left has failed or waits.
            Stage::Scheduled(_) | Stage::Waiting(_) | Stage::Ready => return Answer::idle(),
        };
        if let Some(Failure { error, cause }) = failure {
            answer.error = error.map(|error| error.0);
            answer.cause = cause;
        }
        if self.level > Level::Info {
            let kind = self.subject.kind();
            answer.inspection_data = Some(self.inspected(seen, kind, variables));
        }
        answer
    }

    fn inspected(
        &self,
        seen: Seen,
        kind: &StateKind,
        variables: serde_json::Map<String, Value>,
    ) -> super::InspectionData {
        let mut data = seen.data;
        data.input = Some(self.input.text().to_owned());
        if !variables.is_empty() {
            data.variables = Some(Value::Object(variables).to_string());
        }
        if seen.handlers != ErrorDetails::default() {
            data.error_details = Some(seen.handlers);
        }
        if self.level < Level::Trace {
            (data.request, data.response) = (None, None);
        }
        data.trim(kind);
        data
    }

    /// Takes a failure that the state does not handle outwards, to the states around it.
    ///
    /// Their own input is not known: they get the tested state's. A distributed Map does not
    /// fail with its child's failure, but when more children failed than it tolerates.
    fn propagate(&self, visit: &Visit, mut stage: Stage, seen: &mut Seen, now: Timestamp) -> Stage {
        for &parent in &self.subject.parents {
            let Stage::Failed(mut failure) = stage else {
                return stage;
            };
            if let StateKind::Map(map) = &self.subject.machine.state(parent).kind
                && map.distributed.is_some()
            {
                let before = self.configuration.map_iteration_failure_count.unwrap_or(0);
                if map::tolerates_literally(map, before.saturating_add(1)) {
                    return Stage::Failed(failure);
                }
                failure = map::exceeded();
            }
            let mut outer = self.visit(parent, visit.context().clone(), now);
            stage = outer.act(Act::Fail(failure), now, 0);
            let outer = outer.inspection.seen();
            (seen.handlers, seen.failure) = (outer.handlers, outer.failure);
        }
        stage
    }
}

impl Answer {
    /// The answer of a test that was asked to go on when it waits for nothing.
    pub(super) fn idle() -> Self {
        Self {
            error: Some(ErrorName::RUNTIME.to_owned()),
            cause: Some("The test waits for nothing.".to_owned()),
            status: Status::Failed,
            ..Self::default()
        }
    }
}
