//! The functions that the recordings invoke, in Python's semantics.

use std::collections::HashMap;
use std::sync::Arc;

use asl::history::Usage;
use asl::{Failure, Payload};
use engine::{Clock, FunctionName, Modules, NotDeployed};
use host::{Attempt, Digest, Error, Limits, Module, Outcome, Running, TaskHost};
use serde_json::{Value, json};

/// The functions of one case, by name; their behaviour stands in for a digest.
pub(crate) struct Functions {
    pub(crate) behaviours: HashMap<String, String>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Modules for Functions {
    fn find(&self, function: &FunctionName, _: u64) -> Result<(Module, String), NotDeployed> {
        let behaviour = self.behaviours.get(&function.name);
        let behaviour = behaviour.ok_or(NotDeployed::Unknown)?;
        let digest = Digest(behaviour.as_str().into());
        Ok((
            Module::pure(digest, Limits::default()),
            "$LATEST".to_owned(),
        ))
    }
}

impl TaskHost for Functions {
    fn run(&self, attempt: Attempt) -> Running<'_> {
        Box::pin(async move {
            let result = match &*attempt.module.digest.0 {
                "id_function" | "echo_function" => Ok(attempt.input),
                "return_decorated_input" => {
                    let event = python(attempt.input.value());
                    Ok(Payload::from_value(Value::from(format!(
                        "input-event-{event}"
                    ))))
                }
                "return_bytes_str" => Ok(Payload::from_value(json!("HelloWorld!"))),
                "large_output_string" => Ok(Payload::from_value(json!("a".repeat(257 * 1024)))),
                "raise_exception" => {
                    Err(raised("Exception", "Some exception was raised.", &attempt))
                }
                "raise_custom_exception" => Err(raised("CustomException", "", &attempt)),
                "wait_60_seconds" => {
                    self.clock
                        .sleep_until(self.clock.now().plus_seconds(60))
                        .await;
                    Ok(attempt.input)
                }
                other => return Err(Error::Sandbox(format!("no behaviour {other:?}"))),
            };
            let usage = Usage::default();
            let log_tail = String::new();
            Ok(Outcome {
                result,
                usage,
                log_tail,
            })
        })
    }
}

fn raised(error: &str, message: &str, attempt: &Attempt) -> Failure {
    let cause = json!({
        "errorMessage": message,
        "errorType": error,
        "requestId": attempt.context.idempotency_key,
        "stackTrace": ["  File \"/var/task/handler.py\", line 2, in handler\n"],
    });
    Failure::new(error, cause.to_string())
}

/// Python's `str()` of a JSON value.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::String(text) => format!("'{text}'"),
        Value::Array(elements) => {
            format!(
                "[{}]",
                elements.iter().map(python).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(key, value)| format!("'{key}': {}", python(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
