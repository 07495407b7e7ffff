//! What `parse` and `validate` say about a definition: all problems, each with its place.

use std::fmt;

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

/// One problem of a definition. It prints as AWS joins it into an `InvalidDefinition`
/// message: `CODE: message at /pointer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// A name for the rule: AWS's where AWS has one (`SCHEMA_VALIDATION_FAILED`,
    /// `INVALID_JSON_DESCRIPTION`, `MISSING_TRANSITION_TARGET` …).
    pub code: &'static str,
    /// One sentence, in AWS's words where AWS has them.
    pub message: String,
    /// Where, as AWS prints its `location`: `/States/X/Next`, `/States/P/Branches[0]`, `/`
    /// for the whole; for text that is not JSON, its line and column. Nothing where AWS
    /// names no place.
    pub pointer: Option<String>,
    /// The byte range in the definition's text, where it is known.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Whether it keeps the definition from being run.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // AWS prints an absent location so, as Java does.
        let place = self.pointer.as_deref().unwrap_or("null");
        write!(f, "{}: {} at {place}", self.code, self.message)
    }
}

/// AWS's message for a definition with errors, as `CreateStateMachine` answers with its
/// `InvalidDefinition`; warnings are left out.
pub fn invalid_definition(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(Diagnostic::to_string)
        .collect();
    format!("Invalid State Machine Definition: '{}'", errors.join(", "))
}
