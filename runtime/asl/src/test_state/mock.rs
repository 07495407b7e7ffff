//! The mock: what may be mocked, and what of it is refused.
//!
//! The messages are AWS's where one is recorded or known; the order of the checks too.

use serde_json::Value;

use super::api_model::{self, Operation};
use super::refusal::{Refusal, request as refused};
use super::request::{FieldValidationMode, Mock, Request};
use crate::definition::{Pattern, Resource, StateKind, Task};
use crate::interpreter::{Act, Report};
use crate::{Failure, Payload};

/// What a state's work gives, instead of being done.
pub(super) enum Mocked {
    Result(Payload),
    Failure(Failure),
}

impl Mocked {
    /// As the end of an attempt.
    pub(super) fn into_report(self) -> Report {
        match self {
            Self::Result(result) => Report::Succeeded(result),
            Self::Failure(failure) => Report::Failed(failure),
        }
    }

    /// As the end of a Map or a Parallel.
    pub(super) fn into_end(self) -> Act {
        match self {
            Self::Result(result) => Act::Complete(result),
            Self::Failure(failure) => Act::Fail(failure),
        }
    }
}

/// Reads the mock, and checks that this state can be tested with it, or without one.
pub(super) fn read(request: &Request, kind: &StateKind) -> Result<Option<Mocked>, Refusal> {
    let Some(mock) = &request.mock else {
        return without(request, kind).map(|()| None);
    };
    if !kind.has_result() {
        let name = kind.name();
        return Err(refused(format!(
            "State type '{name}' is not supported when a mock is specified"
        )));
    }
    if request.reveal_secrets == Some(true) {
        return Err(refused(
            "TestState does not support RevealSecrets when a mock is specified.",
        ));
    }
    let mocked = match (&mock.result, &mock.error_output) {
        (Some(result), None) => Mocked::Result(read_result(mock, result, kind)?),
        (None, Some(failure)) => Mocked::Failure(Failure {
            error: match failure.error.as_deref() {
                Some(error) if !error.is_empty() => Some(error.into()),
                _ => {
                    return Err(refused(
                        "An error was not specified in the mocked error output.",
                    ));
                }
            },
            cause: failure.cause.clone(),
        }),
        _ => {
            return Err(refused(
                "A test mock should have only one of the following fields: [result, errorOutput].",
            ));
        }
    };
    Ok(Some(mocked))
}

/// What cannot be tested without a mock.
fn without(request: &Request, kind: &StateKind) -> Result<(), Refusal> {
    let untestable = |message: &str| Err(Refusal::Untestable(message.to_owned()));
    if request.context.is_some() {
        return Err(refused(
            "TestState does not support Context when a mock is not specified.",
        ));
    }
    match kind {
        StateKind::Map(_) | StateKind::Parallel(_) => untestable(
            "TestState API does not support Map or Parallel states. Supported state types \
             include: [Task, Wait, Pass, Succeed, Fail, Choice]",
        ),
        StateKind::Task(task) => match &task.resource {
            Resource::Activity { .. } => {
                untestable("TestState API does not support Activity tasks.")
            }
            Resource::Service { pattern, .. } if *pattern != Pattern::RequestResponse => {
                untestable(
                    "TestState API does not support '.sync' or '.waitForTaskToken' integration \
                     patterns.",
                )
            }
            _ if request.role_arn.is_none() => Err(refused(
                "RoleArn must be specified when testing a Task state",
            )),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn read_result(mock: &Mock, text: &str, kind: &StateKind) -> Result<Payload, Refusal> {
    let result =
        Payload::from_text(text).map_err(|_| refused("Mocked result must be valid JSON"))?;
    let not_an_array = || Err(refused("Mocked result must be an array."));
    match kind {
        StateKind::Map(map) => {
            let writer = map.distributed.as_ref();
            let writer = writer.and_then(|mode| mode.result_writer.as_ref());
            if writer.is_some_and(|writer| writer.has_field("Resource")) {
                if !result.value().is_object() {
                    return Err(refused("Mocked result must be a JSON object."));
                }
            } else if !result.value().is_array() {
                return not_an_array();
            }
        }
        StateKind::Parallel(parallel) => match result.value() {
            Value::Array(results) if results.len() == parallel.branches.len() => {}
            Value::Array(_) => {
                return Err(refused(
                    "Mocked result must contain the same number of items as number of Parallel \
                     branches.",
                ));
            }
            _ => return not_an_array(),
        },
        StateKind::Task(task) => {
            let mode = mock.field_validation_mode.unwrap_or_default();
            check_result(task, result.value(), mode)?;
        }
        _ => {}
    }
    Ok(result)
}

/// Holds a mocked result against the API model of the service that would give it.
pub(crate) fn check_result(
    task: &Task,
    result: &Value,
    mode: FieldValidationMode,
) -> Result<(), Refusal> {
    let Resource::Service {
        service,
        action,
        pattern,
        ..
    } = &task.resource
    else {
        return Ok(());
    };
    let operation = Operation::of(service, action, *pattern);
    let Some(operation) = operation.filter(|_| mode != FieldValidationMode::None) else {
        return Ok(());
    };
    let needs_required = mode == FieldValidationMode::Strict;
    api_model::check(&operation, result, needs_required)
        .map_err(|why| refused(format!("Mock result schema validation error: {why}")))
}
