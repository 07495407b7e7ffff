//! Tags of state machines and activities: where they are kept.

use serde_json::{Value, json};

use crate::arn::{Arn, MachineArn};
use crate::registry::{Activity, Change, Machine, Tags};
use crate::{Api, ApiError};

/// What a list of tags looks like.
pub(super) fn to_aws(tags: &Tags) -> Value {
    let all = tags
        .iter()
        .map(|(key, value)| json!({ "key": key, "value": value }));
    all.collect()
}

/// The resource whose tags are meant.
enum Resource<'a> {
    Machine(&'a str),
    Activity(&'a str),
}

fn resource(arn: &str) -> Result<Resource<'_>, ApiError> {
    let found = Arn::of(arn, &["stateMachine", "activity"])?;
    match found.kind {
        "activity" => Ok(Resource::Activity(found.text)),
        _ => match MachineArn::read(arn)? {
            MachineArn {
                qualifier: None, ..
            } => Ok(Resource::Machine(found.text)),
            // Versions and aliases have no tags, not even none.
            _ => Err(ApiError::resource_not_found(arn)),
        },
    }
}

impl Api {
    /// The tags of a resource.
    ///
    /// # Errors
    /// `InvalidArn`, `ResourceNotFound`.
    pub(super) fn tags(&self, arn: &str) -> Result<Tags, ApiError> {
        let tags = match resource(arn)? {
            Resource::Machine(arn) => {
                let machine = self.registry.machines.get(arn)?;
                machine.map(|machine| machine.tags.clone())
            }
            Resource::Activity(arn) => {
                let activity = self.registry.activities.get(arn)?;
                activity.map(|activity| activity.tags.clone())
            }
        };
        tags.ok_or_else(|| ApiError::resource_not_found(arn))
    }

    /// Changes the tags of a resource.
    ///
    /// # Errors
    /// `InvalidArn`, `ResourceNotFound`, and what `change` refuses with.
    pub(super) async fn change_tags(
        &self,
        arn: &str,
        change: impl Fn(&Tags) -> Result<Tags, ApiError>,
    ) -> Result<(), ApiError> {
        let missing = || ApiError::resource_not_found(arn);
        match resource(arn)? {
            Resource::Machine(arn) => {
                let change = |standing: Option<&Machine>| {
                    let mut machine = standing.ok_or_else(missing)?.clone();
                    machine.tags = change(&machine.tags)?;
                    Ok((Change::Put(machine), ()))
                };
                self.registry.machines.change(arn, change).await
            }
            Resource::Activity(arn) => {
                let change = |standing: Option<&Activity>| {
                    let mut activity = standing.ok_or_else(missing)?.clone();
                    activity.tags = change(&activity.tags)?;
                    Ok((Change::Put(activity), ()))
                };
                self.registry.activities.change(arn, change).await
            }
        }
    }
}
