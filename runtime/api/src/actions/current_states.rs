//! Where an execution is, and what it waits for: the fold of all that was recorded of it.
//!
//! Ours, and only told to who asks with `"stepwell": true`. AWS has no such answer: there one reads
//! the whole history for it, and finds a task token only where the definition passed it on.

use asl::arn::ExecutionArn;
use asl::definition::Pattern;
use asl::interpreter::{Command, CurrentState, TaskCommand, TaskToken};
use serde_json::{Value, json};

use crate::protocol::seconds;
use crate::{Api, ApiError};

/// `currentStates`: `name`, `type`, `enteredDate`; where they apply `resource`, `retryCount`,
/// `taskToken` (of a Task that waits for one), `timeoutDate`, `untilDate`.
pub(super) fn told(api: &Api, arn: &ExecutionArn) -> Result<Vec<Value>, ApiError> {
    let execution = engine::tell(&*api.journal, arn)?.replay();
    let states = execution.current_states();
    Ok(states.map(|state| described(arn, &state)).collect())
}

fn described(arn: &ExecutionArn, state: &CurrentState<'_>) -> Value {
    let mut told = json!({
        "name": state.name,
        "type": state.kind,
        "enteredDate": seconds(state.entered_at),
    });
    match &state.awaits {
        Some(Command::StartTimer(timer)) => told["untilDate"] = seconds(timer.at),
        Some(Command::ScheduleTask(task) | Command::OfferTask(task) | Command::AwaitTask(task)) => {
            put_task(&mut told, arn, task)
        }
        _ => {}
    }
    told
}

fn put_task(told: &mut Value, arn: &ExecutionArn, task: &TaskCommand) {
    told["resource"] = (*task.resource).into();
    told["retryCount"] = task.retry_count.into();
    if let Some(at) = task.deadline {
        told["timeoutDate"] = seconds(at);
    }
    let waits = task.pattern == Pattern::WaitForTaskToken;
    if let Some(secret) = task.secret.filter(|_| waits) {
        let token = TaskToken {
            execution: arn.clone(),
            task: task.task,
            secret,
        };
        told["taskToken"] = token.to_string().into();
    }
}
