//! An activity as it is kept.

use asl::Timestamp;
use engine::{NoTarget, StartTarget, StartedAs};
use serde::{Deserialize, Serialize};

use super::{Encryption, Registry, Tags};
use crate::ApiError;

/// An activity: a queue that workers ask for Tasks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Activity {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    #[serde(default)]
    pub(crate) encryption: Encryption,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// What the engine looks up.
impl engine::Directory for Registry {
    fn has_activity(&self, arn: &str) -> bool {
        match self.activities.get(arn) {
            Ok(found) => found.is_some(),
            Err(error) => {
                tracing::error!(%error, arn, "whether the activity exists is unknown");
                false
            }
        }
    }

    fn target(&self, arn: &str, draw: u64) -> Result<StartTarget, NoTarget> {
        let refused = |error: ApiError| NoTarget {
            error: error.name.to_owned(),
            message: error.message,
        };
        let target = Registry::target(self, arn, draw).map_err(refused)?;
        let settings = &target.revision.settings;
        Ok(StartTarget {
            place: crate::arn::place(&target.machine.arn),
            name: target.machine.name.clone(),
            kind: target.machine.kind,
            role_arn: settings.role_arn.as_str().into(),
            definition: self.definition(&settings.definition).map_err(refused)?,
            started_as: StartedAs {
                version_arn: target.version_arn,
                alias_arn: target.alias_arn,
                ..StartedAs::default()
            },
        })
    }
}
