//! A failure: an error name and a cause, as data that Retriers and Catchers match.
//!
//! A failure is part of what the state machine means. It is not an error of ours
//! (a Rust `Err`), and the two never mix.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a failure, such as `States.Timeout` or a Task's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorName(pub String);

/// Declares the error names this runtime itself produces.
macro_rules! names {
    ($($(#[$doc:meta])* $constant:ident = $text:literal;)*) => {
        impl ErrorName {
            $($(#[$doc])* pub const $constant: &'static str = $text;)*
        }
    };
}

names! {
    /// Matches every failure but the two that nothing matches.
    ALL = "States.ALL";
    /// A branch of a Parallel failed without a name of its own.
    BRANCH_FAILED = "States.BranchFailed";
    /// A payload over [`crate::limits::PAYLOAD_BYTES_MAX`].
    DATA_LIMIT_EXCEEDED = "States.DataLimitExceeded";
    /// More items of a Map failed than it tolerates.
    EXCEED_TOLERATED_FAILURE_THRESHOLD = "States.ExceedToleratedFailureThreshold";
    /// No heartbeat within HeartbeatSeconds.
    HEARTBEAT_TIMEOUT = "States.HeartbeatTimeout";
    /// An intrinsic function could not be evaluated.
    INTRINSIC_FAILURE = "States.IntrinsicFailure";
    /// The items of a Map could not be read.
    ITEM_READER_FAILED = "States.ItemReaderFailed";
    /// No rule of a Choice matched and it has no Default.
    NO_CHOICE_MATCHED = "States.NoChoiceMatched";
    /// A path in Parameters, ResultSelector or Assign found nothing.
    PARAMETER_PATH_FAILURE = "States.ParameterPathFailure";
    /// A Task was not allowed to run.
    PERMISSIONS = "States.Permissions";
    /// A JSONata expression failed, or gave nothing or the wrong type.
    QUERY_EVALUATION_ERROR = "States.QueryEvaluationError";
    /// ResultPath cannot be applied to the input.
    RESULT_PATH_MATCH_FAILURE = "States.ResultPathMatchFailure";
    /// The results of a Map could not be written.
    RESULT_WRITER_FAILED = "States.ResultWriterFailed";
    /// The definition and the data do not fit together; never retried nor caught.
    RUNTIME = "States.Runtime";
    /// A Task failed; as a matcher: every failure but a timeout.
    TASK_FAILED = "States.TaskFailed";
    /// A state or the execution ran longer than its TimeoutSeconds.
    TIMEOUT = "States.Timeout";
    /// The guest used all the fuel of its attempt.
    WASM_OUT_OF_FUEL = "Wasm.OutOfFuel";
    /// The guest asked for more memory than its module version may have.
    WASM_OUT_OF_MEMORY = "Wasm.OutOfMemory";
    /// The guest trapped: unreachable, out of bounds, stack overflow, a non-zero exit.
    WASM_TRAP = "Wasm.Trap";
    /// The guest answered something that is not JSON, or more than it may.
    WASM_INVALID_OUTPUT = "Wasm.InvalidOutput";
    /// The host stopped in the middle of an attempt of a module that is not pure.
    TASK_INTERRUPTED = "Stepwell.TaskInterrupted";
    /// A secret or a directory that a module is granted is not there.
    GRANT_UNAVAILABLE = "Stepwell.GrantUnavailable";
    /// No module (or version, or alias) of that name is deployed.
    RESOURCE_NOT_FOUND = "Lambda.ResourceNotFoundException";
}

impl ErrorName {
    /// How names begin that no Task may give itself: the language's, and those by which
    /// the host tells what became of an attempt.
    const RESERVED: [&'static str; 3] = ["States.", "Wasm.", "Stepwell."];

    /// The reserved beginning of a name, when it has one.
    pub fn reserved_prefix(name: &str) -> Option<&'static str> {
        let mut prefixes = Self::RESERVED.into_iter();
        prefixes.find(|prefix| name.starts_with(prefix))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ErrorName {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a Task, a state or an execution failed.
///
/// `error` and `cause` are each absent where AWS leaves them out: a Fail state
/// with neither field, or `States.Timeout`, which has no cause.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The error name, at most [`crate::limits::ERROR_CHARS_MAX`] characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorName>,
    /// What happened, for a person; at most [`crate::limits::CAUSE_CHARS_MAX`] characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Failure {
    /// A failure with a name and a cause.
    pub fn new(error: &str, cause: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            cause: Some(cause.into()),
        }
    }

    /// A failure with a name and no cause.
    pub fn named(error: &str) -> Self {
        Self {
            error: Some(error.into()),
            cause: None,
        }
    }

    /// The error name as text, empty when there is none.
    pub fn error_name(&self) -> &str {
        self.error.as_ref().map_or("", ErrorName::as_str)
    }
}
