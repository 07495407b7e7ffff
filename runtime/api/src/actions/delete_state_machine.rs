//! DeleteStateMachine: takes versions and aliases with it; executions run to their end.

use serde_json::{Value, json};

use crate::arn::MachineArn;
use crate::registry::{Change, Machine};
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn delete_state_machine(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    request.finish()?;
    let arn = MachineArn::unqualified(&arn)?;
    let running = api.has_running(arn.text)?;
    let change = |standing: Option<&Machine>| match standing {
        // Deleting what is not there is no error.
        None => Ok((Change::Keep, ())),
        Some(_) if !running => Ok((Change::Delete, ())),
        Some(machine) => {
            let deleting = Machine {
                deleting: true,
                ..machine.clone()
            };
            Ok((Change::Put(deleting), ()))
        }
    };
    api.registry.machines.change(arn.text, change).await?;
    Ok(json!({}))
}
