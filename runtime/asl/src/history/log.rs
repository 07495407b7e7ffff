//! An event as AWS writes it to CloudWatch Logs, and which events each level asks for.
//!
//! Source: AWS, "Using CloudWatch Logs to log execution history in Step Functions", and
//! recorded log events.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Detail, HistoryEvent};
use crate::arn::ExecutionArn;

/// What of an input or output is logged, in bytes of its escaped form. Source: as above, 248
/// KB: what CloudWatch Logs takes in one event.
const DATA_BYTES_MAX: usize = 248 << 10;

/// The fields that hold what an execution works on; beside each may be a note of its length.
const DATA_FIELDS: [&str; 4] = ["input", "output", "parameters", "assignedVariables"];

/// `level` of a `loggingConfiguration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// Every event.
    All,
    /// What went wrong.
    Error,
    /// Executions that ended otherwise than by success.
    Fatal,
    /// None.
    #[default]
    Off,
}

impl LogLevel {
    /// Whether this level asks for an event.
    pub fn asks_for(self, detail: &Detail) -> bool {
        match self {
            Self::All => true,
            Self::Error => is_error(&detail.event_type()),
            Self::Fatal => is_fatal(detail),
            Self::Off => false,
        }
    }
}

fn is_fatal(detail: &Detail) -> bool {
    matches!(
        detail,
        Detail::ExecutionFailed(_) | Detail::ExecutionAborted(_) | Detail::ExecutionTimedOut(_)
    )
}

fn is_error(event_type: &str) -> bool {
    let endings = ["Failed", "TimedOut", "Aborted"];
    event_type == "FailStateEntered" || endings.iter().any(|ending| event_type.ends_with(ending))
}

impl HistoryEvent {
    /// The event as a line of a log: what GetExecutionHistory answers, with ids and times as
    /// texts, its details under one name, and whose it is.
    ///
    /// `with_data` is `includeExecutionData`: without it inputs and outputs are left out, while
    /// errors and causes stay, since a log of failures would else say nothing.
    pub fn to_log(&self, execution: &ExecutionArn, redrive_count: u32, with_data: bool) -> Value {
        let mut details = self
            .detail
            .details()
            .map_or_else(Map::new, |(_, details)| details);
        match with_data {
            true => DATA_FIELDS
                .iter()
                .for_each(|field| cut(&mut details, field)),
            false => details.retain(|field, _| !is_data(field)),
        }
        json!({
            "id": self.id.0.to_string(),
            "type": self.detail.event_type(),
            "details": details,
            "previous_event_id": self.previous.0.to_string(),
            "event_timestamp": self.timestamp.0.to_string(),
            "execution_arn": execution.as_str(),
            "redrive_count": redrive_count.to_string(),
        })
    }
}

fn is_data(field: &str) -> bool {
    DATA_FIELDS.contains(&field.strip_suffix("Details").unwrap_or(field))
}

/// Cuts a text that is too long, and notes that it was.
fn cut(details: &mut Map<String, Value>, field: &str) {
    let Some(Value::String(text)) = details.get_mut(field) else {
        return;
    };
    // No character takes more than six bytes when it is escaped.
    if text.len() * 6 <= DATA_BYTES_MAX {
        return;
    }
    let mut escaped = 0;
    let place = text.char_indices().find(|(_, char)| {
        escaped += escaped_length(*char);
        escaped > DATA_BYTES_MAX
    });
    if let Some((place, _)) = place {
        text.truncate(place);
        details.insert(format!("{field}Details"), json!({ "truncated": true }));
    }
}

/// How many bytes a character takes in a JSON text.
fn escaped_length(char: char) -> usize {
    match char {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{EventId, StateType, Via};
    use crate::{Failure, Payload, Timestamp};

    fn event(detail: Detail) -> HistoryEvent {
        HistoryEvent {
            id: EventId(2),
            previous: EventId(0),
            timestamp: Timestamp(1_585_252_093_654),
            detail,
        }
    }

    fn entered(state: StateType, input: &str) -> Detail {
        Detail::StateEntered {
            state,
            name: "A".into(),
            input: Payload::from_text(input.to_owned()).unwrap(),
        }
    }

    fn logged(detail: Detail, with_data: bool) -> Value {
        event(detail).to_log(&"arn:e".into(), 0, with_data)
    }

    #[test]
    fn a_record_has_awss_shape() {
        let expected = json!({
            "id": "2",
            "type": "PassStateEntered",
            "details": { "input": "{}", "inputDetails": { "truncated": false }, "name": "A" },
            "previous_event_id": "0",
            "event_timestamp": "1585252093654",
            "execution_arn": "arn:e",
            "redrive_count": "0",
        });
        assert_eq!(logged(entered(StateType::Pass, "{}"), true), expected);
    }

    #[test]
    fn data_is_left_out_when_it_is_not_asked_for() {
        let details = |detail| logged(detail, false)["details"].clone();
        assert_eq!(
            details(entered(StateType::Pass, "{}")),
            json!({ "name": "A" })
        );
        let output = Payload::from_text("1".to_owned()).unwrap();
        assert_eq!(details(Detail::ExecutionSucceeded { output }), json!({}));
        let failure = Failure::new("E", "why");
        let failed = details(Detail::ExecutionFailed(failure));
        assert_eq!(failed, json!({ "cause": "why", "error": "E" }));
    }

    #[test]
    fn levels_ask_for_what_aws_lists() {
        let failure = || Failure::new("E", "why");
        let lambda_failed = Detail::Failed {
            via: Via::Lambda,
            failure: failure(),
        };
        let ended = Detail::ExecutionFailed(failure());
        let fail = entered(StateType::Fail, "1");
        let pass = entered(StateType::Pass, "1");
        for (detail, levels) in [
            (&pass, [true, false, false, false]),
            (&fail, [true, true, false, false]),
            (&lambda_failed, [true, true, false, false]),
            (
                &Detail::StateAborted(StateType::Wait),
                [true, true, false, false],
            ),
            (&ended, [true, true, true, false]),
        ] {
            let all = [
                LogLevel::All,
                LogLevel::Error,
                LogLevel::Fatal,
                LogLevel::Off,
            ];
            assert_eq!(
                all.map(|level| level.asks_for(detail)),
                levels,
                "{detail:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_is_cut_and_says_so() {
        let details =
            |text: String| logged(entered(StateType::Pass, &json!(text).to_string()), true);
        for (fill, count) in [("a", 300 << 10), ("\u{1}", 50 << 10), ("é", 130 << 10)] {
            let record = details(fill.repeat(count));
            let input = record["details"]["input"].as_str().unwrap();
            let escaped = json!(input).to_string().len() - 2;
            assert!(
                escaped <= DATA_BYTES_MAX && escaped > DATA_BYTES_MAX - 8,
                "{escaped}"
            );
            assert_eq!(
                record["details"]["inputDetails"],
                json!({ "truncated": true })
            );
        }
        let whole = details("a".repeat(DATA_BYTES_MAX - 6));
        assert_eq!(
            whole["details"]["inputDetails"],
            json!({ "truncated": false })
        );
    }
}
