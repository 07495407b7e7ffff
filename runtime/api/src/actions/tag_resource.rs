//! TagResource: a key that is there gets the new value.

use serde_json::{Value, json};

use super::settings;
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn tag_resource(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("resourceArn", &ARN);
    let tags = settings::tags(&mut request);
    if tags.is_none() {
        request.missing("tags");
    }
    request.finish()?;
    let tags = tags.unwrap_or_default();
    api.change_tags(&arn, |standing| tags.merged_into(standing))
        .await?;
    Ok(json!({}))
}
