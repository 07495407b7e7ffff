//! `aws-sdk:sfn:ACTION`: the operations of this API, called by a Task as AWS's SDK integration
//! of Step Functions calls them.
//!
//! Parameters and answers have the API's fields with a capital letter; moments are text; what
//! the API takes as the text of JSON may be given as JSON. Source: AWS, "Learning to use AWS
//! service SDK integrations"; answers and errors as recorded.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use asl::arn::Place;
use asl::{Failure, Payload, Timestamp};
use engine::{Calling, Invocation, Invoking, NoServices, ServiceCall, Services};
use serde_json::{Map, Value};

use crate::{Answer, Api, Caller, OPERATIONS};

/// The service as a Resource names it.
const SERVICE: &str = "aws-sdk:sfn";
/// Fields that are the text of JSON: what is given as a value is printed.
const JSON_TEXT: [&str; 5] = ["context", "definition", "input", "output", "variables"];

/// Calls this API for Tasks, and leaves all other services to others.
pub struct SdkCalls {
    api: Mutex<Weak<Api>>,
    others: Arc<dyn Services>,
}

impl SdkCalls {
    /// Calls of no API yet.
    pub fn new(others: Arc<dyn Services>) -> Self {
        Self {
            api: Mutex::default(),
            others,
        }
    }

    /// From now on Tasks call this API.
    pub fn serve(&self, api: &Arc<Api>) {
        *self.api.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(api);
    }

    fn api(&self) -> Option<Arc<Api>> {
        let api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        api.upgrade()
    }
}

impl Services for SdkCalls {
    fn call<'a>(&'a self, call: ServiceCall<'a>) -> Calling<'a> {
        if call.service != SERVICE {
            return self.others.call(call);
        }
        let operation = operation(call.action);
        match (self.api(), operation) {
            (Some(api), Some(operation)) => Box::pin(async move {
                let caller = call.caller.clone();
                carry_out(&api, operation, caller, call.parameters.value()).await
            }),
            _ => NoServices.call(call),
        }
    }

    fn invoke<'a>(&'a self, invocation: Invocation<'a>) -> Option<Invoking<'a>> {
        self.others.invoke(invocation)
    }
}

/// `startExecution` is `StartExecution`.
fn operation(action: &str) -> Option<&'static str> {
    let named = |operation: &&&str| capital(action) == **operation;
    OPERATIONS.iter().find(named).copied()
}

async fn carry_out(
    api: &Api,
    operation: &str,
    place: Place,
    parameters: &Value,
) -> Result<Payload, Failure> {
    let body = request(parameters).to_string();
    let answer = api
        .call(operation, &Caller::from(place), body.as_bytes())
        .await;
    match answer.status {
        200 => Ok(Payload::from_value(told(answer.body))),
        _ => Err(refused(&answer, &api.request_id())),
    }
}

/// A refusal, in the words of AWS's SDK.
fn refused(answer: &Answer, request_id: &str) -> Failure {
    let text = |field: &str| answer.body[field].as_str().unwrap_or_default();
    let name = text("__type");
    let ending = if name.ends_with("Exception") {
        ""
    } else {
        "Exception"
    };
    Failure::new(
        &format!("Sfn.{name}{ending}"),
        format!(
            "{} (Service: Sfn, Status Code: {}, Request ID: {request_id})",
            text("message"),
            answer.status
        ),
    )
}

/// The request: fields begin with a small letter; null is as if it were not there.
fn request(parameters: &Value) -> Value {
    match parameters {
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(name, value)| {
                let name = with_first(name, |first| first.to_ascii_lowercase());
                let value = match value {
                    Value::String(_) => value.clone(),
                    value if JSON_TEXT.contains(&&*name) => value.to_string().into(),
                    value => request(value),
                };
                (name, value)
            });
            Value::Object(fields.collect())
        }
        Value::Array(elements) => elements.iter().map(request).collect(),
        other => other.clone(),
    }
}

/// The answer: fields begin with a capital letter, moments are text.
fn told(answer: Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| {
                let moment = value.as_f64().filter(|_| is_moment(&name));
                let value = match moment {
                    Some(seconds) => Timestamp((seconds * 1000.0).round() as i64)
                        .to_string()
                        .into(),
                    None => told(value),
                };
                (capital(&name), value)
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.into_iter().map(told).collect(),
        other => other,
    }
}

/// Source: AWS's API model: all its timestamps are named so.
fn is_moment(name: &str) -> bool {
    name.ends_with("Date") || name == "timestamp"
}

fn capital(name: &str) -> String {
    with_first(name, |first| first.to_ascii_uppercase())
}

fn with_first(name: &str, change: impl Fn(char) -> char) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(change);
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn requests_have_small_letters_and_text_where_the_api_wants_it() {
        let parameters = json!({
            "StateMachineArn": "arn",
            "Input": { "Key": 1 },
            "Name": null,
            "Tags": [{ "Key": "k", "Value": "v" }],
        });
        let expected = json!({
            "stateMachineArn": "arn",
            "input": "{\"Key\":1}",
            "tags": [{ "key": "k", "value": "v" }],
        });
        assert_eq!(request(&parameters), expected);
    }

    #[test]
    fn answers_have_capital_letters_and_moments_as_text() {
        let answer = json!({ "executionArn": "arn", "startDate": 1.5, "redriveCount": 2 });
        let expected = json!({
            "ExecutionArn": "arn",
            "StartDate": "1970-01-01T00:00:01.500Z",
            "RedriveCount": 2,
        });
        assert_eq!(told(answer), expected);
    }

    #[test]
    fn refusals_are_in_the_words_of_the_sdk() {
        let refusal =
            |name: &'static str| refused(&crate::ApiError::new(name, "why").answer(), "r");
        let cause = "why (Service: Sfn, Status Code: 400, Request ID: r)";
        for (name, error) in [
            ("InvalidToken", "Sfn.InvalidTokenException"),
            ("ValidationException", "Sfn.ValidationException"),
        ] {
            assert_eq!(refusal(name), Failure::new(error, cause));
        }
        assert_eq!(operation("sendTaskSuccess"), Some("SendTaskSuccess"));
        assert_eq!(operation("sendTask"), None);
    }
}
