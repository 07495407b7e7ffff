//! A history event for a person: when, what, and the shortest useful word on it.
//!
//! It is read from AWS's form, which a server's answer and an execution that runs here both have.

use asl::Timestamp;
use serde_json::{Map, Value};

use super::output::{self, moment};

/// A history event.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    /// Its id.
    pub(super) id: u64,
    /// The event that led to it; 0 for none.
    pub(super) previous: u64,
    /// When it happened.
    pub(super) at: Timestamp,
    /// AWS's `type`, such as `TaskStateEntered`.
    pub(super) kind: String,
    /// The state or iteration it names, if it does.
    pub(super) name: Option<String>,
    /// The shortest useful word on it: the state, the resource, the failure.
    pub(super) about: String,
}

impl Event {
    /// Reads an event as GetExecutionHistory answers it; what is not there is empty.
    pub(super) fn read(event: &Value) -> Self {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        let fields = event.as_object().into_iter().flatten();
        let details = fields
            .filter(|(field, _)| field.ends_with("EventDetails"))
            .find_map(|(_, details)| details.as_object());
        let name = details.and_then(|details| details.get("name")?.as_str());
        Self {
            id: event["id"].as_u64().unwrap_or_default(),
            previous: event["previousEventId"].as_u64().unwrap_or_default(),
            at: moment(&event["timestamp"]).unwrap_or(Timestamp(0)),
            name: name.map(str::to_owned),
            about: details.map_or_else(String::new, |details| about(&kind, details)),
            kind,
        }
    }

    /// The `Type` of the state that is entered, left or aborted with it.
    pub(super) fn state(&self, how: &str) -> Option<&str> {
        self.kind.strip_suffix(how)?.strip_suffix("State")
    }

    /// Whether the execution ends with it.
    pub(super) fn ends_execution(&self) -> bool {
        let end = self.kind.strip_prefix("Execution");
        end.is_some_and(|end| matches!(end, "Succeeded" | "Failed" | "Aborted" | "TimedOut"))
    }

    /// Whether something went wrong with it.
    pub(super) fn is_failure(&self) -> bool {
        let is_state = self.kind.contains("State") || self.kind.starts_with("Execution");
        let is_failure = self.kind.ends_with("Failed") || self.kind.ends_with("TimedOut");
        is_failure && !is_state && !self.kind.starts_with("MapIteration")
    }

    /// `12:00:01.123 TaskStateEntered Charge`
    pub(super) fn line(&self) -> String {
        let line = format!("{} {} {}", time_of_day(self.at), self.kind, self.about);
        line.trim_end().to_owned()
    }
}

/// `12:00:01.123`, in UTC as history has it.
pub(super) fn time_of_day(moment: Timestamp) -> String {
    let text = moment.to_string();
    text.get(11..23).unwrap_or_default().to_owned()
}

fn about(kind: &str, details: &Map<String, Value>) -> String {
    let text = |field: &str| details.get(field).and_then(Value::as_str);
    let number = |field: &str| details.get(field).and_then(Value::as_u64);
    if let (None, None) = (text("error"), text("cause")) {
        return match (text("name"), number("index"), number("length")) {
            (Some(name), Some(index), _) => format!("{name} #{index}"),
            (Some(name), None, _) => name.to_owned(),
            (None, _, Some(length)) => format!("{length} items"),
            _ if kind.ends_with("Scheduled") => match (text("resourceType"), text("resource")) {
                (Some(service), Some(action)) => format!("{service}:{action}"),
                (_, resource) => resource.unwrap_or_default().to_owned(),
            },
            _ => text("mapRunArn").unwrap_or_default().to_owned(),
        };
    }
    let cause = text("cause").unwrap_or_default();
    let error = text("error").unwrap_or_default();
    let told = format!("{error}: {}", output::first_line(cause));
    let told = told.trim_start_matches(": ");
    told.trim_end_matches([':', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(event: &Value, line: &str) {
        assert_eq!(Event::read(event).line(), format!("00:00:01.500 {line}"));
    }

    #[test]
    fn the_shortest_useful_word_is_told() {
        let event = |kind: &str, field: &str, details: Value| {
            json!({ "timestamp": 1.5, "type": kind, "id": 2, "previousEventId": 1,
                    (format!("{field}EventDetails")): details })
        };
        check(
            &event(
                "TaskStateEntered",
                "stateEntered",
                json!({ "name": "A", "input": "{}" }),
            ),
            "TaskStateEntered A",
        );
        check(
            &event(
                "MapIterationStarted",
                "mapIterationStarted",
                json!({ "name": "M", "index": 3 }),
            ),
            "MapIterationStarted M #3",
        );
        check(
            &event("MapStateStarted", "mapStateStarted", json!({ "length": 7 })),
            "MapStateStarted 7 items",
        );
        let call = json!({ "resource": "invoke", "resourceType": "lambda", "parameters": "{}" });
        check(
            &event("TaskScheduled", "taskScheduled", call),
            "TaskScheduled lambda:invoke",
        );
        let failure = json!({ "error": "E", "cause": "one\ntwo" });
        check(
            &event("TaskFailed", "taskFailed", failure),
            "TaskFailed E: one",
        );
        let aborted = json!({ "error": "E" });
        check(
            &event("ExecutionAborted", "executionAborted", aborted),
            "ExecutionAborted E",
        );
        check(
            &json!({ "timestamp": 1.5, "type": "LambdaFunctionStarted" }),
            "LambdaFunctionStarted",
        );
    }
}
