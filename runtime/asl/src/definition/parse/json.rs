//! From text to JSON, with AWS's words for what is not.

use serde_json::Value;

use super::locate::{self, KeyOrIndex};
use super::place::Step;
use super::report::{Problem, Reports, SCHEMA, Spot};
use crate::diagnostic::{Diagnostic, Severity};
use crate::json_complaint::{self, Complaint};
use crate::limits;

/// The definition as JSON; `None` when it is none, too large or nested too deep. Keys that
/// occur twice are reported.
pub(super) fn read(text: &str, reports: &Reports<'_>) -> Option<Value> {
    if text.len() > limits::DEFINITION_BYTES_MAX {
        let max = limits::DEFINITION_BYTES_MAX;
        let message = format!("Definition exceeds the maximum length of {max} bytes");
        reports.push(whole(SCHEMA, message));
        return None;
    }
    if text.trim().is_empty() {
        reports.push(not_an_object());
        return None;
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => {
            report_duplicates(text, reports);
            Some(Value::Object(object))
        }
        Ok(_) => {
            reports.push(not_an_object());
            None
        }
        Err(error) => {
            reports.push(syntax(text, &error));
            None
        }
    }
}

fn not_an_object() -> Diagnostic {
    whole(SCHEMA, "Definition must be a valid JSON object")
}

/// A problem of the whole text, to which AWS gives no location.
fn whole(code: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code,
        message: message.into(),
        pointer: None,
        span: None,
        hint: None,
    }
}

/// The syntax error, in the words of AWS's JSON parser; where that one has none (a number too
/// large, text after the value), in those of ours.
fn syntax(text: &str, error: &serde_json::Error) -> Diagnostic {
    let sentence = error.to_string();
    if sentence.starts_with("recursion limit exceeded") {
        let max = limits::JSON_DEPTH_MAX;
        return whole(
            "TOO_DEEPLY_NESTED",
            format!("Definition is nested deeper than {max} levels"),
        );
    }
    let complaint = Complaint::of(text).unwrap_or_else(|| {
        let plain = sentence
            .rsplit_once(" at line ")
            .map_or(&*sentence, |(plain, _)| plain);
        json_complaint::elsewhere(text, plain, offset(text, error.line(), error.column()))
    });
    Diagnostic {
        pointer: Some(complaint.place.clone()),
        span: Some(complaint.span.clone()),
        ..whole("INVALID_JSON_DESCRIPTION", complaint.message())
    }
}

/// The byte that serde's line and column (in bytes, from 1) name.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let at = (before + column.saturating_sub(1)).min(text.len());
    text.floor_char_boundary(at)
}

/// JSON keeps the last of two fields of one name: a state lost so would be lost in silence.
fn report_duplicates(text: &str, reports: &Reports<'_>) {
    locate::duplicates(text, &mut |way, key, span| {
        let mut steps: Vec<Step<'_>> = way.iter().map(KeyOrIndex::step).collect();
        let is_state = is_states(&steps);
        let severity = if is_state {
            Severity::Error
        } else {
            Severity::Warning
        };
        if !reports.has_room(severity) {
            return;
        }
        let problem = if is_state {
            steps.push(Step::Key(key));
            let message = format!("Duplicate State name: {key}");
            Problem::error("DUPLICATE_STATE_NAME", steps, message)
        } else {
            let message =
                format!("The field '{key}' occurs more than once: only the last one counts");
            Problem::error("DUPLICATE_FIELD", steps, message).warning()
        };
        reports.push(Diagnostic {
            span: Some(span),
            ..problem.spot(Spot::Name).diagnostic(text)
        });
    });
}

/// Whether the object at the end of these steps holds states: `States` of the machine, of a
/// branch, of an item processor.
fn is_states(steps: &[Step<'_>]) -> bool {
    match steps {
        [Step::Key("States")] => true,
        [
            Step::Key("States"),
            Step::Key(_),
            Step::Key("ItemProcessor" | "Iterator"),
            rest @ ..,
        ]
        | [
            Step::Key("States"),
            Step::Key(_),
            Step::Key("Branches"),
            Step::Index(_),
            rest @ ..,
        ] => is_states(rest),
        _ => false,
    }
}
