//! SendTaskFailure: answered once the outcome is durable.

use asl::Failure;
use serde_json::{Value, json};

use super::callback::refused;
use crate::request::{CAUSE, ERROR, Request, TASK_TOKEN};
use crate::{Api, ApiError, Caller};

pub(crate) async fn send_task_failure(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let token = request.required("taskToken", &TASK_TOKEN);
    let error = request.optional("error", &ERROR);
    let cause = request.optional("cause", &CAUSE);
    request.finish()?;
    let failure = Failure {
        error: error.as_deref().map(Into::into),
        cause,
    };
    api.engine
        .task_failed(&token, failure)
        .await
        .map_err(refused)?;
    Ok(json!({}))
}
