//! UpdateFunctionCode: another module for `$LATEST`.

use super::shape::ANY;
use super::{Lambda, LambdaAnswer, code, configuration, named, refusal};
use crate::registry::{Change, Configuration, Function};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn update_function_code(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let source = code::read(&mut request);
    let architectures = request.given("Architectures");
    let publish = request.boolean("Publish").unwrap_or_default();
    let dry_run = request.boolean("DryRun").unwrap_or_default();
    let revision_id = request.optional("RevisionId", &ANY);
    request.finish()?;

    let arn = wanted.whole("UpdateFunctionCode", caller)?.arn();
    let missing = || refusal::no_such_function(&arn);
    // Asked before anything is compiled, and again when it is written.
    lambda.functions.get(&arn)?.ok_or_else(missing)?;
    let code = source.prepare(lambda).await?;
    let (now, new_revision, version_revision) = (lambda.now(), lambda.uuid(), lambda.uuid());
    let change = |standing: Option<&Function>| {
        let standing = standing.ok_or_else(missing)?;
        refusal::check_revision(revision_id.as_deref(), &standing.latest.revision_id)?;
        let mut function = standing.clone();
        function.latest = Configuration {
            revision_id: new_revision.clone(),
            modified_at: now,
            code: code.clone(),
            ..function.latest
        };
        if let Some(architectures) = &architectures {
            let told = &mut function.latest.settings.told;
            told.insert("Architectures".into(), architectures.clone());
        }
        if dry_run {
            return Ok((Change::Keep, configuration::latest(&function)));
        }
        let answer = match publish {
            true => {
                let number = function.publish(None, version_revision.clone());
                configuration::version(&function, number)
            }
            false => configuration::latest(&function),
        };
        Ok((Change::Put(function), answer))
    };
    let answer = lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::json(200, &answer))
}
