//! The context object: `$$` in JSONPath, `$states.context` in JSONata.
//!
//! Source: AWS, "Accessing execution data from the Context object"; the order of the
//! fields is as recorded.

use serde_json::{Map, Value, json};

use super::Execution;
use super::scope::{Current, Item, Scope};
use crate::definition::StateKind;

impl Execution {
    /// What the context object is for this scope; `item` stands in for the scope's own
    /// while a Map's selector is evaluated.
    pub(super) fn context_object(&self, scope: &Scope, item: Option<&Item>) -> Value {
        let mut context = Map::new();
        context.insert("Execution".into(), self.execution_part());
        let identity = &self.identity;
        context.insert(
            "StateMachine".into(),
            json!({ "Id": identity.state_machine_arn.as_str(), "Name": identity.state_machine_name }),
        );
        if let Some(current) = &scope.current {
            context.insert("State".into(), self.state_part(current));
        }
        if let Some(item) = item.or(scope.item.as_deref()) {
            context.insert("Map".into(), json!({ "Item": item_part(item) }));
        }
        Value::Object(context)
    }

    fn execution_part(&self) -> Value {
        json!({
            "Id": self.identity.execution_arn.as_str(),
            "Input": self.input.value(),
            "StartTime": self.started_at.to_string(),
            "Name": self.identity.name,
            "RoleArn": &*self.identity.role_arn,
            "RedriveCount": 0,
        })
    }

    fn state_part(&self, current: &Current) -> Value {
        let state = self.machine.0.state(current.id);
        let mut part = Map::new();
        part.insert("Name".into(), Value::from(&*state.name));
        part.insert(
            "EnteredTime".into(),
            Value::from(current.entered_at.to_string()),
        );
        if matches!(state.kind, StateKind::Task(_)) {
            part.insert("RetryCount".into(), Value::from(current.retry_count()));
        }
        Value::Object(part)
    }
}

fn item_part(item: &Item) -> Value {
    let mut part = Map::new();
    part.insert("Index".into(), Value::from(item.index));
    if let Some(key) = &item.key {
        part.insert("Key".into(), Value::from(&**key));
    }
    part.insert("Value".into(), (*item.value).clone());
    part.insert("Source".into(), Value::from("STATE_DATA"));
    Value::Object(part)
}
