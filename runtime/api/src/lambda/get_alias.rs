//! GetAlias: where an alias leads.

use super::shape::ALIAS;
use super::{Lambda, LambdaAnswer, alias, named, refusal};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn get_alias(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let name = request.required("Name", &ALIAS);
    request.finish()?;
    let function = lambda.function(&wanted.whole("GetAlias", caller)?)?;
    let missing = || refusal::no_such_alias(&function.qualified(&name));
    let found = function.aliases.get(&name).ok_or_else(missing)?;
    Ok(LambdaAnswer::json(
        200,
        &alias::told(&function, &name, found),
    ))
}
