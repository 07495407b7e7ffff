//! GetFunctionConfiguration: what a version is.

use super::{Lambda, LambdaAnswer, named};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn get_function_configuration(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read_qualified(&mut request);
    request.finish()?;
    let name = wanted.of("GetFunctionConfiguration", caller)?;
    let (_, configuration) = lambda.configuration(&name)?;
    Ok(LambdaAnswer::json(200, &configuration))
}
