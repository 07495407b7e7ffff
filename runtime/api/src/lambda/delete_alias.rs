//! DeleteAlias: one that is gone already is no error, as on AWS.

use super::shape::ALIAS;
use super::{Lambda, LambdaAnswer, named, refusal};
use crate::registry::{Change, Function};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn delete_alias(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let name = request.required("Name", &ALIAS);
    request.finish()?;
    let arn = wanted.whole("DeleteAlias", caller)?.arn();
    let change = |standing: Option<&Function>| {
        let standing = standing.ok_or_else(|| refusal::no_such_function(&arn))?;
        let mut function = standing.clone();
        let change = match function.aliases.remove(&name) {
            Some(_) => Change::Put(function),
            None => Change::Keep,
        };
        Ok((change, ()))
    };
    lambda.functions.0.change(&arn, change).await?;
    Ok(LambdaAnswer::empty(204))
}
