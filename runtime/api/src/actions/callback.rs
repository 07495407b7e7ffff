//! Why a callback is refused, in AWS's words.

use engine::CallbackError;

use crate::ApiError;

/// `InvalidToken`, `TaskDoesNotExist` or `TaskTimedOut`.
pub(super) fn refused(error: CallbackError) -> ApiError {
    match error {
        CallbackError::Invalid => ApiError::invalid_token(),
        CallbackError::DoesNotExist => ApiError::new(
            "TaskDoesNotExist",
            "Task does not exist: 'Provided task does not exist'",
        ),
        CallbackError::TimedOut => ApiError::new(
            "TaskTimedOut",
            "Task Timed Out: 'Provided task does not exist anymore'",
        ),
        CallbackError::Engine(error) => error.into(),
    }
}
