//! A function as it is kept: what `$LATEST` is, its versions, aliases and tags, in one
//! document, so that each change is whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Timestamp;
use engine::{FunctionName, Modules, NotDeployed};
use host::{Digest, Grants, Kind, Limits, Module};
use journal::Journal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Shelf, Tags};
use crate::ApiError;

/// The functions of a journal's catalogue, by ARN.
pub struct Functions(pub(crate) Shelf<Function>);

/// A function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Function {
    /// Without a qualifier.
    pub(crate) arn: String,
    pub(crate) name: String,
    /// What `$LATEST` is.
    pub(crate) latest: Configuration,
    /// Those that are there, by number.
    #[serde(default)]
    pub(crate) versions: BTreeMap<u64, Configuration>,
    /// The number of the newest version there ever was: none is used twice.
    #[serde(default)]
    pub(crate) versions_made: u64,
    /// By name.
    #[serde(default)]
    pub(crate) aliases: BTreeMap<String, FunctionAlias>,
    #[serde(default)]
    pub(crate) tags: Tags,
}

/// What a function is in one version: code and settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// AWS's `RevisionId`: another after each change.
    pub(crate) revision_id: String,
    pub(crate) modified_at: Timestamp,
    pub(crate) code: Code,
    pub(crate) settings: FunctionSettings,
    /// The description that this version was published with, over that of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version_description: Option<String>,
}

/// What was uploaded, and what the host found in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) digest: Digest,
    pub(crate) kind: Kind,
    pub(crate) imports: Vec<String>,
    /// `CodeSha256`: of what was uploaded, in base 64.
    pub(crate) package_sha256: String,
    /// `CodeSize`: of what was uploaded.
    pub(crate) package_bytes: u64,
}

/// What UpdateFunctionConfiguration may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionSettings {
    pub(crate) description: String,
    pub(crate) role: String,
    pub(crate) handler: Option<String>,
    pub(crate) runtime: Option<String>,
    pub(crate) memory_mebibytes: u64,
    pub(crate) timeout_seconds: u64,
    /// None: as much as the timeout lets it use.
    pub(crate) fuel_max: Option<u64>,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) further_limits: FurtherLimits,
    /// What it may reach, beside the environment.
    #[serde(default)]
    pub(crate) grants: Grants,
    /// Where the code is from, as who deployed it says; empty when that is not told.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) source: String,
    /// Settings that mean nothing to a sandbox and are told as they were given.
    #[serde(default)]
    pub(crate) told: Map<String, Value>,
}

/// Limits that AWS does not know; none: as [`Limits`] has it by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FurtherLimits {
    pub(crate) table_elements: Option<u64>,
    pub(crate) instances: Option<u64>,
    pub(crate) output_bytes: Option<u64>,
    pub(crate) log_bytes: Option<u64>,
    pub(crate) connections: Option<u64>,
    pub(crate) http_bytes: Option<u64>,
}

impl FurtherLimits {
    fn over(&self, limits: Limits) -> Limits {
        let count = |given: Option<u64>, other: u32| {
            given.map_or(other, |given| u32::try_from(given).unwrap_or(u32::MAX))
        };
        Limits {
            table_elements_max: count(self.table_elements, limits.table_elements_max),
            instances_max: count(self.instances, limits.instances_max),
            output_bytes_max: self.output_bytes.unwrap_or(limits.output_bytes_max),
            log_bytes_max: self.log_bytes.unwrap_or(limits.log_bytes_max),
            connections_max: count(self.connections, limits.connections_max),
            http_bytes_max: self.http_bytes.unwrap_or(limits.http_bytes_max),
            ..limits
        }
    }
}

/// A name for one version, or for two by weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FunctionAlias {
    pub(crate) description: String,
    /// A version's number, or `$LATEST`.
    pub(crate) version: String,
    /// Another version, and how often it is taken, from 0 to 1.
    pub(crate) other: Option<(u64, f64)>,
    pub(crate) revision_id: String,
}

/// Fuel that a second of the timeout stands for where none is set. Ours: more than a second
/// of work takes on the fastest machines, so that the time is what ends an attempt, as its
/// author asked; fuel still bounds it should a clock stand still.
const FUEL_PER_SECOND: u64 = 5_000_000_000;

/// The most memory a module can address, in MiB; a function may be given more, as on AWS.
const MEMORY_MEBIBYTES_MAX: u64 = 4_096;

impl FunctionSettings {
    /// What an attempt may use.
    pub(crate) fn limits(&self) -> Limits {
        let fuel = self.timeout_seconds.saturating_mul(FUEL_PER_SECOND);
        self.further_limits.over(Limits {
            memory_bytes_max: self.memory_mebibytes.min(MEMORY_MEBIBYTES_MAX) << 20,
            fuel_max: self.fuel_max.unwrap_or(fuel),
            timeout: Duration::from_secs(self.timeout_seconds),
            ..Limits::default()
        })
    }

    /// What an attempt may reach.
    fn all_grants(&self) -> Arc<Grants> {
        // Made for each attempt: most have none, and share that.
        if self.environment.is_empty() && self.grants == *Grants::none() {
            return Grants::none();
        }
        Arc::new(Grants {
            environment: self.environment.clone(),
            ..self.grants.clone()
        })
    }
}

impl Configuration {
    /// What is run.
    pub(crate) fn module(&self) -> Module {
        Module {
            digest: self.code.digest.clone(),
            limits: self.settings.limits(),
            grants: self.settings.all_grants(),
        }
    }

    /// Whether a version of the other would be the same version.
    fn is_same(&self, other: &Self) -> bool {
        self.code == other.code && self.settings == other.settings
    }
}

impl Function {
    /// The ARN of this version or alias.
    pub(crate) fn qualified(&self, qualifier: impl std::fmt::Display) -> String {
        format!("{}:{qualifier}", self.arn)
    }

    /// Publishes what `$LATEST` is: a new version, or the newest that is just that.
    pub(crate) fn publish(&mut self, description: Option<String>, revision_id: String) -> u64 {
        let newest = self.versions.last_key_value();
        if let Some((number, _)) = newest.filter(|(_, version)| version.is_same(&self.latest)) {
            return *number;
        }
        self.versions_made += 1;
        let version = Configuration {
            revision_id,
            version_description: description.filter(|text| !text.is_empty()),
            ..self.latest.clone()
        };
        self.versions.insert(self.versions_made, version);
        self.versions_made
    }

    /// The version that a qualifier leads to, and its number as text; `draw` decides between
    /// the two versions of an alias.
    pub(crate) fn find(
        &self,
        qualifier: Option<&str>,
        draw: u64,
    ) -> Option<(String, &Configuration)> {
        let qualifier = qualifier.unwrap_or(LATEST);
        let version = match self.aliases.get(qualifier) {
            Some(alias) => alias.choose(draw),
            None => qualifier.to_owned(),
        };
        let configuration = match &*version {
            LATEST => &self.latest,
            number => self.versions.get(&number.parse().ok()?)?,
        };
        Some((version, configuration))
    }

    /// The aliases that lead to this version.
    pub(crate) fn aliases_of(&self, version: u64) -> impl Iterator<Item = &str> {
        let number = version.to_string();
        let leads = move |alias: &FunctionAlias| {
            alias.version == number || alias.other.is_some_and(|(other, _)| other == version)
        };
        let leading = self.aliases.iter().filter(move |(_, alias)| leads(alias));
        leading.map(|(name, _)| name.as_str())
    }
}

/// The version that changes with each update.
pub(crate) const LATEST: &str = "$LATEST";

impl FunctionAlias {
    fn choose(&self, draw: u64) -> String {
        match self.other {
            // The number's upper 53 bits are all that a fraction can tell apart.
            Some((other, weight)) if ((draw >> 11) as f64) < weight * (1_u64 << 53) as f64 => {
                other.to_string()
            }
            _ => self.version.clone(),
        }
    }
}

impl Functions {
    /// The functions in this journal's catalogue.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self(Shelf::new(journal, "function"))
    }

    /// The function of this ARN.
    pub(crate) fn get(&self, arn: &str) -> Result<Option<Arc<Function>>, ApiError> {
        self.0.get(arn)
    }
}

impl Modules for Functions {
    fn find(&self, function: &FunctionName, draw: u64) -> Result<(Module, String), NotDeployed> {
        let found = self
            .get(&function.arn())
            .map_err(|error| NotDeployed::Unreadable(error.to_string()))?
            .ok_or(NotDeployed::Unknown)?;
        let (version, configuration) = found
            .find(function.qualifier.as_deref(), draw)
            .ok_or(NotDeployed::Unknown)?;
        Ok((configuration.module(), version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_leads_by_weight() {
        let alias = FunctionAlias {
            description: String::new(),
            version: "1".into(),
            other: Some((2, 0.25)),
            revision_id: String::new(),
        };
        let step = u64::MAX / 1000;
        let second = (0..1000).filter(|draw| alias.choose(draw * step + step / 2) == "2");
        assert_eq!(second.count(), 250);
    }

    #[test]
    fn fuel_follows_the_time_unless_it_is_set() {
        let mut settings = FunctionSettings {
            description: String::new(),
            role: String::new(),
            handler: None,
            runtime: None,
            memory_mebibytes: 10_240,
            timeout_seconds: 3,
            fuel_max: None,
            environment: BTreeMap::new(),
            further_limits: FurtherLimits::default(),
            grants: Grants::default(),
            source: String::new(),
            told: Map::new(),
        };
        assert_eq!(settings.limits().fuel_max, 15_000_000_000);
        assert_eq!(settings.limits().memory_bytes_max, 4 << 30);
        settings.fuel_max = Some(7);
        assert_eq!(settings.limits().fuel_max, 7);
    }
}
