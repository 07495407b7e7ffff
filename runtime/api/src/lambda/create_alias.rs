//! CreateAlias: a name for a version, or for two.

use super::alias::{self, check_version};
use super::shape::{ALIAS, DESCRIPTION, VERSION};
use super::{Lambda, LambdaAnswer, named, refusal};
use crate::registry::{Change, Function, FunctionAlias};
use crate::request::Request;
use crate::{ApiError, Caller};

/// Aliases of one function. Ours: AWS bounds none, but one document holds them all.
const ALIASES_MAX: usize = 1_000;

pub(super) async fn create_alias(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let name = request.required("Name", &ALIAS);
    let version = request.required("FunctionVersion", &VERSION);
    let description = request.optional("Description", &DESCRIPTION);
    let weights = alias::weights(&mut request).unwrap_or_default();
    request.finish()?;

    let arn = wanted.whole("CreateAlias", caller)?.arn();
    let revision_id = lambda.uuid();
    let change = |standing: Option<&Function>| {
        let standing = standing.ok_or_else(|| refusal::no_such_function(&arn))?;
        if standing.aliases.contains_key(&name) {
            let taken = standing.qualified(&name);
            return Err(refusal::conflict(format!("Alias already exists: {taken}")));
        }
        check_version(&version, standing)?;
        if standing.aliases.len() >= ALIASES_MAX {
            return Err(ApiError::new(
                "AliasLimitExceededException",
                format!("A function may have {ALIASES_MAX} aliases here"),
            ));
        }
        let alias = FunctionAlias {
            description: description.clone().unwrap_or_default(),
            version: version.clone(),
            other: weights.checked(&version, standing)?,
            revision_id: revision_id.clone(),
        };
        let answer = alias::told(standing, &name, &alias);
        let mut function = standing.clone();
        function.aliases.insert(name.clone(), alias);
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(201, &answer))
}
