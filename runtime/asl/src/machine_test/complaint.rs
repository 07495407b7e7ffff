//! What is not as a case expects, for a person and for a program.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::history::EventId;

/// Characters of a value that a sentence shows. Ours: a line should stay one.
const SHOWN_CHARS_MAX: usize = 160;

/// One thing that is not as expected. It prints as a sentence or two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Complaint {
    /// About what: `path`, `output`, `error`, `cause`, `seconds`, `mock`, `end`.
    pub about: &'static str,
    /// Where in it: a JSON Pointer in the output, a place in the path.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The state it happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Arc<str>>,
    /// The history event that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// What is expected; nothing where nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What came; nothing where nothing did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Value>,
    /// What is wrong, where it is no difference between two values.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Complaint {
    pub(super) fn about(about: &'static str) -> Self {
        Self {
            about,
            place: String::new(),
            state: None,
            event: None,
            expected: None,
            actual: None,
            message: String::new(),
        }
    }

    pub(super) fn at(self, at: Option<(Arc<str>, EventId)>) -> Self {
        let (state, event) = at.unzip();
        Self {
            state,
            event,
            ..self
        }
    }

    pub(super) fn differs(self, expected: Option<Value>, actual: Option<Value>) -> Self {
        Self {
            expected,
            actual,
            ..self
        }
    }

    pub(super) fn says(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.about)?;
        if !self.place.is_empty() {
            write!(f, " {}", self.place)?;
        }
        f.write_str(": ")?;
        if self.message.is_empty() {
            let (expected, actual) = (shown(&self.expected), shown(&self.actual));
            write!(f, "expected {expected}, got {actual}")?;
        } else {
            f.write_str(&self.message)?;
        }
        match (&self.state, self.event) {
            (Some(state), Some(event)) => write!(f, " (state {state}, event {})", event.0),
            (Some(state), None) => write!(f, " (state {state})"),
            (None, Some(event)) => write!(f, " (event {})", event.0),
            (None, None) => Ok(()),
        }
    }
}

/// A value as a sentence has it.
pub(super) fn shown(value: &Option<Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
