//! Names in `ErrorEquals` that match nothing there: `States.Runtime`, which is never retried
//! nor caught; names an earlier entry has taken; and `States.` names that do not exist.
//!
//! All of these are warnings: AWS takes them.
//!
//! Source: Step Functions developer guide, "Handling errors"; the prefix is reserved by the
//! States Language, "Errors".

use std::collections::HashSet;

use super::{Report, Subject};
use crate::ErrorName;
use crate::definition::parse::{Location, Problem};
use crate::definition::{Retrier, StateKind};

/// The `States.` names there are, beside `States.Http.StatusCode.NNN`.
const KNOWN: [&str; 18] = [
    ErrorName::ALL,
    ErrorName::BRANCH_FAILED,
    ErrorName::DATA_LIMIT_EXCEEDED,
    ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
    ErrorName::HEARTBEAT_TIMEOUT,
    "States.Http.Socket",
    ErrorName::INTRINSIC_FAILURE,
    ErrorName::ITEM_READER_FAILED,
    ErrorName::NO_CHOICE_MATCHED,
    ErrorName::PARAMETER_PATH_FAILURE,
    ErrorName::PERMISSIONS,
    ErrorName::QUERY_EVALUATION_ERROR,
    ErrorName::RESULT_PATH_MATCH_FAILURE,
    ErrorName::RESULT_WRITER_FAILED,
    ErrorName::RUNTIME,
    ErrorName::TASK_FAILED,
    ErrorName::TIMEOUT,
    "States.Http.StatusCode",
];

/// What a Task never fails with: it is for flows, and for Maps in DISTRIBUTED mode.
const NOT_OF_TASKS: [&str; 5] = [
    ErrorName::BRANCH_FAILED,
    ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
    ErrorName::ITEM_READER_FAILED,
    ErrorName::NO_CHOICE_MATCHED,
    ErrorName::RESULT_WRITER_FAILED,
];

/// Checks all Retriers and Catchers.
pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    for (state, outline) in subject.states() {
        let kind = &state.kind;
        let retriers = kind.retriers().iter().map(|retrier| &retrier.error_equals);
        check_list(kind, &outline.location.key("Retry"), retriers, report);
        check_permanent(&outline.location.key("Retry"), kind.retriers(), report);
        let catchers = kind.catchers().iter().map(|catcher| &catcher.error_equals);
        check_list(kind, &outline.location.key("Catch"), catchers, report);
    }
}

/// A path of Parameters that finds nothing finds nothing when the state is tried again: its
/// input is the same.
fn check_permanent(list: &Location, retriers: &[Retrier], report: &mut Report<'_>) {
    for (entry, retrier) in retriers.iter().enumerate() {
        let names = retrier.error_equals.iter();
        if let Some(index) = names
            .clone()
            .position(|name| name == ErrorName::PARAMETER_PATH_FAILURE)
        {
            let place = list.index(entry).key("ErrorEquals").index(index);
            let message = "States.ParameterPathFailure comes again each time: a retry has the same \
                           input";
            report(Problem::error("PERMANENT_ERROR", place.steps(), message).warning());
        }
    }
}

fn check_list<'a>(
    kind: &StateKind,
    list: &Location,
    entries: impl Iterator<Item = &'a Vec<String>>,
    report: &mut Report<'_>,
) {
    let mut taken: HashSet<&str> = HashSet::new();
    for (entry, names) in entries.enumerate() {
        for (index, name) in names.iter().enumerate() {
            if let Some((code, message)) = judge(name, &taken).or_else(|| foreign(kind, name)) {
                let place = list.index(entry).key("ErrorEquals").index(index);
                report(Problem::error(code, place.steps(), message).warning());
            }
            taken.insert(name);
        }
    }
}

fn judge(name: &str, taken: &HashSet<&str>) -> Option<(&'static str, String)> {
    if name == ErrorName::RUNTIME {
        let message = "States.Runtime can be neither retried nor caught".to_owned();
        return Some(("PERMANENT_ERROR", message));
    }
    if taken.contains(name) {
        let message = format!("An earlier entry has taken '{name}' already: here it never matches");
        return Some(("NEVER_MATCHED", message));
    }
    let reserved = name.starts_with("States.");
    if taken.contains(ErrorName::TASK_FAILED) && !reserved {
        let message =
            format!("An earlier entry takes every error but timeouts: '{name}' never matches here");
        return Some(("NEVER_MATCHED", message));
    }
    let is_status = name.starts_with("States.Http.StatusCode.");
    if reserved && !is_status && !KNOWN.contains(&name) {
        let message =
            format!("There is no error '{name}': names that begin with 'States.' are reserved");
        return Some(("UNKNOWN_ERROR_NAME", message));
    }
    None
}

/// A name that no failure of such a state has.
fn foreign(kind: &StateKind, name: &str) -> Option<(&'static str, String)> {
    let StateKind::Task(task) = kind else {
        return None;
    };
    let why = if NOT_OF_TASKS.contains(&name) {
        "a Task never fails with it"
    } else if name == ErrorName::HEARTBEAT_TIMEOUT && task.heartbeat.is_none() {
        "the Task has no HeartbeatSeconds"
    } else {
        return None;
    };
    Some((
        "NEVER_MATCHED",
        format!("'{name}' never matches here: {why}"),
    ))
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    fn machine(catch: &str) -> String {
        format!(
            r#"{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "wasm:t", "End": true,
                "Catch": [{catch}]}}, "F": {{"Type": "Fail"}}}}}}"#
        )
    }

    #[test]
    fn catchers_that_never_match() {
        expect_standard(
            &machine(
                r#"{"ErrorEquals": ["States.Timeout", "Mine", "States.Runtime"], "Next": "F"},
                {"ErrorEquals": ["Mine", "States.Tiemout"], "Next": "F"},
                {"ErrorEquals": ["States.TaskFailed"], "Next": "F"},
                {"ErrorEquals": ["Yours"], "Next": "F"}, {"ErrorEquals": ["States.ALL"], "Next": "F"}"#,
            ),
            &[
                "warning: PERMANENT_ERROR /States/T/Catch[0]/ErrorEquals[2] States.Runtime can be neither retried nor caught",
                "warning: NEVER_MATCHED /States/T/Catch[1]/ErrorEquals[0] An earlier entry has taken 'Mine' already: here it never matches",
                "warning: UNKNOWN_ERROR_NAME /States/T/Catch[1]/ErrorEquals[1] There is no error 'States.Tiemout': names that begin with 'States.' are reserved",
                "warning: NEVER_MATCHED /States/T/Catch[3]/ErrorEquals[0] An earlier entry takes every error but timeouts: 'Yours' never matches here",
            ],
        );
    }

    #[test]
    fn names_that_are_fine() {
        expect_standard(
            &machine(
                r#"{"ErrorEquals": ["States.Http.StatusCode.404", "Lambda.Unknown"], "Next": "F"},
                {"ErrorEquals": ["States.TaskFailed"], "Next": "F"},
                {"ErrorEquals": ["States.Timeout"], "Next": "F"}"#,
            ),
            &[],
        );
    }

    #[test]
    fn names_that_a_task_never_fails_with() {
        let catch =
            r#"{"ErrorEquals": ["States.BranchFailed", "States.HeartbeatTimeout"], "Next": "F"}"#;
        let retry =
            r#""Retry": [{"ErrorEquals": ["Mine", "States.ParameterPathFailure"]}], "Catch""#;
        expect_standard(
            &machine(catch).replace("\"Catch\"", retry),
            &[
                "warning: PERMANENT_ERROR /States/T/Retry[0]/ErrorEquals[1] States.ParameterPathFailure comes again each time: a retry has the same input",
                "warning: NEVER_MATCHED /States/T/Catch[0]/ErrorEquals[0] 'States.BranchFailed' never matches here: a Task never fails with it",
                "warning: NEVER_MATCHED /States/T/Catch[0]/ErrorEquals[1] 'States.HeartbeatTimeout' never matches here: the Task has no HeartbeatSeconds",
            ],
        );
    }
}
