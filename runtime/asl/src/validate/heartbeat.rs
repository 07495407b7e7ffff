//! `HeartbeatSeconds` must be shorter than `TimeoutSeconds`: a heartbeat that may be late for
//! as long as the Task may run is none.
//!
//! Source: States Language, "Timeouts and Heartbeat Intervals".

use super::{Report, Subject};
use crate::definition::parse::{Problem, SCHEMA};
use crate::definition::{Seconds, StateKind};

/// Checks the Tasks that name both as numbers.
pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (state, outline) in subject.states() {
        let StateKind::Task(task) = &state.kind else {
            continue;
        };
        if let (Some(Seconds::Literal(timeout)), Some(Seconds::Literal(heartbeat))) =
            (&task.timeout, &task.heartbeat)
            && heartbeat >= timeout
        {
            let place = outline.location.key("HeartbeatSeconds");
            let message = "The value for the field 'HeartbeatSeconds' must be less than the value for the field 'TimeoutSeconds'";
            report(Problem::error(SCHEMA, place.steps(), message));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    #[test]
    fn heartbeats_are_shorter_than_timeouts() {
        let machine = |heartbeat: u32| {
            format!(
                r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "wasm:t", "End": true,
                    "TimeoutSeconds": 10, "HeartbeatSeconds": {heartbeat}}}}}}}"#
            )
        };
        expect_standard(&machine(9), &[]);
        expect_standard(
            &machine(10),
            &[
                "SCHEMA_VALIDATION_FAILED /States/T/HeartbeatSeconds The value for the field 'HeartbeatSeconds' must be less than the value for the field 'TimeoutSeconds'",
            ],
        );
    }
}
