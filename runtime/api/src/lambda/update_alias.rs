//! UpdateAlias: where an alias leads from now on.

use super::alias::{self, check_version};
use super::shape::{ALIAS, ANY, DESCRIPTION, VERSION};
use super::{Lambda, LambdaAnswer, named, refusal};
use crate::registry::{Change, Function};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn update_alias(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let name = request.required("Name", &ALIAS);
    let version = request.optional("FunctionVersion", &VERSION);
    let description = request.optional("Description", &DESCRIPTION);
    let weights = alias::weights(&mut request);
    let revision_id = request.optional("RevisionId", &ANY);
    request.finish()?;

    let arn = wanted.whole("UpdateAlias", caller)?.arn();
    let new_revision = lambda.uuid();
    let change = |standing: Option<&Function>| {
        let mut function = standing
            .ok_or_else(|| refusal::no_such_function(&arn))?
            .clone();
        let missing = || refusal::no_such_alias(&format!("{arn}:{name}"));
        let mut alias = function.aliases.get(&name).ok_or_else(missing)?.clone();
        refusal::check_revision(revision_id.as_deref(), &alias.revision_id)?;
        if let Some(version) = &version {
            check_version(version, &function)?;
            alias.version = version.clone();
        }
        if let Some(weights) = &weights {
            alias.other = weights.checked(&alias.version, &function)?;
        }
        if let Some(description) = &description {
            alias.description = description.clone();
        }
        alias.revision_id = new_revision.clone();
        let answer = alias::told(&function, &name, &alias);
        function.aliases.insert(name.clone(), alias);
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(200, &answer))
}
