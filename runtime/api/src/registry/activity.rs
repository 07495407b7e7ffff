//! An activity as it is kept.

use asl::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Encryption, Registry, Tags};

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
}
