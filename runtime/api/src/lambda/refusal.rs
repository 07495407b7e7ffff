//! What Lambda refuses with: its exceptions, in its words.
//!
//! Source: AWS, the service model of `lambda`, 2015-03-31; messages as its service answers them.

use serde_json::{Value, json};

use super::LambdaAnswer;
use crate::ApiError;

/// `InvalidParameterValueException`
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterValueException", message)
}

/// `ResourceNotFoundException` of a function or a version.
pub(super) fn no_such_function(arn: &str) -> ApiError {
    let message = format!("Function not found: {arn}");
    ApiError::new("ResourceNotFoundException", message)
}

/// `ResourceNotFoundException` of an alias.
pub(super) fn no_such_alias(arn: &str) -> ApiError {
    let message = format!("Cannot find alias arn: {arn}");
    ApiError::new("ResourceNotFoundException", message)
}

/// `ResourceConflictException`
pub(super) fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::new("ResourceConflictException", message)
}

/// Who says which revision is to be changed must say the last.
///
/// # Errors
/// `PreconditionFailedException`
pub(super) fn check_revision(given: Option<&str>, standing: &str) -> Result<(), ApiError> {
    let message = "The Revision Id provided does not match the latest Revision Id. Call the \
                   GetFunction/GetAlias API to retrieve the latest Revision Id";
    match given {
        Some(given) if !given.is_empty() && given != standing => {
            Err(ApiError::new("PreconditionFailedException", message))
        }
        _ => Ok(()),
    }
}

/// `TooManyRequestsException`
pub(super) fn too_many() -> ApiError {
    ApiError {
        reason: Some("ConcurrentInvocationLimitExceeded"),
        ..ApiError::new("TooManyRequestsException", "Rate Exceeded.")
    }
}

/// `UnknownOperationException`
pub(super) fn unknown_operation(name: &str) -> ApiError {
    let message = format!("Lambda's API has no operation {name:?} here");
    ApiError::new("UnknownOperationException", message)
}

/// A refusal as it is answered.
pub(super) fn answer(error: &ApiError) -> LambdaAnswer {
    let name = match error.name {
        "InternalFailure" => "ServiceException",
        "InvalidToken" => "InvalidParameterValueException",
        name => name,
    };
    LambdaAnswer {
        status: status(name),
        headers: vec![("x-amzn-ErrorType", name.to_owned())],
        body: body(name, error).to_string().into(),
    }
}

/// The HTTP status that Lambda's model gives the exception.
fn status(name: &str) -> u16 {
    match name {
        "AccessDeniedException" => 403,
        "ResourceNotFoundException" | "UnknownOperationException" => 404,
        "ResourceConflictException" => 409,
        "PreconditionFailedException" => 412,
        "RequestEntityTooLargeException" | "RequestTooLargeException" => 413,
        "TooManyRequestsException" => 429,
        "ServiceException" => 500,
        _ => 400,
    }
}

/// `Type` and the message, under the name that the exception's shape has for it.
fn body(name: &str, error: &ApiError) -> Value {
    let kind = match name {
        "ServiceException" => "Service",
        _ => "User",
    };
    let message = match name {
        "ResourceNotFoundException" | "ServiceException" | "AccessDeniedException" => "Message",
        _ => "message",
    };
    let mut body = json!({ "Type": kind, message: error.message });
    if let Some(reason) = error.reason {
        body["Reason"] = reason.into();
    }
    body
}
