//! A path into the context object (`$$`) that leads nowhere: a name it never has, the item of a
//! Map outside of one, the token of a Task that nobody calls back.
//!
//! A warning: AWS takes such a definition, and the execution fails when it comes to it.
//!
//! Source: Step Functions developer guide, "Accessing execution data from the Context object".

use super::{Report, Subject, variables};
use crate::definition::parse::{Problem, Spot};
use crate::definition::{Pattern, Query, State, StateId, StateKind};
use crate::query::jsonpath::Path;

/// What the context object has; below what is not listed here there may be anything.
const FIELDS: [(&str, &[&str]); 5] = [
    (
        "Execution",
        &[
            "Id",
            "Input",
            "Name",
            "RoleArn",
            "StartTime",
            "RedriveCount",
            "RedriveTime",
        ],
    ),
    ("Map", &["Item"]),
    ("State", &["EnteredTime", "Name", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
    ("Task", &["Token"]),
];

/// Checks the paths of all states.
pub(super) fn check(subject: &Subject<'_>, report: &mut Report<'_>) {
    let flow_of = subject.flow_by_state();
    for (index, (state, outline)) in subject.states().enumerate() {
        let mut judge = |path: &Path| {
            let found = judge(path, state).or_else(|| {
                let is_item = path.context_names()?.next() == Some("Map");
                let is_outside = is_item && !is_in_a_map(subject, &flow_of, index);
                is_outside.then(|| "there is an item only in a Map and inside of it".to_owned())
            });
            if let Some(why) = found {
                let message = format!("The path '{}' leads nowhere: {why}", path.as_str());
                let problem =
                    Problem::error("PATH_NEVER_EXISTS", outline.location.steps(), message);
                report(problem.warning().spot(Spot::Name));
            }
        };
        variables::expressions(state, &mut |expression| match &expression.query {
            Query::Path(path) => judge(path),
            Query::Intrinsic(call) => call.for_each_path(&mut judge),
            Query::Jsonata(_) => {}
        });
    }
}

fn judge(path: &Path, state: &State) -> Option<String> {
    let mut names = path.context_names()?;
    let first = names.next()?;
    let Some((_, fields)) = FIELDS.iter().find(|(name, _)| *name == first) else {
        let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
        return Some(format!("the context object has {}", known.join(", ")));
    };
    let second = names.next()?;
    if !fields.contains(&second) {
        return Some(format!("'{first}' has {}", fields.join(", ")));
    }
    let has_token = match &state.kind {
        StateKind::Task(task) => task.resource.pattern() != Pattern::RequestResponse,
        _ => false,
    };
    if first == "Task" && !has_token {
        return Some("only a Task that waits for its token has one".to_owned());
    }
    None
}

/// Whether the state is a Map, or stands in one. Each turn goes one flow outwards.
fn is_in_a_map(subject: &Subject<'_>, flow_of: &[usize], state: usize) -> bool {
    let mut state = state;
    loop {
        let id = StateId(u32::try_from(state).unwrap_or(u32::MAX));
        if matches!(subject.machine.state(id).kind, StateKind::Map(_)) {
            return true;
        }
        match subject.outline.flows[flow_of[state]].owner {
            Some(owner) => state = owner.0 as usize,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::validate::check::expect_standard;

    fn check(state: &str, expected: &[&str]) {
        let machine = format!(r#"{{"StartAt": "S", "States": {{"S": {state}}}}}"#);
        expect_standard(&machine, expected);
    }

    #[test]
    fn names_that_the_context_object_never_has() {
        check(
            r#"{"Type": "Pass", "End": true, "Parameters": {
                "a.$": "$$.Execution.Input.anything", "b.$": "$$.Executions.Id",
                "c.$": "States.Format('{}', $$.State.Enteredtime)", "d.$": "$$"}}"#,
            &[
                "warning: PATH_NEVER_EXISTS /States/S The path '$$.Executions.Id' leads nowhere: the context object has Execution, Map, State, StateMachine, Task",
                "warning: PATH_NEVER_EXISTS /States/S The path '$$.State.Enteredtime' leads nowhere: 'State' has EnteredTime, Name, RetryCount",
            ],
        );
    }

    #[test]
    fn tokens_are_of_tasks_that_are_called_back() {
        let task = |resource: &str| {
            format!(
                r#"{{"Type": "Task", "End": true, "Resource": "arn:aws:states:::sqs:{resource}",
                    "Parameters": {{"QueueUrl": "u", "MessageBody.$": "$$.Task.Token"}}}}"#
            )
        };
        check(&task("sendMessage.waitForTaskToken"), &[]);
        check(
            &task("sendMessage"),
            &[
                "warning: PATH_NEVER_EXISTS /States/S The path '$$.Task.Token' leads nowhere: only a Task that waits for its token has one",
            ],
        );
    }

    #[test]
    fn items_are_of_maps() {
        check(
            r#"{"Type": "Map", "End": true, "ItemSelector": {"x.$": "$$.Map.Item.Value"},
                "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true,
                "Parameters": {"i.$": "$$.Map.Item.Index"}}}}}"#,
            &[],
        );
        check(
            r#"{"Type": "Pass", "End": true, "InputPath": "$$.Map.Item.Value"}"#,
            &[
                "warning: PATH_NEVER_EXISTS /States/S The path '$$.Map.Item.Value' leads nowhere: there is an item only in a Map and inside of it",
            ],
        );
    }
}
