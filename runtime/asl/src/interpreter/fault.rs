//! A fault: the definition and the data do not fit together.
//!
//! It becomes a failure once it is known which state it happened in.

use std::borrow::Cow;
use std::sync::Arc;

use crate::definition::Expression;
use crate::history::EventId;
use crate::query::budget::Exhausted;
use crate::query::{intrinsics, jsonata, jsonpath};
use crate::{ErrorName, Failure};

/// What went wrong in evaluating a state's fields.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    error: Cow<'static, str>,
    what: String,
    /// Where a JSONata expression stands: AWS then adds an EvaluationFailed event.
    location: Option<Arc<str>>,
}

impl Fault {
    /// `States.Runtime`: nothing retries or catches it.
    pub(crate) fn runtime(what: impl Into<String>) -> Self {
        Self::named(ErrorName::RUNTIME, what)
    }

    /// A fault with a name that can be matched.
    pub(crate) fn named(error: &'static str, what: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            what: what.into(),
            location: None,
        }
    }

    /// What someone outside failed with.
    pub(super) fn of(failure: Failure) -> Self {
        Self {
            error: failure
                .error
                .map_or(ErrorName::RUNTIME.into(), |name| name.0.into()),
            what: failure.cause.unwrap_or_default(),
            location: None,
        }
    }

    /// A JSONata expression failed or gave the wrong thing.
    pub(crate) fn query(expression: &Expression, what: impl Into<String>) -> Self {
        Self {
            error: ErrorName::QUERY_EVALUATION_ERROR.into(),
            what: what.into(),
            location: Some(Arc::clone(&expression.field.0)),
        }
    }

    /// Where the JSONata expression stands.
    pub(super) fn location(&self) -> Option<Arc<str>> {
        self.location.clone()
    }

    /// The failure as TestState tells it: of no execution.
    pub(super) fn into_bare_failure(self) -> Failure {
        Failure::new(&self.error, self.what)
    }

    /// The failure, in AWS's words.
    pub(super) fn into_failure(self, state: &str, entered: EventId) -> Failure {
        let cause = format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{}). {}",
            entered.0, self.what
        );
        Failure::new(&self.error, cause)
    }
}

/// A JSONata evaluation failed.
pub(crate) fn jsonata_fault(expression: &Expression, error: &jsonata::EvaluationError) -> Fault {
    Fault::query(
        expression,
        error.describe(&expression.source, &expression.field.0),
    )
}

/// The state's expressions, of which this is one, look at or copy too much.
pub(super) fn exhausted_fault(expression: &Expression, exhausted: Exhausted) -> Fault {
    Fault::runtime(format!("Invalid path '{}': {exhausted}", expression.source))
}

/// An intrinsic function failed.
pub(crate) fn intrinsic_fault(expression: &Expression, error: &intrinsics::Failed) -> Fault {
    Fault::named(
        error.error_name(),
        format!(
            "The function '{}' had the following error: {error}",
            expression.source
        ),
    )
}

/// A path found nothing, or could not be followed.
///
/// AWS names the field and shows the input; a Wait alone is worded otherwise.
pub(crate) fn path_fault(
    expression: &Expression,
    error: &jsonpath::EvaluationError,
    input: &serde_json::Value,
) -> Fault {
    let Expression { source, field, .. } = expression;
    let field = &*field.0;
    Fault::runtime(match error {
        jsonpath::EvaluationError::PathNotFound { .. }
            if ["SecondsPath", "TimestampPath"].contains(&field) =>
        {
            format!("The {field} parameter does not reference an input value: {source}")
        }
        jsonpath::EvaluationError::PathNotFound { .. }
        | jsonpath::EvaluationError::VariableNotFound { .. } => format!(
            "The JSONPath '{source}' specified for the field '{field}' could not be found in the \
             input '{input}'"
        ),
        other => format!("Invalid path '{source}': {other}"),
    })
}
