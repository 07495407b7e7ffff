//! From text to JSON, with AWS's words for what is not.

use std::borrow::Cow;

use serde_json::Value;

use super::locate::{self, KeyOrIndex};
use super::place::Step;
use super::report::{Problem, Reports, SCHEMA, Spot};
use crate::diagnostic::{Diagnostic, Severity};
use crate::limits;

/// Characters of the text that AWS's JSON parser quotes in its complaint.
const QUOTED_CHARS_MAX: usize = 500;

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

/// The syntax error, in the manner of AWS's JSON parser.
fn syntax(text: &str, error: &serde_json::Error) -> Diagnostic {
    let sentence = error.to_string();
    if sentence.starts_with("recursion limit exceeded") {
        let max = limits::JSON_DEPTH_MAX;
        return whole(
            "TOO_DEEPLY_NESTED",
            format!("Definition is nested deeper than {max} levels"),
        );
    }
    let at = offset(text, error.line(), error.column());
    let (span, column, message) = match unknown_token(text, at) {
        Some(token) => {
            let message = format!(
                "Unrecognized token '{}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                &text[token.clone()]
            );
            let line = text[..token.end].rfind('\n').map_or(0, |end| end + 1);
            let column = text[line..token.end].chars().count() + 1;
            (token, column, message)
        }
        None => {
            let plain = sentence
                .rsplit_once(" at line ")
                .map_or(&*sentence, |(plain, _)| plain);
            (
                at..text.ceil_char_boundary(at + 1),
                error.column(),
                plain.to_owned(),
            )
        }
    };
    let place = format!(
        "[Source: (String)\"{}; line: {}, column: {column}]",
        quoted(text),
        error.line()
    );
    Diagnostic {
        pointer: Some(place.clone()),
        span: Some(span),
        ..whole(
            "INVALID_JSON_DESCRIPTION",
            format!("{message}\n at {place}"),
        )
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

/// The word that stands where a JSON value should.
fn unknown_token(text: &str, at: usize) -> Option<std::ops::Range<usize>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let start = text[..at].trim_end_matches(is_word).len();
    let length = text[start..]
        .find(|c| !is_word(c))
        .unwrap_or(text.len() - start);
    let word = &text[start..start + length];
    let begins = word.chars().next().is_some_and(|c| c.is_alphabetic());
    // Inside a string it would be no token; there, quotes before it are odd in number.
    let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let in_string = text[line..start].matches('"').count() % 2 == 1;
    let known = ["true", "false", "null"].contains(&word);
    (begins && !in_string && !known).then_some(start..start + length)
}

/// The text as AWS's parser quotes it, closing quote included.
fn quoted(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        None => format!("{text}\"").into(),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            format!("{}\"[truncated {more} chars]", &text[..end]).into()
        }
    }
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
