//! What an operation refuses with: AWS's exception names, messages and statuses. The one place
//! where an error of ours becomes an exception of AWS's.

use asl::arn::ExecutionArn;
use serde_json::{Value, json};

use crate::Answer;

/// A refusal, as the client is told it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct ApiError {
    /// AWS's exception name, such as `StateMachineDoesNotExist`.
    pub name: &'static str,
    /// AWS's sentence.
    pub message: String,
    /// `reason`, which some ValidationExceptions have beside the message.
    pub reason: Option<&'static str>,
    /// `resourceName`, which exceptions of resources have beside the message.
    pub resource: Option<String>,
}

impl ApiError {
    /// A refusal of this name.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            reason: None,
            resource: None,
        }
    }

    /// A refusal in the form that most of them have: `Invalid Arn: '…'`.
    fn quoted(name: &'static str, words: &str, what: &str) -> Self {
        Self::new(name, format!("{words}: '{what}'"))
    }

    /// `ValidationException`
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// `InvalidArn`
    pub(crate) fn invalid_arn(why: impl AsRef<str>) -> Self {
        Self::quoted("InvalidArn", "Invalid Arn", why.as_ref())
    }

    /// `InvalidName`
    pub(crate) fn invalid_name(name: &str) -> Self {
        Self::quoted("InvalidName", "Invalid Name", name)
    }

    /// `InvalidToken`
    pub(crate) fn invalid_token() -> Self {
        Self::quoted("InvalidToken", "Invalid Token", "Invalid token")
    }

    /// `StateMachineDoesNotExist`
    pub(crate) fn no_such_machine(arn: &str) -> Self {
        Self::quoted(
            "StateMachineDoesNotExist",
            "State Machine Does Not Exist",
            arn,
        )
    }

    /// `StateMachineTypeNotSupported`
    pub(crate) fn type_not_supported() -> Self {
        let message = "This operation is not supported by this type of state machine";
        Self::new("StateMachineTypeNotSupported", message)
    }

    /// `ExecutionDoesNotExist`
    pub(crate) fn no_such_execution(arn: &str) -> Self {
        Self::quoted("ExecutionDoesNotExist", "Execution Does Not Exist", arn)
    }

    /// `ExecutionAlreadyExists`
    pub(crate) fn execution_exists(arn: &ExecutionArn) -> Self {
        let (name, words) = ("ExecutionAlreadyExists", "Execution Already Exists");
        Self::quoted(name, words, arn.as_str())
    }

    /// `ActivityDoesNotExist`
    pub(crate) fn no_such_activity(arn: &str) -> Self {
        Self::quoted("ActivityDoesNotExist", "Activity Does Not Exist", arn)
    }

    /// `ResourceNotFound`, as aliases answer it.
    pub(crate) fn no_such_resource() -> Self {
        let message = "Request references a resource that does not exist.";
        Self::new("ResourceNotFound", message)
    }

    /// `ResourceNotFound`, as tags and Map Runs answer it.
    pub(crate) fn resource_not_found(arn: &str) -> Self {
        Self {
            resource: Some(arn.to_owned()),
            ..Self::quoted("ResourceNotFound", "Resource not found", arn)
        }
    }

    /// `ConflictException`
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new("ConflictException", message)
    }

    /// `SerializationException`: the body is not what the protocol says.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// `InternalFailure`: ours, never the caller's. What went wrong is logged, not told.
    pub(crate) fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "an operation failed");
        let message = "The request processing has failed because of an internal error; the \
                       server's log says more.";
        Self::new("InternalFailure", message)
    }

    /// `UnknownOperationException`
    pub fn unknown_operation(name: &str) -> Self {
        let message = format!("Step Functions has no operation {name:?}");
        Self::new("UnknownOperationException", message)
    }

    /// The refusal as an answer.
    pub fn answer(&self) -> Answer {
        Answer {
            status: self.status(),
            body: self.body(),
        }
    }

    /// The HTTP status that AWS's model gives the exception.
    pub fn status(&self) -> u16 {
        match self.name {
            "ConflictException" => 409,
            "ServiceQuotaExceededException" => 402,
            "UnknownOperationException" => 404,
            "RequestTimeoutException" => 408,
            "RequestEntityTooLargeException" => 413,
            "InternalFailure" => 500,
            "ServiceUnavailable" => 503,
            _ => 400,
        }
    }

    /// The answer's body.
    pub fn body(&self) -> Value {
        let mut body = json!({ "__type": self.name, "message": self.message });
        if let Some(reason) = self.reason {
            body["reason"] = reason.into();
        }
        if let Some(resource) = &self.resource {
            body["resourceName"] = resource.as_str().into();
        }
        body
    }
}

impl From<journal::Error> for ApiError {
    fn from(error: journal::Error) -> Self {
        match error {
            journal::Error::NoSuchExecution(arn) => Self::no_such_execution(arn.as_str()),
            journal::Error::BadPageToken(_) => Self::invalid_token(),
            other => Self::internal(&other),
        }
    }
}

impl From<engine::Error> for ApiError {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Journal(error) => error.into(),
            other => Self::internal(&other),
        }
    }
}
