//! ListStateMachineAliases: those of a state machine, or those that lead to one version.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::paging::Paging;
use crate::protocol::seconds;
use crate::request::{ARN, PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_state_machine_aliases(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    let token = request.optional("nextToken", &PAGE_TOKEN);
    let max = request.integer("maxResults", &PAGE_SIZE);
    request.finish()?;
    let arn = MachineArn::read(&arn)?;
    let paging = Paging::read(format!("{}:a", arn.text), max, token.as_deref(), api.now())?;
    let machine = api.machine(arn.machine)?;
    let after = paging.after.as_deref().unwrap_or_default();
    let wanted = arn.version();
    let all = machine.aliases.iter().filter(|(name, alias)| {
        let leads = |version| alias.routes.iter().any(|route| route.version == version);
        name.as_str() > after && wanted.is_none_or(leads)
    });
    let mut found: Vec<_> = all.take(paging.limit + 1).collect();
    let next = paging.cut(&mut found, |(name, _)| (*name).clone());
    let listed = found.iter().map(|(name, alias)| {
        json!({
            "stateMachineAliasArn": machine.qualified(name),
            "creationDate": seconds(alias.created_at),
        })
    });
    let mut answer = json!({ "stateMachineAliases": listed.collect::<Vec<_>>() });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}
