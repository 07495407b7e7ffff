//! ListTagsForResource.

use serde_json::{Value, json};

use super::tags;
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_tags_for_resource(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("resourceArn", &ARN);
    request.finish()?;
    Ok(json!({ "tags": tags::to_aws(&api.tags(&arn)?) }))
}
