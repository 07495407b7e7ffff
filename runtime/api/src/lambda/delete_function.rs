//! DeleteFunction: a function with all it has, or one version. Executions that run keep what
//! they started.

use super::{Lambda, LambdaAnswer, named, refusal};
use crate::registry::{Change, Function, LATEST};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn delete_function(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read_qualified(&mut request);
    request.finish()?;
    let name = wanted.of("DeleteFunction", caller)?;
    let arn = name.arn();
    let change = |standing: Option<&Function>| {
        let function = standing.ok_or_else(|| refusal::no_such_function(&arn))?;
        let change = match name.qualifier.as_deref() {
            None => Change::Delete,
            Some(qualifier) => without_version(function, qualifier)?,
        };
        Ok((change, ()))
    };
    lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::empty(204))
}

/// What is left when a version goes; one that is gone already changes nothing.
fn without_version(function: &Function, qualifier: &str) -> Result<Change<Function>, ApiError> {
    if qualifier == LATEST {
        return Err(refusal::invalid(
            "$LATEST version cannot be deleted without deleting the function.",
        ));
    }
    let Ok(number) = qualifier.parse() else {
        return Err(refusal::invalid(
            "Deletion of aliases is not currently supported.",
        ));
    };
    let aliases: Vec<&str> = function.aliases_of(number).collect();
    if !aliases.is_empty() {
        return Err(refusal::conflict(format!(
            "Unable to delete version because the following aliases reference it: [{}]",
            aliases.join(", ")
        )));
    }
    let mut function = function.clone();
    Ok(match function.versions.remove(&number) {
        Some(_) => Change::Put(function),
        None => Change::Keep,
    })
}
