//! CreateStateMachine: idempotent by everything but role and tags.

use asl::interpreter::Kind;
use serde_json::{Value, json};

use super::settings::{self, Tagged};
use crate::protocol::seconds;
use crate::registry::{Change, Machine, Revision, Settings, deleting};
use crate::request::{ARN, DEFINITION, DESCRIPTION, MACHINE_TYPE, NAME, Request};
use crate::{Api, ApiError, Caller, name};

pub(crate) async fn create_state_machine(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let machine_name = request.required("name", &NAME);
    let text = request.required("definition", &DEFINITION);
    let role_arn = request.required("roleArn", &ARN);
    let kind = settings::kind(request.optional("type", &MACHINE_TYPE).as_deref());
    let logging = settings::logging(&mut request);
    let tags = settings::tags(&mut request);
    let tracing = settings::tracing(&mut request);
    let publish = request.boolean("publish").unwrap_or_default();
    let description = request.optional("versionDescription", &DESCRIPTION);
    let encryption = settings::encryption(&mut request);
    request.finish()?;

    name::check(&machine_name)?;
    settings::check_role(&role_arn)?;
    settings::check_description(publish, description.as_deref())?;
    let definition = settings::definition(api, &text, kind).await?;
    let wanted = Settings {
        definition: definition.digest.to_string(),
        role_arn,
        logging: settings::checked_logging(logging)?.unwrap_or_default(),
        tracing: tracing.unwrap_or_default(),
        encryption: settings::checked_encryption(encryption)?.unwrap_or_default(),
    };
    let tags = tags.unwrap_or_default().checked()?;
    let (now, arn) = (api.now(), caller.place.state_machine(&machine_name));
    let change = |standing: Option<&Machine>| match standing {
        Some(machine) if machine.deleting => Err(deleting(&machine.arn)),
        Some(machine) if is_same(machine, kind, &wanted, publish, &description) => {
            Ok((Change::Keep, answer(machine, publish)))
        }
        Some(machine) => Err(ApiError::new(
            "StateMachineAlreadyExists",
            format!("State Machine Already Exists: '{}'", machine.arn),
        )),
        None => {
            api.quotas
                .check_state_machines(|| api.registry.machines.count())?;
            let mut machine = Machine {
                arn: arn.to_string(),
                name: machine_name.clone(),
                kind,
                created_at: now,
                updated_at: now,
                deleting: false,
                current: Revision {
                    id: None,
                    settings: wanted.clone(),
                },
                versions: Default::default(),
                versions_made: 0,
                aliases: Default::default(),
                tags: tags.clone(),
            };
            if publish {
                machine.publish(description.clone(), now);
            }
            let answer = answer(&machine, publish);
            Ok((Change::Put(machine), answer))
        }
    };
    api.settle_deletion(arn.as_str()).await?;
    api.registry.machines.change(arn.as_str(), change).await
}

/// Whether a creation asks for what is there: all but role and tags count.
fn is_same(
    machine: &Machine,
    kind: Kind,
    wanted: &Settings,
    publish: bool,
    description: &Option<String>,
) -> bool {
    let standing = &machine.current.settings;
    let first = machine.versions.first_key_value();
    let same_version = match (publish, first) {
        (false, _) => true,
        (true, Some((_, version))) => version.description == *description,
        (true, None) => false,
    };
    let same_settings = Settings {
        role_arn: standing.role_arn.clone(),
        ..wanted.clone()
    } == *standing;
    machine.kind == kind && same_settings && same_version
}

fn answer(machine: &Machine, publish: bool) -> Value {
    let mut answer = json!({
        "stateMachineArn": machine.arn,
        "creationDate": seconds(machine.created_at),
    });
    if let Some(newest) = machine.versions.last_key_value().filter(|_| publish) {
        answer["stateMachineVersionArn"] = machine.qualified(newest.0).into();
    }
    answer
}

/// Tags that were checked.
impl Tagged {
    fn checked(self) -> Result<crate::registry::Tags, ApiError> {
        self.merged_into(&Default::default())
    }
}
