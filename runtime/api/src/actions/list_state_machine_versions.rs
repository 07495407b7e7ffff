//! ListStateMachineVersions: newest first.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::paging::Paging;
use crate::protocol::seconds;
use crate::request::{ARN, PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_state_machine_versions(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    let token = request.optional("nextToken", &PAGE_TOKEN);
    let max = request.integer("maxResults", &PAGE_SIZE);
    request.finish()?;
    let arn = MachineArn::unqualified(&arn)?;
    let paging = Paging::read(format!("{}:v", arn.text), max, token.as_deref(), api.now())?;
    let machine = api.registry.machines.get(arn.text)?;
    let before = paging.after.as_deref().and_then(|after| after.parse().ok());
    let before: u64 = before.unwrap_or(u64::MAX);
    let versions = machine
        .iter()
        .flat_map(|machine| machine.versions.range(..before).rev());
    let mut found: Vec<_> = versions.take(paging.limit + 1).collect();
    let next = paging.cut(&mut found, |(number, _)| number.to_string());
    let listed = found.iter().map(|(number, version)| {
        json!({
            "stateMachineVersionArn": format!("{}:{number}", arn.text),
            "creationDate": seconds(version.created_at),
        })
    });
    let mut answer = json!({ "stateMachineVersions": listed.collect::<Vec<_>>() });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}
