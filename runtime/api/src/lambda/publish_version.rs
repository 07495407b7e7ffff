//! PublishVersion: what `$LATEST` is, under a number that stays.

use super::shape::{ANY, DESCRIPTION};
use super::{Lambda, LambdaAnswer, configuration, named, refusal};
use crate::registry::{Change, Function};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn publish_version(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let sha256 = request.optional("CodeSha256", &ANY);
    let description = request.optional("Description", &DESCRIPTION);
    let revision_id = request.optional("RevisionId", &ANY);
    request.finish()?;

    let arn = wanted.whole("PublishVersion", caller)?.arn();
    let version_revision = lambda.uuid();
    let change = |standing: Option<&Function>| {
        let standing = standing.ok_or_else(|| refusal::no_such_function(&arn))?;
        refusal::check_revision(revision_id.as_deref(), &standing.latest.revision_id)?;
        check_sha256(sha256.as_deref(), &standing.latest.code.package_sha256)?;
        let mut function = standing.clone();
        let number = function.publish(description.clone(), version_revision.clone());
        let answer = configuration::version(&function, number);
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(201, &answer))
}

fn check_sha256(given: Option<&str>, standing: &str) -> Result<(), ApiError> {
    match given {
        Some(given) if !given.is_empty() && given != standing => Err(refusal::invalid(format!(
            "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({standing}). \
             Please try again with the CodeSHA256 in $LATEST."
        ))),
        _ => Ok(()),
    }
}
