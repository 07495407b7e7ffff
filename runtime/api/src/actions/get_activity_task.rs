//! GetActivityTask: waits a minute for a task, and answers nothing when none came.

use std::time::Duration;

use engine::TooManyPollers;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::request::{ARN, NAME, Request};
use crate::{Api, ApiError, Caller};

/// How long a poll waits. Source: AWS, GetActivityTask.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn get_activity_task(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("activityArn", &ARN);
    let worker = request.optional("workerName", &NAME);
    request.finish()?;
    let arn = Arn::of(&arn, &["activity"])?;
    if api.registry.activities.get(arn.text)?.is_none() {
        return Err(ApiError::no_such_activity(arn.text));
    }
    let task = api
        .engine
        .activity_task(arn.text, worker.as_deref(), PATIENCE)
        .await
        .map_err(|error: TooManyPollers| {
            ApiError::new("ActivityWorkerLimitExceeded", error.to_string())
        })?;
    Ok(match task {
        None => json!({}),
        Some(task) => json!({ "taskToken": task.token, "input": task.input.text() }),
    })
}
