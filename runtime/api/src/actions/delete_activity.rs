//! DeleteActivity: deleting what is not there is no error.

use serde_json::{Value, json};

use crate::arn::Arn;
use crate::registry::{Activity, Change};
use crate::request::{ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn delete_activity(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("activityArn", &ARN);
    request.finish()?;
    let arn = Arn::of(&arn, &["activity"])?;
    let change = |standing: Option<&Activity>| match standing {
        Some(_) => Ok((Change::Delete, ())),
        None => Ok((Change::Keep, ())),
    };
    api.registry.activities.change(arn.text, change).await?;
    Ok(json!({}))
}
