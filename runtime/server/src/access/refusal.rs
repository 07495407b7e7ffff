//! AWS's words for requests that are not let in.
//!
//! Source: the answers of AWS's services that speak JSON 1.0; the API reference, "Common
//! Errors".

use api::{ApiError, Role};

pub(super) fn missing_token() -> ApiError {
    let message = "Missing Authentication Token";
    ApiError::new("MissingAuthenticationTokenException", message)
}

pub(super) fn incomplete(message: impl Into<String>) -> ApiError {
    ApiError::new("IncompleteSignatureException", message)
}

pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidSignatureException", message)
}

pub(super) fn mismatch() -> ApiError {
    invalid(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method. Consult the service documentation for \
         details.",
    )
}

pub(super) fn unknown_key() -> ApiError {
    let message = "The security token included in the request is invalid.";
    ApiError::new("UnrecognizedClientException", message)
}

/// `action` is such as `states:StartExecution`; `needed` is the least role that may.
pub(super) fn denied(user_arn: &str, action: &str, resource: &str, needed: Role) -> ApiError {
    let message = format!(
        "User: {user_arn} is not authorized to perform: {action} on resource: {resource} because \
         no identity-based policy allows the {action} action (it takes the role {needed})"
    );
    ApiError::new("AccessDeniedException", message)
}
