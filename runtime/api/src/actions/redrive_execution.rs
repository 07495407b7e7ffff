//! RedriveExecution: an execution that failed goes on where it did.

use asl::arn::ExecutionArn;
use engine::RedriveError;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::protocol::seconds;
use crate::request::{ARN, CLIENT_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn redrive_execution(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let token = request.optional("clientToken", &CLIENT_TOKEN);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let redriven = api.engine.redrive(&arn, token.as_deref()).await;
    let redriven_at = redriven.map_err(|error| match error {
        RedriveError::Not(why) => ApiError::new("ExecutionNotRedrivable", why.to_string()),
        RedriveError::Engine(error) => error.into(),
    })?;
    Ok(json!({ "redriveDate": seconds(redriven_at) }))
}
