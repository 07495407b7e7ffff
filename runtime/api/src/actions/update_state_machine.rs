//! UpdateStateMachine: what executions run that start from now on.

use engine::Definition;
use serde_json::{Value, json};

use super::settings;
use crate::arn::MachineArn;
use crate::protocol::seconds;
use crate::registry::{Change, Encryption, Logging, Machine, Revision, Settings, deleting};
use crate::request::{ARN, DEFINITION, DESCRIPTION, Request};
use crate::{Api, ApiError, Caller};

/// What is to be changed; the rest stays.
struct Update {
    definition: Option<Definition>,
    role_arn: Option<String>,
    logging: Option<Logging>,
    tracing: Option<bool>,
    encryption: Option<Encryption>,
}

impl Update {
    /// The settings after this update.
    fn of(&self, standing: &Settings) -> Settings {
        let definition = self.definition.as_ref();
        let digest = definition.map(|definition| definition.digest.to_string());
        let or = |new: &Option<String>, old: &String| new.as_ref().unwrap_or(old).clone();
        Settings {
            definition: or(&digest, &standing.definition),
            role_arn: or(&self.role_arn, &standing.role_arn),
            logging: self.logging.as_ref().unwrap_or(&standing.logging).clone(),
            tracing: self.tracing.unwrap_or(standing.tracing),
            encryption: self
                .encryption
                .as_ref()
                .unwrap_or(&standing.encryption)
                .clone(),
        }
    }
}

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
    let update = Update {
        definition,
        role_arn,
        logging: settings::checked_logging(logging)?,
        tracing,
        encryption: settings::checked_encryption(encryption)?,
    };
    let publish = publish.then_some(description);
    let change = change(api, arn, &update, publish);
    api.registry.machines.change(arn.text, change).await
}

/// Changes the machine; `publish` has the description of the version to publish, if one is.
fn change(
    api: &Api,
    arn: MachineArn<'_>,
    update: &Update,
    publish: Option<Option<String>>,
) -> impl FnMut(Option<&Machine>) -> Result<(Change<Machine>, Value), ApiError> {
    let (now, revision_id) = (api.now(), api.uuid());
    move |standing| {
        let mut machine = match standing {
            None => return Err(ApiError::no_such_machine(arn.text)),
            Some(machine) if machine.deleting => return Err(deleting(arn.text)),
            Some(machine) => machine.clone(),
        };
        let settings = update.of(&machine.current.settings);
        let mut answer = json!({ "updateDate": seconds(now) });
        if settings != machine.current.settings {
            answer["revisionId"] = revision_id.as_str().into();
            let id = Some(revision_id.clone());
            machine.current = Revision { id, settings };
        }
        if let Some(description) = &publish {
            if machine.published().is_none() {
                api.quotas.check_versions(machine.versions.len())?;
            }
            let number = machine.publish(description.clone(), now);
            answer["stateMachineVersionArn"] = machine.qualified(number).into();
        }
        machine.updated_at = now;
        Ok((Change::Put(machine), answer))
    }
}
