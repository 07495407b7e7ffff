//! The public form of an event: what GetExecutionHistory answers.
//!
//! Source: the API model's `HistoryEvent` shape, and recorded histories.

use serde_json::{Map, Value, json};

use super::{Detail, HistoryEvent, StateType, Via};
use crate::{Failure, Payload};

impl StateType {
    /// AWS's word, as it begins the names of the type's events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Task => "Task",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }
}

impl Via {
    fn prefix(&self) -> &'static str {
        match self {
            Self::Lambda => "LambdaFunction",
            Self::Activity => "Activity",
            Self::Service { .. } => "Task",
        }
    }
}

impl Detail {
    /// AWS's `type`, such as `TaskStateEntered`.
    pub fn event_type(&self) -> String {
        let fixed = match self {
            Self::ExecutionStarted { .. } => "ExecutionStarted",
            Self::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            Self::ExecutionFailed(_) => "ExecutionFailed",
            Self::ExecutionAborted(_) => "ExecutionAborted",
            Self::ExecutionTimedOut(_) => "ExecutionTimedOut",
            Self::ExecutionRedriven { .. } => "ExecutionRedriven",
            Self::ParallelStateStarted => "ParallelStateStarted",
            Self::ParallelStateSucceeded => "ParallelStateSucceeded",
            Self::ParallelStateFailed => "ParallelStateFailed",
            Self::MapStateStarted { .. } => "MapStateStarted",
            Self::MapStateSucceeded => "MapStateSucceeded",
            Self::MapStateFailed => "MapStateFailed",
            Self::MapRunStarted { .. } => "MapRunStarted",
            Self::MapRunSucceeded => "MapRunSucceeded",
            Self::MapRunFailed(_) => "MapRunFailed",
            Self::MapRunAborted => "MapRunAborted",
            Self::MapRunRedriven { .. } => "MapRunRedriven",
            Self::MapIterationStarted { .. } => "MapIterationStarted",
            Self::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            Self::MapIterationFailed { .. } => "MapIterationFailed",
            Self::MapIterationAborted { .. } => "MapIterationAborted",
            Self::EvaluationFailed { .. } => "EvaluationFailed",
            Self::StateEntered { state, .. } => return format!("{}StateEntered", state.as_str()),
            Self::StateExited { state, .. } => return format!("{}StateExited", state.as_str()),
            Self::StateAborted(state) => return format!("{}StateAborted", state.as_str()),
            Self::Scheduled { via, .. } => return format!("{}Scheduled", via.prefix()),
            Self::ScheduleFailed { via, .. } => return format!("{}ScheduleFailed", via.prefix()),
            Self::Started { via, .. } => return format!("{}Started", via.prefix()),
            Self::Submitted { via, .. } => return format!("{}Submitted", via.prefix()),
            Self::Succeeded { via, .. } => return format!("{}Succeeded", via.prefix()),
            Self::Failed { via, .. } => return format!("{}Failed", via.prefix()),
            Self::TimedOut { via, .. } => return format!("{}TimedOut", via.prefix()),
        };
        fixed.to_owned()
    }

    /// The name of the details' field and the details, where the type has any.
    pub(super) fn details(&self) -> Option<(String, Map<String, Value>)> {
        let mut details = Details::default();
        match self {
            Self::ParallelStateStarted
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::MapRunSucceeded
            | Self::MapRunAborted
            | Self::StateAborted(_)
            | Self::Started {
                via: Via::Lambda, ..
            } => return None,
            Self::ExecutionStarted { input, role_arn } => {
                details.data("input", input).text("roleArn", role_arn)
            }
            Self::ExecutionSucceeded { output } => details.data("output", output),
            Self::ExecutionRedriven { redrive_count, .. } => {
                details.put("redriveCount", json!(redrive_count))
            }
            Self::ExecutionFailed(failure)
            | Self::ExecutionAborted(failure)
            | Self::ExecutionTimedOut(failure) => details.failure(failure),
            Self::StateEntered { name, input, .. } => {
                details.data("input", input).text("name", name)
            }
            Self::StateExited {
                name,
                output,
                assigned,
                ..
            } => details
                .assigned(assigned)
                .text("name", name)
                .data("output", output),
            Self::MapRunStarted { arn } => details.text("mapRunArn", arn.as_str()),
            Self::MapRunRedriven { arn, redrive_count } => details
                .text("mapRunArn", arn.as_str())
                .put("redriveCount", json!(redrive_count)),
            Self::MapRunFailed(failure) => details.failure(failure),
            Self::MapStateStarted { length } => details.put("length", json!(length)),
            Self::MapIterationStarted { name, index }
            | Self::MapIterationSucceeded { name, index }
            | Self::MapIterationFailed { name, index }
            | Self::MapIterationAborted { name, index } => {
                details.put("index", json!(index)).text("name", name)
            }
            Self::EvaluationFailed {
                failure,
                location,
                state,
            } => details
                .failure(failure)
                .option("location", location.as_deref())
                .text("state", state),
            Self::Scheduled { .. } => self.scheduled(&mut details),
            Self::Started { via, worker } => {
                details.option("workerName", worker.as_deref()).via(via)
            }
            Self::Submitted { via, output } | Self::Succeeded { via, output } => {
                details.data("output", output).via(via)
            }
            Self::ScheduleFailed { via, failure }
            | Self::Failed { via, failure }
            | Self::TimedOut { via, failure } => details.failure(failure).via(via),
        };
        Some((self.details_field(), details.0))
    }

    fn scheduled<'d>(&self, details: &'d mut Details) -> &'d mut Details {
        let Self::Scheduled {
            via,
            resource,
            input,
            region,
            timeout_seconds,
            heartbeat_seconds,
            credentials,
            ..
        } = self
        else {
            return details;
        };
        if let Some(seconds) = heartbeat_seconds {
            details.put("heartbeatInSeconds", json!(seconds));
        }
        if matches!(via, Via::Service { .. }) {
            details
                .text("parameters", input.text())
                .text("region", region)
                .via(via);
        } else {
            details.data("input", input).text("resource", resource);
        }
        if let Some(credentials) = credentials {
            let role = credentials
                .value()
                .get("RoleArn")
                .cloned()
                .unwrap_or(Value::Null);
            details.put("taskCredentials", json!({ "roleArn": role }));
        }
        if let Some(seconds) = timeout_seconds {
            details.put("timeoutInSeconds", json!(seconds));
        }
        details
    }

    fn details_field(&self) -> String {
        let stem = match self {
            Self::StateEntered { .. } => "stateEntered".to_owned(),
            Self::StateExited { .. } => "stateExited".to_owned(),
            other => {
                let event_type = other.event_type();
                let (first, rest) = event_type.split_at(1);
                format!("{}{rest}", first.to_ascii_lowercase())
            }
        };
        format!("{stem}EventDetails")
    }
}

impl HistoryEvent {
    /// The event as GetExecutionHistory answers it, its timestamp in epoch seconds.
    pub fn to_aws(&self) -> Value {
        let mut event = Map::new();
        event.insert("timestamp".into(), json!(self.timestamp.0 as f64 / 1000.0));
        event.insert("type".into(), json!(self.detail.event_type()));
        event.insert("id".into(), json!(self.id.0));
        event.insert("previousEventId".into(), json!(self.previous.0));
        if let Some((field, details)) = self.detail.details() {
            event.insert(field, Value::Object(details));
        }
        Value::Object(event)
    }
}

/// Details under construction.
#[derive(Default)]
struct Details(Map<String, Value>);

impl Details {
    fn put(&mut self, field: &str, value: Value) -> &mut Self {
        self.0.insert(field.into(), value);
        self
    }

    fn text(&mut self, field: &str, text: &str) -> &mut Self {
        self.put(field, Value::from(text))
    }

    fn option(&mut self, field: &str, text: Option<&str>) -> &mut Self {
        if let Some(text) = text {
            self.text(field, text);
        }
        self
    }

    /// A payload and the note beside it that nothing was cut.
    fn data(&mut self, field: &str, payload: &Payload) -> &mut Self {
        self.text(field, payload.text());
        self.put(&format!("{field}Details"), json!({ "truncated": false }))
    }

    fn failure(&mut self, failure: &Failure) -> &mut Self {
        self.option("cause", failure.cause.as_deref());
        self.option("error", failure.error.as_ref().map(|error| error.as_str()))
    }

    fn assigned(&mut self, assigned: &[(std::sync::Arc<str>, Payload)]) -> &mut Self {
        if assigned.is_empty() {
            return self;
        }
        let variables: Map<String, Value> = assigned
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(value.text())))
            .collect();
        self.put("assignedVariables", Value::Object(variables));
        self.put("assignedVariablesDetails", json!({ "truncated": false }))
    }

    fn via(&mut self, via: &Via) -> &mut Self {
        if let Via::Service {
            resource_type,
            resource,
        } = via
        {
            self.text("resource", resource)
                .text("resourceType", resource_type);
        }
        self
    }
}
