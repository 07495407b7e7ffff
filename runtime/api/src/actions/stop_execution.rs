//! StopExecution: answered once the end is durable. One that has ended keeps its end.

use asl::Failure;
use asl::arn::ExecutionArn;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::protocol::seconds;
use crate::request::{ARN, CAUSE, ERROR, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn stop_execution(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let error = request.optional("error", &ERROR);
    let cause = request.optional("cause", &CAUSE);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let failure = Failure {
        error: error.as_deref().map(Into::into),
        cause,
    };
    api.engine.stop(&arn, failure).await?;
    let stopped_at = api.journal.summary(&arn)?.stopped_at;
    Ok(json!({ "stopDate": seconds(stopped_at.unwrap_or_else(|| api.now())) }))
}
