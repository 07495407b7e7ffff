//! DescribeActivity.

use serde_json::{Value, json};

use crate::arn::Arn;
use crate::protocol::seconds;
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_activity(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("activityArn", &ARN);
    request.finish()?;
    let arn = Arn::of(&arn, &["activity"])?;
    let found = api.registry.activities.get(arn.text)?;
    let activity = found.ok_or_else(|| ApiError::no_such_activity(arn.text))?;
    Ok(json!({
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": seconds(activity.created_at),
        "encryptionConfiguration": activity.encryption.to_aws(),
    }))
}
