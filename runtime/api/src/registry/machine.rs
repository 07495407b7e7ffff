//! A state machine as it is kept: what it is now, its versions, aliases and tags, in one
//! document, so that each change is whole.

use std::collections::BTreeMap;

use asl::Timestamp;
use asl::interpreter::Kind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Tags by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// A state machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// Deleted, but some of its executions still run.
    #[serde(default)]
    pub(crate) deleting: bool,
    /// What new executions run.
    pub(crate) current: Revision,
    /// Those that are there, by number.
    #[serde(default)]
    pub(crate) versions: BTreeMap<u64, Version>,
    /// The number of the newest version there ever was: none is used twice.
    #[serde(default)]
    pub(crate) versions_made: u64,
    /// By name.
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, Alias>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// What a state machine is at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Revision {
    /// AWS's `revisionId`; the first revision has none.
    pub(crate) id: Option<String>,
    #[serde(flatten)]
    pub(crate) settings: Settings,
}

/// What an update may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The digest of the definition.
    pub(crate) definition: String,
    pub(crate) role_arn: String,
    #[serde(default)]
    pub(crate) logging: Logging,
    #[serde(default)]
    pub(crate) tracing: bool,
    #[serde(default)]
    pub(crate) encryption: Encryption,
}

/// A revision that was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) revision: Revision,
    pub(crate) description: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// A name for one version or two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) description: Option<String>,
    pub(crate) routes: Vec<Route>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Where an alias leads, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) version: u64,
    /// In percent; those of an alias add up to 100.
    pub(crate) weight: u8,
}

/// `loggingConfiguration`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logging {
    pub(crate) level: String,
    pub(crate) include_execution_data: bool,
    /// The ARNs of log groups; none is not the same as an empty list, as recorded.
    pub(crate) destinations: Option<Vec<String>>,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            level: "OFF".into(),
            include_execution_data: false,
            destinations: None,
        }
    }
}

impl Logging {
    pub(crate) fn to_aws(&self) -> Value {
        let mut answer = json!({
            "level": self.level,
            "includeExecutionData": self.include_execution_data,
        });
        if let Some(destinations) = &self.destinations {
            let all = destinations
                .iter()
                .map(|arn| json!({ "cloudWatchLogsLogGroup": { "logGroupArn": arn } }));
            answer["destinations"] = all.collect();
        }
        answer
    }
}

/// `encryptionConfiguration`: taken and told; what is kept here is encrypted, if at all, by
/// the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Encryption {
    pub(crate) kind: String,
    pub(crate) key_id: Option<String>,
    pub(crate) reuse_seconds: Option<i64>,
}

impl Default for Encryption {
    fn default() -> Self {
        Self {
            kind: "AWS_OWNED_KEY".into(),
            key_id: None,
            reuse_seconds: None,
        }
    }
}

impl Encryption {
    pub(crate) fn to_aws(&self) -> Value {
        let mut answer = json!({ "type": self.kind });
        if let Some(key_id) = &self.key_id {
            answer["kmsKeyId"] = key_id.as_str().into();
        }
        if let Some(seconds) = self.reuse_seconds {
            answer["kmsDataKeyReusePeriodSeconds"] = seconds.into();
        }
        answer
    }
}

impl Machine {
    /// The ARN of this version or alias.
    pub(crate) fn qualified(&self, qualifier: impl std::fmt::Display) -> String {
        format!("{}:{qualifier}", self.arn)
    }

    /// The version that is what the machine is now: the newest, if any.
    pub(crate) fn published(&self) -> Option<u64> {
        let newest = self.versions.last_key_value();
        let published = newest.filter(|(_, version)| version.revision == self.current);
        published.map(|(number, _)| *number)
    }

    /// Publishes what the machine is now, unless that is done.
    pub(crate) fn publish(&mut self, description: Option<String>, now: Timestamp) -> u64 {
        if let Some(number) = self.published() {
            return number;
        }
        self.versions_made += 1;
        let version = Version {
            revision: self.current.clone(),
            description,
            created_at: now,
        };
        self.versions.insert(self.versions_made, version);
        self.versions_made
    }

    /// The aliases that lead to this version.
    pub(crate) fn aliases_of(&self, version: u64) -> impl Iterator<Item = &str> {
        let leads = move |alias: &Alias| alias.routes.iter().any(|route| route.version == version);
        let leading = self.aliases.iter().filter(move |(_, alias)| leads(alias));
        leading.map(|(name, _)| name.as_str())
    }
}

impl Alias {
    /// The version that this start is led to; `draw` is any number.
    pub(crate) fn choose(&self, draw: u64) -> u64 {
        let point = u8::try_from(draw % 100).expect("less than 100");
        let mut sum = 0;
        for route in &self.routes {
            sum += route.weight;
            if point < sum {
                return route.version;
            }
        }
        self.routes.last().map_or(0, |route| route.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_leads_by_weight() {
        let route = |version, weight| Route { version, weight };
        let alias = Alias {
            description: None,
            routes: vec![route(1, 90), route(2, 10)],
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        let second = (0..1000).filter(|draw| alias.choose(*draw) == 2).count();
        assert_eq!(second, 100);
    }
}
