//! GetFunction: a version's configuration, and where its code is.

use serde_json::json;

use super::{Lambda, LambdaAnswer, named};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn get_function(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read_qualified(&mut request);
    request.finish()?;
    let name = wanted.of("GetFunction", caller)?;
    let (function, configuration) = lambda.configuration(&name)?;
    // No `Location`: that is an address that anyone may load the code from, for ten minutes.
    let mut answer = json!({
        "Configuration": configuration,
        "Code": { "RepositoryType": "Stepwell" },
    });
    if !function.tags.is_empty() {
        answer["Tags"] = json!(function.tags);
    }
    Ok(LambdaAnswer::json(200, &answer))
}
