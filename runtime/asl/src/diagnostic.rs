//! What `parse` and `validate` say about a definition: all problems, each with its place.

use serde::Serialize;

/// AWS's severities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The definition cannot be run.
    Error,
    /// It can, but its author would want to know.
    Warning,
}

/// One problem of a definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// A name for the rule: AWS's where AWS has one (`SCHEMA_VALIDATION_FAILED`,
    /// `INVALID_JSON_DESCRIPTION`, `MISSING_TRANSITION_TARGET` …).
    pub code: &'static str,
    /// One sentence, in AWS's words where AWS has them.
    pub message: String,
    /// Where: a JSON pointer as AWS prints its `location` (`/States/X/Next`; `/` for the
    /// whole), or nothing when the text is not JSON at all.
    pub pointer: Option<String>,
    /// The byte range in the definition's text, where it is known.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}
