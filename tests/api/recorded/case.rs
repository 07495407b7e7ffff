//! One recorded case: the calls that were made, and the answers that were kept.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use crate::api::model::MODEL;
use crate::recorded::{ACCOUNT, as_sent, named_buckets, restore_white_space};

/// Parameters that hold JSON as text; recordings show most of it parsed.
const JSON: [&str; 6] = [
    "definition",
    "input",
    "output",
    "variables",
    "context",
    "cause",
];

/// What was recorded under these names is no answer of this API.
pub(super) const OF_OTHER_SERVICES: [(&str, &str); 2] = [
    ("messages", "what a queue received"),
    ("stepfunctions_events", "what EventBridge received"),
];

/// Under these names lines of CloudWatch Logs were recorded.
const LOGGED: [&str; 2] = ["logged_execution_events", "end_event"];

/// A case.
pub(super) struct Case {
    pub(super) name: String,
    /// Function names and how they behave.
    pub(super) functions: HashMap<String, String>,
    /// The calls, in order; one that equals an earlier one was left out when it was recorded.
    pub(super) calls: Vec<Call>,
    /// The answers that were kept, in order, each under the name it was recorded by.
    pub(super) answers: Vec<(String, Expected)>,
    /// The lines that its executions logged: all, or the last.
    pub(super) logged: Option<Value>,
}

/// A call, as a client sends it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) operation: String,
    pub(super) parameters: Value,
    /// Who made it.
    pub(super) account: String,
}

/// What AWS answered.
pub(super) enum Expected {
    /// Nothing: boto3 cannot send Python's None.
    NeverSent,
    /// A success: the body, or the one list in it.
    Body(Value),
    /// Some fields of what DescribeExecution answers.
    Execution(Value),
    /// A refusal.
    Refusal {
        /// The operation, where the recording names it.
        operation: Option<String>,
        name: String,
        /// The sentence; none where boto3 refused before anything was sent.
        message: Option<String>,
    },
}

impl Case {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.replace("000000000000", ACCOUNT);
        let mut case: Value = serde_json::from_str(&text).expect("a case is JSON");
        let name = case["case"].as_str().unwrap_or_default().to_owned();
        let history = case.pointer_mut("/recorded/get_execution_history/events");
        if let Some(events) = history.and_then(Value::as_array_mut) {
            restore_white_space(&name, events);
        }
        let mut functions = HashMap::new();
        let mut calls = Vec::new();
        for call in case["calls"].as_array().into_iter().flatten() {
            let (operation, parameters) =
                (call["op"].as_str().unwrap_or_default(), &call["params"]);
            let text = |field: &str| parameters[field].as_str().unwrap_or_default().to_owned();
            match operation {
                "lambda:CreateFunction" => {
                    functions.insert(text("FunctionName"), text("behaviour"));
                }
                _ => calls.push(Call {
                    operation: operation.to_owned(),
                    parameters: sent(parameters),
                    account: account(parameters, &case["calls"]),
                }),
            }
        }
        let logged = LOGGED.iter().find_map(|name| case["recorded"].get(name));
        let recorded = case["recorded"].as_object().into_iter().flatten();
        Self {
            name,
            functions,
            calls,
            logged: logged.cloned(),
            answers: recorded
                .filter(|(name, _)| !is_of_another_service(name))
                .flat_map(|(name, answer)| answers(name, answer))
                .collect(),
        }
    }
}

impl Case {
    /// The buckets that its definitions or inputs name.
    pub(super) fn buckets(&self) -> Vec<String> {
        let texts = |field: &'static str| -> Vec<Value> {
            let texts = self.calls.iter().filter_map(move |call| {
                let text = call.parameters[field].as_str()?;
                serde_json::from_str(text).ok()
            });
            texts.collect()
        };
        named_buckets(texts("definition").iter(), texts("input").iter())
    }
}

/// Whether what was recorded under this name is no answer of this API.
fn is_of_another_service(name: &str) -> bool {
    LOGGED.contains(&name) || OF_OTHER_SERVICES.iter().any(|(other, _)| *other == name)
}

/// What was recorded under one name: an answer, or the ends of several executions.
fn answers(name: &str, recorded: &Value) -> Vec<(String, Expected)> {
    match recorded.as_array() {
        Some(ends) if name == "cases" => {
            let ends = ends.iter().enumerate();
            ends.map(|(place, end)| (format!("cases {place}"), Expected::Execution(end.clone())))
                .collect()
        }
        _ => vec![(name.to_owned(), Expected::read(recorded))],
    }
}

/// The account that a call was made in: that of the ARN it names, or of the ARN by which later
/// calls name what it makes.
fn account(parameters: &Value, calls: &Value) -> String {
    let in_arn = |text: &str| {
        let account = text.strip_prefix("arn:aws:states:")?.split(':').nth(1)?;
        Some(account.to_owned())
    };
    let fields = |of: &Value| of.as_object().cloned().unwrap_or_default();
    let named = fields(parameters);
    let named = named.values().find_map(|value| in_arn(value.as_str()?));
    let made = parameters["name"].as_str().and_then(|name| {
        let ending = format!(":{name}");
        calls.as_array()?.iter().find_map(|call| {
            let fields = fields(&call["params"]);
            let arns = fields.values().filter_map(Value::as_str);
            arns.filter(|text| text.ends_with(&ending)).find_map(in_arn)
        })
    });
    named.or(made).unwrap_or_else(|| ACCOUNT.to_owned())
}

/// The parameters as they were sent.
fn sent(parameters: &Value) -> Value {
    let mut parameters = parameters.clone();
    for (field, value) in parameters.as_object_mut().into_iter().flatten() {
        if JSON.contains(&field.as_str()) && !value.is_string() {
            *value = as_sent(Some(value)).into();
        }
    }
    parameters
}

impl Call {
    /// Whether making the call again changes nothing.
    pub(super) fn only_reads(&self) -> bool {
        ["Describe", "List", "Get", "Validate"]
            .iter()
            .any(|verb| self.operation.starts_with(verb))
    }
}

impl Expected {
    fn read(recorded: &Value) -> Self {
        if recorded.to_string().contains("value: None, type") {
            return Self::NeverSent;
        }
        if let Some(error) = recorded.get("Error") {
            return Self::Refusal {
                operation: None,
                name: error["Code"].as_str().unwrap_or_default().to_owned(),
                message: error["Message"].as_str().map(str::to_owned),
            };
        }
        if let Some(told) = recorded["exception_value"].as_str() {
            return Self::told(told, &recorded["exception_typename"]);
        }
        match recorded.as_str() {
            Some(told) => Self::told(told, &Value::Null),
            None => {
                let mut body = recorded.clone();
                if let Some(fields) = body.as_object_mut() {
                    fields.remove("ResponseMetadata");
                }
                Self::Body(body)
            }
        }
    }

    /// Reads what boto3 says of a refusal.
    fn told(told: &str, name: &Value) -> Self {
        let told_by_aws = told
            .split_once(" when calling the ")
            .and_then(|(_, rest)| rest.split_once(" operation: "));
        match (told_by_aws, name.as_str()) {
            (Some((operation, message)), Some(name)) => Self::Refusal {
                operation: Some(operation.to_owned()),
                name: name.to_owned(),
                message: Some(message.to_owned()),
            },
            // "Parameter validation failed": what boto3 does not even send, we refuse.
            _ => Self::Refusal {
                operation: None,
                name: "ValidationException".to_owned(),
                message: None,
            },
        }
    }

    /// The operations that may have answered so.
    pub(super) fn operations(&self) -> BTreeSet<&'static str> {
        let may_answer = |operation: &str| match self {
            Self::Refusal {
                operation: Some(named),
                ..
            } => named == operation,
            Self::Refusal { name, .. } => MODEL.may_refuse(operation, name),
            Self::Body(Value::Object(fields)) => has_fields(operation, fields),
            Self::Body(Value::Array(elements)) => lists(operation, elements),
            Self::Execution(_) => operation == "DescribeExecution",
            Self::Body(_) | Self::NeverSent => false,
        };
        let all = MODEL.operations.keys().map(String::as_str);
        all.filter(|operation| may_answer(operation)).collect()
    }

    /// The answer in a form to compare: refusals as name and message.
    pub(super) fn body(&self) -> Value {
        match self {
            Self::NeverSent => Value::Null,
            Self::Body(body) | Self::Execution(body) => body.clone(),
            Self::Refusal { name, message, .. } => match message {
                Some(message) => json!({ "__type": name, "message": message }),
                None => json!({ "__type": name }),
            },
        }
    }
}

/// Whether these are the fields of an operation's answer: all that it requires, none unknown.
fn has_fields(operation: &str, fields: &Map<String, Value>) -> bool {
    let output = MODEL.output(operation);
    fields
        .keys()
        .all(|field| output.members.contains_key(field))
        && output.required.iter().all(|name| fields.contains_key(name))
}

/// Whether an operation answers a list of such elements.
fn lists(operation: &str, elements: &[Value]) -> bool {
    let Some(Value::Object(first)) = elements.first() else {
        return false;
    };
    let output = MODEL.output(operation);
    output.members.values().any(|shape| {
        let element = MODEL.shape(shape).member.as_ref();
        element.is_some_and(|element| {
            let known = &MODEL.shape(element).members;
            first.keys().all(|field| known.contains_key(field))
        })
    })
}
