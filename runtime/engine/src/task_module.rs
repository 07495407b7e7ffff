//! Task modules by name: numbered versions that never change, and aliases that point at them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use asl::Timestamp;
use host::Module;
use journal::Journal;
use serde::{Deserialize, Serialize};

/// The catalogue that task modules are kept in, keyed by name.
const KIND: &str = "task-module";

/// Versions of one module. Ours: AWS bounds a function's code by its total size instead;
/// each costs some hundred bytes in one catalogue entry.
const VERSIONS_MAX: usize = 1_000;

/// Modules that one list shows.
const LIST_MAX: usize = 10_000;

/// Finds what a Task is to run.
pub trait Modules: Send + Sync + 'static {
    /// The module of this name, and the version as AWS words it in `ExecutedVersion`.
    /// `qualifier` is a version's number, an alias, or `$LATEST`; none means the newest.
    ///
    /// # Errors
    /// [`NotDeployed`].
    fn find(&self, name: &str, qualifier: Option<&str>) -> Result<(Module, String), NotDeployed>;
}

/// Why there is nothing to run.
#[derive(Debug, thiserror::Error)]
pub enum NotDeployed {
    /// No module, version or alias of that name.
    #[error("no such task module")]
    Unknown,
    /// The catalogue cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

/// One version of a module: immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleVersion {
    /// Its number, from 1, never used again.
    pub version: u64,
    /// Code and limits.
    #[serde(flatten)]
    pub module: Module,
    /// What was deployed.
    #[serde(flatten)]
    pub deployment: Deployment,
    /// When.
    pub deployed_at: Timestamp,
}

/// What is known of a module's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// Which of the accepted kinds it is, for people.
    pub kind: String,
    /// The length of its code, in bytes.
    pub code_bytes: u64,
    /// What it imports, by name.
    pub imports: Vec<String>,
    /// Whether the same input gives the same output, so that an attempt may be repeated.
    pub pure: bool,
}

/// All that is known of one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleDescription {
    /// The name.
    pub name: String,
    /// Its versions, oldest first.
    pub versions: Vec<ModuleVersion>,
    /// Aliases and the versions they point at.
    #[serde(default)]
    pub aliases: BTreeMap<String, u64>,
}

impl ModuleDescription {
    /// The version that a qualifier means.
    pub fn version(&self, qualifier: Option<&str>) -> Option<&ModuleVersion> {
        match qualifier {
            None | Some("$LATEST") => self.versions.last(),
            Some(qualifier) => {
                let number = match self.aliases.get(qualifier) {
                    Some(number) => *number,
                    None => qualifier.parse().ok()?,
                };
                self.versions
                    .iter()
                    .find(|version| version.version == number)
            }
        }
    }
}

/// Why a module was not deployed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// Not a name.
    #[error(
        "{0:?} is not a name for a task module: 1 to 64 letters, digits, '-' and '_', as AWS \
         has it for functions"
    )]
    BadName(String),
    /// No module of that name.
    #[error("no task module is named {0:?}")]
    Unknown(String),
    /// All numbers are taken.
    #[error("{0:?} has {VERSIONS_MAX} versions; delete it before deploying it anew")]
    TooManyVersions(String),
    /// The catalogue.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The catalogue holds something else.
    #[error("the catalogue entry of task module {0:?} does not parse: {1}")]
    Damaged(String, String),
}

/// The deployed modules of a data directory.
pub struct TaskModules {
    journal: Arc<dyn Journal>,
    /// What was read, until it changes; at most what is deployed.
    known: RwLock<HashMap<String, Arc<ModuleDescription>>>,
}

impl TaskModules {
    /// The modules of this journal's catalogue.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self {
            journal,
            known: RwLock::default(),
        }
    }

    /// Adds a version. Code that is the newest version already, with the same limits, is
    /// not added again.
    ///
    /// # Errors
    /// [`DeployError`].
    pub async fn deploy(
        &self,
        name: &str,
        module: Module,
        deployment: Deployment,
        now: Timestamp,
    ) -> Result<ModuleVersion, DeployError> {
        if !is_name(name) {
            return Err(DeployError::BadName(name.to_owned()));
        }
        loop {
            let (revision, mut description) = match self.read(name)? {
                Some((revision, description)) => (revision, description),
                None => {
                    let (versions, aliases) = (Vec::new(), BTreeMap::new());
                    (
                        0,
                        ModuleDescription {
                            name: name.to_owned(),
                            versions,
                            aliases,
                        },
                    )
                }
            };
            if let Some(newest) = description.versions.last().filter(|v| v.module == module) {
                return Ok(newest.clone());
            }
            if description.versions.len() >= VERSIONS_MAX {
                return Err(DeployError::TooManyVersions(name.to_owned()));
            }
            let version = ModuleVersion {
                version: description
                    .versions
                    .last()
                    .map_or(1, |newest| newest.version + 1),
                module: module.clone(),
                deployment: deployment.clone(),
                deployed_at: now,
            };
            description.versions.push(version.clone());
            let document =
                serde_json::to_string(&description).expect("a description is plain data");
            match self.journal.put(KIND, name, revision, Some(document)).await {
                // Another deployed meanwhile: its version comes first.
                Err(journal::Error::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    self.forget(name);
                    return Ok(version);
                }
            }
        }
    }

    /// What is deployed under this name.
    ///
    /// # Errors
    /// [`DeployError::Unknown`], or the catalogue's.
    pub fn describe(&self, name: &str) -> Result<Arc<ModuleDescription>, DeployError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(description) = known.get(name) {
            return Ok(Arc::clone(description));
        }
        drop(known);
        let read = self
            .read(name)?
            .ok_or_else(|| DeployError::Unknown(name.to_owned()))?;
        let description = Arc::new(read.1);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), Arc::clone(&description));
        Ok(description)
    }

    /// Everything that is deployed, by name.
    ///
    /// # Errors
    /// The catalogue's.
    pub fn list(&self) -> Result<Vec<ModuleDescription>, DeployError> {
        let entries = self.journal.entries(KIND, "", None, LIST_MAX)?;
        entries
            .into_iter()
            .map(|entry| parse(&entry.key, &entry.document))
            .collect()
    }

    /// Deletes a name with all its versions. Executions that run keep what they started.
    ///
    /// # Errors
    /// [`DeployError::Unknown`], or the catalogue's.
    pub async fn delete(&self, name: &str) -> Result<(), DeployError> {
        let (revision, _) = self
            .read(name)?
            .ok_or_else(|| DeployError::Unknown(name.to_owned()))?;
        self.journal.put(KIND, name, revision, None).await?;
        self.forget(name);
        Ok(())
    }

    fn read(&self, name: &str) -> Result<Option<(u64, ModuleDescription)>, DeployError> {
        let Some(entry) = self.journal.get(KIND, name)? else {
            return Ok(None);
        };
        Ok(Some((entry.revision, parse(name, &entry.document)?)))
    }

    fn forget(&self, name: &str) {
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(name);
    }
}

impl Modules for TaskModules {
    fn find(&self, name: &str, qualifier: Option<&str>) -> Result<(Module, String), NotDeployed> {
        let description = self.describe(name).map_err(|error| match error {
            DeployError::Unknown(_) => NotDeployed::Unknown,
            other => NotDeployed::Unreadable(other.to_string()),
        })?;
        let version = description.version(qualifier).ok_or(NotDeployed::Unknown)?;
        let executed = match qualifier {
            None | Some("$LATEST") => "$LATEST".to_owned(),
            Some(_) => version.version.to_string(),
        };
        Ok((version.module.clone(), executed))
    }
}

/// Modules that are given, not deployed: by name, one version each.
impl Modules for HashMap<String, Module> {
    fn find(&self, name: &str, qualifier: Option<&str>) -> Result<(Module, String), NotDeployed> {
        match (self.get(name), qualifier) {
            (Some(module), None | Some("$LATEST")) => Ok((module.clone(), "$LATEST".to_owned())),
            (Some(module), Some("1")) => Ok((module.clone(), "1".to_owned())),
            _ => Err(NotDeployed::Unknown),
        }
    }
}

fn parse(name: &str, document: &str) -> Result<ModuleDescription, DeployError> {
    serde_json::from_str(document)
        .map_err(|error| DeployError::Damaged(name.to_owned(), error.to_string()))
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
