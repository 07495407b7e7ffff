//! ListStateMachines: by name, as recorded.

use serde_json::{Value, json};

use super::settings;
use crate::paging::Paging;
use crate::request::{PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_state_machines(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let max = request.integer("maxResults", &PAGE_SIZE);
    let token = request.optional("nextToken", &PAGE_TOKEN);
    request.finish()?;
    let prefix = caller.place.state_machine("").to_string();
    let paging = Paging::read(prefix.clone(), max, token.as_deref(), api.now())?;
    let after = paging.after.as_deref();
    let mut found = api
        .registry
        .machines
        .list(&prefix, after, paging.limit + 1)?;
    let next = paging.cut(&mut found, |machine| machine.arn.clone());
    let listed: Vec<Value> = found.iter().map(settings::listed).collect();
    let mut answer = json!({ "stateMachines": listed });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}
