//! The function that a request names, and whether its caller may mean it.

use engine::FunctionName;

use super::refusal;
use super::shape::{FUNCTION_NAME, QUALIFIER};
use crate::request::Request;
use crate::{ApiError, Caller};

/// A function's own name, at most. Source: AWS, the `FunctionName` parameter.
const NAME_CHARS_MAX: usize = 64;

/// A function as a request names it, read but not looked at.
#[derive(Debug)]
pub(super) struct Wanted {
    written: String,
    qualifier: Option<String>,
}

/// Reads `FunctionName`.
pub(super) fn read(request: &mut Request) -> Wanted {
    Wanted {
        written: request.required("FunctionName", &FUNCTION_NAME),
        qualifier: None,
    }
}

/// Reads `FunctionName` and `Qualifier`.
pub(super) fn read_qualified(request: &mut Request) -> Wanted {
    Wanted {
        written: request.required("FunctionName", &FUNCTION_NAME),
        qualifier: request.optional("Qualifier", &QUALIFIER),
    }
}

impl Wanted {
    /// The function, if it is the caller's.
    ///
    /// # Errors
    /// `ValidationException`, `InvalidParameterValueException`, `ResourceNotFoundException`,
    /// `AccessDeniedException`.
    pub(super) fn of(self, operation: &str, caller: &Caller) -> Result<FunctionName, ApiError> {
        let mut function = FunctionName::read(&self.written, &caller.place);
        if function.name.len() > NAME_CHARS_MAX {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{}' at 'functionName' failed to satisfy \
                 constraint: Member must have length less than or equal to {NAME_CHARS_MAX}",
                self.written
            )));
        }
        match (&function.qualifier, self.qualifier) {
            (Some(derived), Some(given)) if *derived != given => {
                return Err(refusal::invalid(
                    "The derived qualifier from the function name does not match the specified \
                     qualifier.",
                ));
            }
            (None, Some(given)) => function.qualifier = Some(given),
            _ => {}
        }
        check_place(&function, operation, caller)?;
        Ok(function)
    }

    /// The function, for an operation on the whole of it.
    ///
    /// # Errors
    /// As [`of`](Self::of); a qualifier other than `$LATEST` is refused.
    pub(super) fn whole(self, operation: &str, caller: &Caller) -> Result<FunctionName, ApiError> {
        let function = self.of(operation, caller)?;
        match function.qualifier.as_deref() {
            None | Some("$LATEST") => Ok(FunctionName {
                qualifier: None,
                ..function
            }),
            Some(_) => Err(refusal::invalid(format!(
                "{operation} is for a function, not for one of its versions or aliases: {}",
                function.qualified_arn()
            ))),
        }
    }
}

fn check_place(function: &FunctionName, operation: &str, caller: &Caller) -> Result<(), ApiError> {
    let (theirs, ours) = (&function.place, &caller.place);
    if theirs.account_id != ours.account_id {
        return Err(ApiError::new(
            "AccessDeniedException",
            format!(
                "User: arn:aws:iam::{}:root is not authorized to perform: lambda:{operation} on \
                 resource: {} because no resource-based policy allows the lambda:{operation} \
                 action",
                ours.account_id,
                function.qualified_arn()
            ),
        ));
    }
    if theirs.region != ours.region {
        return Err(ApiError::new(
            "ResourceNotFoundException",
            format!(
                "Functions from '{}' are not reachable in this region ('{}')",
                theirs.region, ours.region
            ),
        ));
    }
    Ok(())
}
