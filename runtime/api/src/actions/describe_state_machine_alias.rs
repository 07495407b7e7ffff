//! DescribeStateMachineAlias.

use serde_json::{Value, json};

use super::{alias, routing};
use crate::protocol::seconds;
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_state_machine_alias(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineAliasArn", &ARN);
    request.finish()?;
    let (machine, found) = api.alias(&arn)?;
    let (_, name) = alias::parts(&arn)?;
    let mut answer = json!({
        "stateMachineAliasArn": arn,
        "name": name,
        "routingConfiguration": routing::to_aws(&machine, &found.routes),
        "creationDate": seconds(found.created_at),
        "updateDate": seconds(found.updated_at),
    });
    if let Some(description) = &found.description {
        answer["description"] = description.as_str().into();
    }
    Ok(answer)
}
