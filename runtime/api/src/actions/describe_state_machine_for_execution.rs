//! DescribeStateMachineForExecution: what the execution runs, whatever became of its state
//! machine since.

use asl::arn::ExecutionArn;
use engine::excerpt::{self, Beginning};
use serde_json::Value;

use super::settings;
use crate::arn::{Arn, MachineArn};
use crate::protocol::seconds;
use crate::registry::{Machine, Revision, Settings};
use crate::request::{ARN, INCLUDED_DATA, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_state_machine_for_execution(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let included = request.optional("includedData", &INCLUDED_DATA);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let begun = excerpt::beginning(&*api.journal, &arn)?;
    let standing = api
        .registry
        .machines
        .get(begun.identity.state_machine_arn.as_str())?;
    let machine = match standing {
        Some(machine) => (*machine).clone(),
        None => forgotten(api, &begun, &arn)?,
    };
    let version = begun.started_as.version_arn.as_deref();
    let number = version.and_then(|arn| MachineArn::read(arn).ok()?.version());
    let version = number.and_then(|number| machine.versions.get(&number));
    let revision = version.map_or(&machine.current, |version| &version.revision);
    let definition = api.registry.definition(&begun.definition)?;
    let all = included.as_deref() != Some("METADATA_ONLY");
    let mut answer = settings::described(&machine, revision, &definition, all);
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("stateMachineArn", machine.arn.as_str().into());
    put("roleArn", begun.identity.role_arn.as_ref().into());
    let updated_at = version.map_or(machine.updated_at, |version| version.created_at);
    put("updateDate", seconds(updated_at));
    Ok(Value::Object(answer))
}

/// A state machine that was deleted, as far as its execution still knows it.
fn forgotten(api: &Api, begun: &Beginning, arn: &ExecutionArn) -> Result<Machine, ApiError> {
    let started_at = api.journal.summary(arn)?.opened.started_at;
    Ok(Machine {
        arn: begun.identity.state_machine_arn.to_string(),
        name: begun.identity.state_machine_name.clone(),
        kind: begun.identity.kind,
        created_at: started_at,
        updated_at: started_at,
        deleting: true,
        current: Revision {
            id: None,
            settings: Settings {
                definition: begun.definition.clone(),
                role_arn: begun.identity.role_arn.to_string(),
                logging: Default::default(),
                tracing: false,
                encryption: Default::default(),
            },
        },
        versions: Default::default(),
        versions_made: 0,
        aliases: Default::default(),
        tags: Default::default(),
    })
}
