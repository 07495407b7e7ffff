//! UpdateStateMachineAlias: another description, or another way.

use serde_json::{Value, json};

use super::{alias, routing};
use crate::protocol::seconds;
use crate::registry::{Change, Machine, deleting};
use crate::request::{ARN, DESCRIPTION, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn update_state_machine_alias(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineAliasArn", &ARN);
    let description = request.optional("description", &DESCRIPTION);
    let wanted = routing::read(&mut request);
    request.finish()?;
    let (machine, name) = alias::parts(&arn)?;
    if description.is_none() && wanted.is_none() {
        return Err(ApiError {
            reason: Some("MISSING_REQUIRED_PARAMETER"),
            ..ApiError::validation(
                "Either the description or the routing configuration must be specified",
            )
        });
    }
    if let Some(wanted) = &wanted
        && routing::machine(wanted)? != machine
    {
        return Err(routing::of_another_machine());
    }
    let now = api.now();
    let change = |standing: Option<&Machine>| {
        let mut machine = standing.ok_or_else(ApiError::no_such_resource)?.clone();
        if machine.deleting {
            return Err(deleting(&machine.arn));
        }
        let routes = match (&wanted, machine.aliases.contains_key(name)) {
            (_, false) => return Err(ApiError::no_such_resource()),
            (Some(wanted), _) => Some(routing::checked(wanted, &machine)?),
            (None, _) => None,
        };
        if let Some(alias) = machine.aliases.get_mut(name) {
            alias.updated_at = now;
            alias.routes = routes.unwrap_or_else(|| alias.routes.clone());
            alias.description = description.clone().or(alias.description.take());
        }
        Ok((Change::Put(machine), ()))
    };
    api.registry.machines.change(machine, change).await?;
    Ok(json!({ "updateDate": seconds(now) }))
}
