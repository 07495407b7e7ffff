//! CreateActivity: idempotent by name.

use serde_json::{Value, json};

use super::settings;
use crate::protocol::seconds;
use crate::registry::{Activity, Change};
use crate::request::{NAME, Request};
use crate::{Api, ApiError, Caller, name};

pub(crate) async fn create_activity(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let activity_name = request.required("name", &NAME);
    let tags = settings::tags(&mut request);
    let encryption = settings::encryption(&mut request);
    request.finish()?;
    name::check(&activity_name)?;
    let encryption = settings::checked_encryption(encryption)?.unwrap_or_default();
    let tags = tags.unwrap_or_default().merged_into(&Default::default())?;
    let arn = caller.place.activity(&activity_name);
    let now = api.now();
    let answer = |activity: &Activity| {
        json!({
            "activityArn": activity.arn,
            "creationDate": seconds(activity.created_at),
        })
    };
    let change = |standing: Option<&Activity>| match standing {
        Some(activity) if activity.encryption == encryption => Ok((Change::Keep, answer(activity))),
        Some(activity) => Err(ApiError::new(
            "ActivityAlreadyExists",
            format!("Activity Already Exists: '{}'", activity.arn),
        )),
        None => {
            api.quotas
                .check_activities(|| api.registry.activities.count())?;
            let activity = Activity {
                arn: arn.clone(),
                name: activity_name.clone(),
                created_at: now,
                encryption: encryption.clone(),
                tags: tags.clone(),
            };
            let answer = answer(&activity);
            Ok((Change::Put(activity), answer))
        }
    };
    api.registry.activities.change(&arn, change).await
}
