//! ListActivities: by name.

use serde_json::{Value, json};

use crate::paging::Paging;
use crate::protocol::seconds;
use crate::registry::Activity;
use crate::request::{PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_activities(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let max = request.integer("maxResults", &PAGE_SIZE);
    let token = request.optional("nextToken", &PAGE_TOKEN);
    request.finish()?;
    let prefix = caller.place.activity("");
    let paging = Paging::read(prefix.clone(), max, token.as_deref(), api.now())?;
    let after = paging.after.as_deref();
    let mut found = api
        .registry
        .activities
        .list(&prefix, after, paging.limit + 1)?;
    let next = paging.cut(&mut found, |activity| activity.arn.clone());
    let listed: Vec<Value> = found.iter().map(listed).collect();
    let mut answer = json!({ "activities": listed });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

fn listed(activity: &Activity) -> Value {
    json!({
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": seconds(activity.created_at),
    })
}
