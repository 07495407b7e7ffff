//! DescribeStateMachine: a state machine as it is now, or one of its versions.

use serde_json::Value;

use super::settings;
use crate::arn::MachineArn;
use crate::protocol::seconds;
use crate::request::{ARN, INCLUDED_DATA, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_state_machine(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    let included = request.optional("includedData", &INCLUDED_DATA);
    request.finish()?;
    let arn = MachineArn::read(&arn)?;
    api.settle_deletion(arn.machine).await?;
    let missing = || ApiError::no_such_machine(arn.text);
    let machine = api
        .registry
        .machines
        .get(arn.machine)?
        .ok_or_else(missing)?;
    let version = match arn.qualifier {
        None => None,
        Some(_) => {
            let number = arn.version().ok_or_else(missing)?;
            Some(machine.versions.get(&number).ok_or_else(missing)?)
        }
    };
    let revision = version.map_or(&machine.current, |version| &version.revision);
    let definition = api.registry.definition(&revision.settings.definition)?;
    let all = included.as_deref() != Some("METADATA_ONLY");
    let mut answer = settings::described(&machine, revision, &definition, all);
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("stateMachineArn", arn.text.into());
    put("type", settings::kind_word(machine.kind).into());
    put(
        "status",
        if machine.deleting {
            "DELETING"
        } else {
            "ACTIVE"
        }
        .into(),
    );
    let created_at = version.map_or(machine.created_at, |version| version.created_at);
    put("creationDate", seconds(created_at));
    if let Some(description) = version.and_then(|version| version.description.as_ref()) {
        put("description", description.as_str().into());
    }
    Ok(Value::Object(answer))
}
