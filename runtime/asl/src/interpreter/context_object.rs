//! The context object: `$$` in JSONPath, `$states.context` in JSONata.
//!
//! It is made when an expression first reads it, field by field; most never do.
//!
//! Source: AWS, "Accessing execution data from the Context object"; the order of the
//! fields is as recorded.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::scope::{Item, Phase, Scope};
use super::{Execution, Identity, Kind, TaskKey, TaskToken};
use crate::definition::StateKind;
use crate::history::{ScopeId, Via};
use crate::{Payload, Timestamp, query};

/// The context object of one state.
pub(super) enum ContextObject {
    /// Of an execution.
    Made(Parts),
    /// Given as a whole, for a state that is visited alone.
    Given(Value),
}

/// What the context object of one state is made of.
pub(super) struct Parts {
    identity: Arc<Identity>,
    input: Payload,
    started_at: Timestamp,
    /// How often, and when.
    redriven: Option<(u32, Timestamp)>,
    state: Option<StatePart>,
    item: Option<Arc<Item>>,
    /// Only a Task that can be called back has one.
    token: Option<TaskToken>,
    /// `Execution` holds the input: it is made once a step, for all that read it.
    execution: ExecutionPart,
    made: OnceCell<Box<Made>>,
}

/// The other fields, once they are made; and the whole, which hardly anyone reads.
#[derive(Default)]
struct Made {
    machine: OnceCell<Value>,
    state: OnceCell<Option<Value>>,
    task: OnceCell<Option<Value>>,
    map: OnceCell<Option<Value>>,
    whole: OnceCell<Value>,
}

/// The field `Execution`, once it is made. It is the same throughout a step.
pub(super) type ExecutionPart = Rc<OnceCell<Value>>;

struct StatePart {
    name: Arc<str>,
    entered_at: Timestamp,
    /// Only a Task has one.
    retry_count: Option<u32>,
}

impl Execution {
    /// The context object for this scope; `item` stands in for the scope's own while a
    /// Map's selector is evaluated.
    pub(super) fn context_object(
        &self,
        id: ScopeId,
        scope: &Scope,
        item: Option<&Arc<Item>>,
        execution: &ExecutionPart,
    ) -> ContextObject {
        let state = scope.current.as_ref().map(|current| {
            let state = self.machine.0.state(current.id);
            let is_task = matches!(state.kind, StateKind::Task(_));
            StatePart {
                name: Arc::clone(&state.name),
                entered_at: current.entered_at,
                retry_count: is_task.then(|| current.retry_count()),
            }
        });
        ContextObject::Made(Parts {
            identity: Arc::clone(&self.identity),
            input: self.input.clone(),
            started_at: self.started_at,
            redriven: self.redriven().map(|last| (last.count, last.at)),
            state,
            item: item.or(scope.item.as_ref()).cloned(),
            token: self.token_in_context(id, scope),
            execution: Rc::clone(execution),
            made: OnceCell::new(),
        })
    }

    /// The token of the scope's attempt. That of an activity is for its worker alone.
    fn token_in_context(&self, id: ScopeId, scope: &Scope) -> Option<TaskToken> {
        match &scope.phase {
            Phase::Attempting(attempting) if attempting.via != Via::Activity => Some(TaskToken {
                execution: self.identity.execution_arn.clone(),
                task: TaskKey {
                    scope: id,
                    scheduled: attempting.scheduled,
                },
                secret: attempting.secret?,
            }),
            _ => None,
        }
    }
}

impl ContextObject {
    /// Puts a Map's item into a context object that was given.
    pub(super) fn set_item(&mut self, item: &Item) {
        if let Self::Given(Value::Object(fields)) = self {
            fields.insert("Map".into(), json!({ "Item": item_part(item) }));
        }
    }

    /// Shows the token of a Task that is about to be scheduled; one that was given has what it
    /// was given.
    pub(super) fn set_token(&mut self, token: &TaskToken) {
        if let Self::Made(parts) = self {
            parts.token = Some(token.clone());
        }
    }
}

impl query::Context for ContextObject {
    fn value(&self) -> &Value {
        match self {
            Self::Made(parts) => parts.made().whole.get_or_init(|| parts.make()),
            Self::Given(value) => value,
        }
    }

    fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Made(parts) => parts.field(name),
            Self::Given(value) => value.get(name),
        }
    }
}

impl Parts {
    const FIELDS: [&'static str; 5] = ["Execution", "StateMachine", "State", "Task", "Map"];

    fn made(&self) -> &Made {
        self.made.get_or_init(Box::default)
    }

    fn make(&self) -> Value {
        let fields = Self::FIELDS.into_iter();
        let there = fields.filter_map(|name| Some((name.to_owned(), self.field(name)?.clone())));
        Value::Object(there.collect())
    }

    fn field(&self, name: &str) -> Option<&Value> {
        match name {
            "Execution" => Some(self.execution.get_or_init(|| self.make_execution())),
            "StateMachine" => Some(self.made().machine.get_or_init(|| {
                json!({
                    "Id": self.identity.state_machine_arn.as_str(),
                    "Name": self.identity.state_machine_name,
                })
            })),
            "State" => {
                let make = || self.state.as_ref().map(StatePart::make);
                self.made().state.get_or_init(make).as_ref()
            }
            "Task" => {
                let token = self.token.as_ref();
                let make = || token.map(|token| json!({ "Token": token.to_string() }));
                self.made().task.get_or_init(make).as_ref()
            }
            "Map" => {
                let item = self.item.as_ref();
                let make = || item.map(|item| json!({ "Item": item_part(item) }));
                self.made().map.get_or_init(make).as_ref()
            }
            _ => None,
        }
    }

    fn make_execution(&self) -> Value {
        let identity = &self.identity;
        let mut execution = json!({
            "Id": identity.execution_arn.as_str(),
            "Input": self.input.value(),
            "StartTime": self.started_at.to_string(),
            "Name": identity.name,
            "RoleArn": &*identity.role_arn,
        });
        // As recorded, an Express execution, which cannot be redriven, does not say.
        if identity.kind == Kind::Standard {
            let (count, at) = self.redriven.unzip();
            execution["RedriveCount"] = count.unwrap_or(0).into();
            if let Some(at) = at {
                execution["RedriveTime"] = at.to_string().into();
            }
        }
        execution
    }
}

impl StatePart {
    fn make(&self) -> Value {
        let mut part = Map::new();
        part.insert("Name".into(), Value::from(&*self.name));
        part.insert(
            "EnteredTime".into(),
            Value::from(self.entered_at.to_string()),
        );
        if let Some(retry_count) = self.retry_count {
            part.insert("RetryCount".into(), Value::from(retry_count));
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
    part.insert("Source".into(), Value::from(&*item.source));
    Value::Object(part)
}
