//! Why a call is refused: AWS's exceptions.

use crate::diagnostic::{Diagnostic, invalid_definition};

/// A call that is refused. It prints as the exception's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The definition has errors.
    #[error("{}", invalid_definition(.0))]
    Definition(
        /// All of them; spans are of the text that was sent.
        Vec<Diagnostic>,
    ),
    /// The definition is sound, but its state is none that can be tested so.
    #[error("{0}")]
    Untestable(String),
    /// The input is no JSON, or too large.
    #[error("{0}")]
    Input(String),
    /// The role's ARN is none.
    #[error("Invalid Role Arn: '{0}'")]
    RoleArn(String),
    /// Anything else does not fit.
    #[error("{0}")]
    Request(String),
}

impl Refusal {
    /// The name of AWS's exception.
    pub fn exception(&self) -> &'static str {
        match self {
            Self::Definition(_) | Self::Untestable(_) => "InvalidDefinition",
            Self::Input(_) => "InvalidExecutionInput",
            Self::RoleArn(_) => "InvalidArn",
            Self::Request(_) => "ValidationException",
        }
    }
}

/// A `ValidationException`.
pub(super) fn request(message: impl Into<String>) -> Refusal {
    Refusal::Request(message.into())
}
