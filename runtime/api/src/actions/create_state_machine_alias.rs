//! CreateStateMachineAlias: idempotent by name, description and routes.

use serde_json::{Value, json};

use super::routing;
use crate::protocol::seconds;
use crate::registry::{Alias, Change, Machine, deleting};
use crate::request::{ALIAS_NAME, DESCRIPTION, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn create_state_machine_alias(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let description = request.optional("description", &DESCRIPTION);
    let name = request.required("name", &ALIAS_NAME);
    let wanted = routing::read(&mut request);
    if wanted.is_none() {
        request.missing("routingConfiguration");
    }
    request.finish()?;
    let wanted = wanted.unwrap_or_default();
    let arn = routing::machine(&wanted)?;
    let now = api.now();
    let change = |standing: Option<&Machine>| {
        let machine = standing.ok_or_else(ApiError::no_such_resource)?;
        if machine.deleting {
            return Err(deleting(&machine.arn));
        }
        let routes = routing::checked(&wanted, machine)?;
        let answer = |alias: &Alias| {
            json!({
                "creationDate": seconds(alias.created_at),
                "stateMachineAliasArn": machine.qualified(&name),
            })
        };
        if let Some(alias) = machine.aliases.get(&name) {
            let same = alias.routes == routes && alias.description == description;
            return match same {
                true => Ok((Change::Keep, answer(alias))),
                false => Err(ApiError::conflict(
                    "Failed to create alias because an alias with the same name and a different \
                     routing configuration already exists.",
                )),
            };
        }
        api.quotas.check_aliases(machine.aliases.len())?;
        let alias = Alias {
            description: description.clone(),
            routes,
            created_at: now,
            updated_at: now,
        };
        let answer = answer(&alias);
        let mut machine = machine.clone();
        machine.aliases.insert(name.clone(), alias);
        Ok((Change::Put(machine), answer))
    };
    api.registry.machines.change(&arn, change).await
}
