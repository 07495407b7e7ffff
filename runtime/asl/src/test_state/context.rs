//! The context object of a state that is in no execution: as given, or made up.

use serde_json::{Map, Value, json};

use super::refusal::{Refusal, request};
use super::subject::{STATE_NAME, Subject};
use crate::arn::Place;
use crate::definition::{Pattern, Resource, StateKind};
use crate::query::Draws;
use crate::{Payload, Timestamp};

/// The type of a field of the context object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    Any,
    Text,
    Integer,
}

/// What a given context object may hold.
const PARTS: [(&str, &[(&str, Type)]); 4] = [
    (
        "Execution",
        &[
            ("Id", Type::Text),
            ("Input", Type::Any),
            ("Name", Type::Text),
            ("RoleArn", Type::Text),
            ("StartTime", Type::Text),
            ("RedriveCount", Type::Integer),
            ("RedriveTime", Type::Text),
        ],
    ),
    (
        "State",
        &[
            ("EnteredTime", Type::Text),
            ("Name", Type::Text),
            ("RetryCount", Type::Integer),
        ],
    ),
    ("StateMachine", &[("Id", Type::Text), ("Name", Type::Text)]),
    ("Task", &[("Token", Type::Text)]),
];

/// Reads a context object that was given, and checks it against the state.
pub(super) fn given(text: &str, kind: &StateKind) -> Result<Value, Refusal> {
    let refused = |why: String| request(format!("Invalid Context object provided: {why}"));
    let context = Payload::from_text(text).map_err(|error| refused(error.to_string()))?;
    let Value::Object(parts) = context.value() else {
        return Err(refused("it must be a JSON object".into()));
    };
    for (name, part) in parts {
        check_part(name, part).map_err(refused)?;
    }
    if parts.contains_key("Task") && !waits_outside(kind) {
        return Err(refused(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or \
             '.waitForTaskToken' service integration pattern"
                .into(),
        ));
    }
    Ok(context.into_value())
}

fn check_part(name: &str, part: &Value) -> Result<(), String> {
    if name == "Map" {
        return Err("'Map' field is not supported when mocking a Context object".into());
    }
    let Some((_, fields)) = PARTS.iter().find(|(known, _)| *known == name) else {
        return Err(format!("Field '{name}' is not allowed"));
    };
    let Value::Object(part) = part else {
        return Err(format!("{name} must be an object"));
    };
    for (field, value) in part {
        let Some((_, expected)) = fields.iter().find(|(known, _)| known == field) else {
            return Err(format!("Field '{field}' is not allowed"));
        };
        match expected {
            Type::Text if !value.is_string() => {
                return Err(format!("{name}.{field} must be a string"));
            }
            Type::Integer if !value.is_u64() => {
                return Err(format!("{name}.{field} must be an integer"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the state hands its work to someone who answers later.
pub(super) fn waits_outside(kind: &StateKind) -> bool {
    let StateKind::Task(task) = kind else {
        return false;
    };
    matches!(&task.resource, Resource::Service { pattern, .. } if *pattern != Pattern::RequestResponse)
}

/// A context object as AWS makes one up, in its order: an Express execution of a machine
/// without a name. As recorded, the state is called `StateName` there, whatever its name.
pub(super) fn made_up(
    subject: &Subject,
    input: &Value,
    role_arn: Option<&str>,
    place: &Place,
    now: Timestamp,
    draws: &Draws,
) -> Value {
    let (machine, execution) = (draws.uuid(), draws.uuid());
    let Place { region, account_id } = place;
    let id = format!("arn:aws:states:{region}:{account_id}:express:{machine}:{execution}");
    let now = now.to_string();
    let mut context = json!({
        "Execution": {
            "Id": id,
            "Input": input,
            "Name": execution,
            "RoleArn": role_arn,
            "StartTime": now,
        },
        "StateMachine": {
            "Id": place.state_machine(&machine).as_str(),
            "Name": machine,
        },
        "State": {
            "Name": STATE_NAME,
            "EnteredTime": now,
        },
    });
    if matches!(subject.kind(), StateKind::Task(_)) {
        context["State"]["RetryCount"] = 0.into();
    }
    if waits_outside(subject.kind()) {
        context["Task"] = json!({ "Token": draws.uuid() });
    }
    if subject.is_in_a_map() {
        context["Map"] = json!({ "Item": { "Index": 0, "Value": input } });
    }
    context
}

/// The variables that were given, in their order.
pub(super) fn variables(text: Option<&str>) -> Result<Map<String, Value>, Refusal> {
    let Some(text) = text else {
        return Ok(Map::new());
    };
    let refused = |why: String| request(format!("Invalid variables provided: {why}"));
    match Payload::from_text(text).map(Payload::into_value) {
        Ok(Value::Object(variables)) => Ok(variables),
        Ok(_) => Err(refused("they must be a JSON object".into())),
        Err(error) => Err(refused(error.to_string())),
    }
}
