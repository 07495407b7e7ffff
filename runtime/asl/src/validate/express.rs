//! What an Express machine may not have: patterns that wait, activities, distributed Maps.
//!
//! Source: Step Functions developer guide, "Choosing workflow type".

use super::{Report, Subject};
use crate::definition::parse::{Problem, SCHEMA};
use crate::definition::{Pattern, Resource, StateKind};

/// The type of a state machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MachineType {
    /// `STANDARD`
    #[default]
    Standard,
    /// `EXPRESS`
    Express,
}

/// Checks an Express machine.
pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (state, outline) in subject.states() {
        match &state.kind {
            StateKind::Task(task) => {
                let Some(message) = refusal(&task.resource) else {
                    continue;
                };
                let place = outline.location.key("Resource");
                report(
                    Problem::error(SCHEMA, place.steps(), message)
                        .hint("make it a STANDARD machine"),
                );
            }
            StateKind::Map(map) if map.distributed.is_some() => {
                let Some(processor) = subject.outline_of(&map.processor) else {
                    continue;
                };
                let place = processor.location.key("ProcessorConfig").key("Mode");
                let message = "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines";
                report(
                    Problem::error(SCHEMA, place.steps(), message)
                        .hint("make it a STANDARD machine"),
                );
            }
            _ => {}
        }
    }
}

/// AWS's sentence (with its space at the end) against this resource.
fn refusal(resource: &Resource) -> Option<String> {
    let pattern = match resource {
        Resource::Activity { .. } => {
            return Some("Express state machine does not support Activity ARN".to_owned());
        }
        Resource::Service { pattern, .. } => pattern,
        Resource::Lambda { .. } | Resource::Wasm { .. } => return None,
    };
    let pattern = match pattern {
        Pattern::RequestResponse => return None,
        Pattern::Sync | Pattern::Sync2 => ".sync",
        Pattern::WaitForTaskToken => ".waitForTaskToken",
    };
    Some(format!(
        "Express state machine does not support '{pattern}' service integration "
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::check::expect;

    const WAITING: &str = r#"{"StartAt": "T", "States": {"T": {"Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true}}}"#;

    #[test]
    fn patterns_that_wait() {
        expect(MachineType::Standard, WAITING, &[]);
        expect(
            MachineType::Express,
            WAITING,
            &[
                "SCHEMA_VALIDATION_FAILED /States/T/Resource Express state machine does not support '.waitForTaskToken' service integration ",
            ],
        );
        expect(
            MachineType::Express,
            &WAITING.replace(
                "sqs:sendMessage.waitForTaskToken",
                "states:startExecution.sync:2",
            ),
            &[
                "SCHEMA_VALIDATION_FAILED /States/T/Resource Express state machine does not support '.sync' service integration ",
            ],
        );
        expect(
            MachineType::Express,
            &WAITING.replace(
                "::sqs:sendMessage.waitForTaskToken",
                "us-east-1:123456789012:activity:a",
            ),
            &[
                "SCHEMA_VALIDATION_FAILED /States/T/Resource Express state machine does not support Activity ARN",
            ],
        );
    }

    #[test]
    fn distributed_maps() {
        let machine = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "Iterator": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
            "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}}}"#;
        expect(MachineType::Standard, machine, &[]);
        expect(
            MachineType::Express,
            machine,
            &[
                "SCHEMA_VALIDATION_FAILED /States/M/Iterator/ProcessorConfig/Mode The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' state machines",
            ],
        );
    }
}
