//! PublishStateMachineVersion: what the state machine is now, under a number for good.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::protocol::seconds;
use crate::registry::{Change, Machine, deleting};
use crate::request::{ARN, DESCRIPTION, REVISION_ID, Request};
use crate::{Api, ApiError, Caller};

/// What a caller names the revision of a state machine that was never updated.
const INITIAL: &str = "INITIAL";

pub(crate) async fn publish_state_machine_version(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    let revision_id = request.optional("revisionId", &REVISION_ID);
    let description = request.optional("description", &DESCRIPTION);
    request.finish()?;
    let arn = MachineArn::unqualified(&arn)?;
    let now = api.now();
    let change = |standing: Option<&Machine>| {
        let mut machine = match standing {
            None => return Err(ApiError::no_such_machine(arn.text)),
            Some(machine) if machine.deleting => return Err(deleting(arn.text)),
            Some(machine) => machine.clone(),
        };
        let current = machine.current.id.as_deref().unwrap_or(INITIAL);
        if let Some(asked) = revision_id.as_deref().filter(|asked| *asked != current) {
            return Err(ApiError::conflict(format!(
                "Failed to publish the State Machine version for revision {asked}. The current \
                 State Machine revision is {current}."
            )));
        }
        if machine.published().is_none() {
            api.quotas.check_versions(machine.versions.len())?;
        }
        let number = machine.publish(description.clone(), now);
        let answer = json!({
            "creationDate": seconds(machine.versions[&number].created_at),
            "stateMachineVersionArn": machine.qualified(number),
        });
        Ok((Change::Put(machine), answer))
    };
    api.registry.machines.change(arn.text, change).await
}
