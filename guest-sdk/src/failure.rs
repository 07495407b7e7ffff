//! How a Task says that it failed.

use std::fmt;

/// The longest error name the contract allows, in characters.
const ERROR_CHARS_MAX: usize = 256;

/// The longest cause the contract allows, in characters.
const CAUSE_CHARS_MAX: usize = 32_768;

/// An error name and a cause. Retriers and Catchers of the state machine match the name;
/// the cause is for people.
///
/// Names beginning with `States.` belong to the language, `Wasm.` and `Stepwell.` to the
/// host: a task that fails with one is told so, by `Wasm.InvalidOutput`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    error: String,
    cause: String,
}

impl Failure {
    /// The input was not what the function takes; the cause says where it is not.
    pub const INVALID_INPUT: &str = "InvalidInput";

    /// The function's answer has no JSON form, such as a map whose keys are not text.
    pub const INVALID_OUTPUT: &str = "InvalidOutput";

    /// A failure named `error`. Text beyond the contract's bounds, 256 and 32,768
    /// characters, is cut off.
    pub fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            error: cut(error.into(), ERROR_CHARS_MAX),
            cause: cut(cause.into(), CAUSE_CHARS_MAX),
        }
    }

    /// The name that Retriers and Catchers match.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// What happened, for people.
    pub fn cause(&self) -> &str {
        &self.cause
    }

    /// Error and cause, given away.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn into_parts(self) -> (String, String) {
        (self.error, self.cause)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error, self.cause)
    }
}

/// A task's own error type, each of whose variants has a name for the state machine:
/// `?` then turns it into a [`Failure`], with its `Display` text as the cause.
///
/// ```
/// use stepwell_task::{Failure, NamedError};
///
/// enum ChargeError {
///     Declined { code: u16 },
/// }
///
/// impl NamedError for ChargeError {
///     fn name(&self) -> &str {
///         match self {
///             Self::Declined { .. } => "CardDeclined",
///         }
///     }
/// }
///
/// impl std::fmt::Display for ChargeError {
///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
///         match self {
///             Self::Declined { code } => write!(f, "the bank answered {code}"),
///         }
///     }
/// }
///
/// let failure = Failure::from(ChargeError::Declined { code: 51 });
/// assert_eq!(failure.to_string(), "CardDeclined: the bank answered 51");
/// ```
pub trait NamedError: fmt::Display {
    /// The error name, 1 to 256 characters, as the definition's `ErrorEquals` has it.
    fn name(&self) -> &str;
}

impl<E: NamedError> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error.name(), error.to_string())
    }
}

fn cut(mut text: String, chars_max: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars_max) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_beyond_the_contract_is_cut_between_characters() {
        let failure = Failure::new("é".repeat(300), "ü".repeat(40_000));
        assert_eq!(failure.error(), "é".repeat(256));
        assert_eq!(failure.cause().chars().count(), 32_768);
        assert_eq!(Failure::new("A", "b").to_string(), "A: b");
    }
}
