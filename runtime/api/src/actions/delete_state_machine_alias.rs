//! DeleteStateMachineAlias: executions that it started run on. Deleting what is not there is
//! no error, as with everything else that is deleted.

use serde_json::{Value, json};

use super::alias;
use crate::registry::{Change, Machine};
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn delete_state_machine_alias(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineAliasArn", &ARN);
    request.finish()?;
    let (machine, name) = alias::parts(&arn)?;
    let change = |standing: Option<&Machine>| {
        let mut machine = standing.ok_or_else(ApiError::no_such_resource)?.clone();
        match machine.aliases.remove(name) {
            Some(_) => Ok((Change::Put(machine), ())),
            None => Ok((Change::Keep, ())),
        }
    };
    api.registry.machines.change(machine, change).await?;
    Ok(json!({}))
}
