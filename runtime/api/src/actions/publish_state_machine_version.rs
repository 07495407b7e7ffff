//! PublishStateMachineVersion: what the state machine is now, under a number for good.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::protocol::seconds;
use crate::registry::{Change, Machine, deleting};
use crate::request::{ARN, DESCRIPTION, REVISION_ID, Request};
use crate::{Api, ApiError, Caller};

/// Versions of one state machine. Source: AWS, quotas of Step Functions.
const VERSIONS_MAX: usize = 1_000;

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
        check_room(&machine)?;
        let number = machine.publish(description.clone(), now);
        let answer = json!({
            "creationDate": seconds(machine.versions[&number].created_at),
            "stateMachineVersionArn": machine.qualified(number),
        });
        Ok((Change::Put(machine), answer))
    };
    api.registry.machines.change(arn.text, change).await
}

/// Whether one more version may be made.
pub(super) fn check_room(machine: &Machine) -> Result<(), ApiError> {
    match machine.versions.len() >= VERSIONS_MAX {
        true => Err(ApiError::new(
            "ServiceQuotaExceededException",
            format!("The state machine has {VERSIONS_MAX} versions, and may not have more"),
        )),
        false => Ok(()),
    }
}
