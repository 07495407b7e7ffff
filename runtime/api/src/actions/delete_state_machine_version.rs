//! DeleteStateMachineVersion: unless an alias leads to it. Its number is not used again.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::registry::{Change, Machine};
use crate::request::{LONG_ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn delete_state_machine_version(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineVersionArn", &LONG_ARN);
    request.finish()?;
    let arn = MachineArn::read(&arn)?;
    let number = arn.version().ok_or_else(|| {
        ApiError::validation(format!("Must provide the ARN of a version: {}", arn.text))
    })?;
    let change = |standing: Option<&Machine>| {
        let Some(machine) = standing else {
            return Ok((Change::Keep, ()));
        };
        let leading: Vec<&str> = machine.aliases_of(number).collect();
        if !leading.is_empty() {
            return Err(ApiError::conflict(format!(
                "Version to be deleted must not be referenced by an alias. Current list of \
                 aliases referencing this version: [{}]",
                leading.join(", ")
            )));
        }
        let mut machine = machine.clone();
        match machine.versions.remove(&number) {
            Some(_) => Ok((Change::Put(machine), ())),
            None => Ok((Change::Keep, ())),
        }
    };
    api.registry.machines.change(arn.machine, change).await?;
    Ok(json!({}))
}
