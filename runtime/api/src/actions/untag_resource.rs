//! UntagResource: a key that is not there is no error.

use serde_json::{Value, json};

use crate::registry::Tags;
use crate::request::{ARN, Request, TAG_KEY, UNBOUNDED};
use crate::{Api, ApiError, Caller};

pub(crate) async fn untag_resource(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("resourceArn", &ARN);
    let keys = request.texts("tagKeys", &UNBOUNDED, &TAG_KEY);
    if keys.is_none() {
        request.missing("tagKeys");
    }
    request.finish()?;
    let keys = keys.unwrap_or_default();
    let without = |standing: &Tags| {
        let mut tags = standing.clone();
        tags.retain(|key, _| !keys.contains(key));
        Ok(tags)
    };
    api.change_tags(&arn, without).await?;
    Ok(json!({}))
}
