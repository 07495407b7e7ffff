//! UpdateStateMachine: what executions run that start from now on.

use serde_json::{Value, json};

use super::settings;
use crate::arn::MachineArn;
use crate::protocol::seconds;
use crate::registry::{Change, Machine, Revision, Settings, deleting};
use crate::request::{ARN, DEFINITION, DESCRIPTION, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn update_state_machine(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("stateMachineArn", &ARN);
    let text = request.optional("definition", &DEFINITION);
    let role_arn = request.optional("roleArn", &ARN);
    let logging = settings::logging(&mut request);
    let tracing = settings::tracing(&mut request);
    let publish = request.boolean("publish").unwrap_or_default();
    let description = request.optional("versionDescription", &DESCRIPTION);
    let encryption = settings::encryption(&mut request);
    request.finish()?;

    let arn = MachineArn::unqualified(&arn)?;
    let machine = api.machine(arn.text)?;
    if machine.deleting {
        return Err(deleting(arn.text));
    }
    let nothing = text.is_none() && role_arn.is_none() && logging.is_none() && tracing.is_none();
    if nothing && encryption.is_none() {
        return Err(ApiError::new(
            "MissingRequiredParameter",
            "Either the definition, the role ARN, the LoggingConfiguration, or the \
             TracingConfiguration must be specified",
        ));
    }
    settings::check_description(publish, description.as_deref())?;
    if let Some(role_arn) = &role_arn {
        settings::check_role(role_arn)?;
    }
    let definition = match &text {
        Some(text) => Some(settings::definition(api, text, machine.kind).await?),
        None => None,
    };
    let logging = settings::checked_logging(logging)?;
    let (now, revision_id) = (api.now(), api.uuid());
    let update = |standing: &Settings| Settings {
        definition: match &definition {
            Some(definition) => definition.digest.to_string(),
            None => standing.definition.clone(),
        },
        role_arn: role_arn
            .clone()
            .unwrap_or_else(|| standing.role_arn.clone()),
        logging: logging.clone().unwrap_or_else(|| standing.logging.clone()),
        tracing: tracing.unwrap_or(standing.tracing),
        encryption: encryption
            .clone()
            .unwrap_or_else(|| standing.encryption.clone()),
    };
    let change = |standing: Option<&Machine>| {
        let mut machine = match standing {
            None => return Err(ApiError::no_such_machine(arn.text)),
            Some(machine) if machine.deleting => return Err(deleting(arn.text)),
            Some(machine) => machine.clone(),
        };
        let settings = update(&machine.current.settings);
        let mut answer = json!({ "updateDate": seconds(now) });
        if settings != machine.current.settings {
            answer["revisionId"] = revision_id.as_str().into();
            let id = Some(revision_id.clone());
            machine.current = Revision { id, settings };
        }
        if publish {
            if machine.published().is_none() {
                api.quotas.check_versions(machine.versions.len())?;
            }
            let number = machine.publish(description.clone(), now);
            answer["stateMachineVersionArn"] = machine.qualified(number).into();
        }
        machine.updated_at = now;
        Ok((Change::Put(machine), answer))
    };
    api.registry.machines.change(arn.text, change).await
}
