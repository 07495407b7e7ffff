//! UpdateFunctionConfiguration: other settings for `$LATEST`.

use super::shape::ANY;
use super::{Lambda, LambdaAnswer, configuration, named, refusal, settings};
use crate::registry::{Change, Configuration, Function};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn update_function_configuration(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let given = settings::read(&mut request);
    let revision_id = request.optional("RevisionId", &ANY);
    request.finish()?;

    let arn = wanted.whole("UpdateFunctionConfiguration", caller)?.arn();
    given.check(lambda)?;
    let (now, new_revision) = (lambda.now(), lambda.uuid());
    let change = |standing: Option<&Function>| {
        let standing = standing.ok_or_else(|| refusal::no_such_function(&arn))?;
        refusal::check_revision(revision_id.as_deref(), &standing.latest.revision_id)?;
        let mut function = standing.clone();
        function.latest = Configuration {
            revision_id: new_revision.clone(),
            modified_at: now,
            settings: given.clone().merged_into(&standing.latest.settings),
            ..function.latest
        };
        let answer = configuration::latest(&function);
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(200, &answer))
}
