//! What the API keeps beside executions: state machines with their versions and aliases, and
//! activities, functions. Documents in the journal's catalogue.

mod activity;
mod function;
mod machine;
mod shelf;
mod target;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use engine::Definition;
use journal::Journal;

pub(crate) use activity::Activity;
pub use function::Functions;
pub(crate) use function::{
    Code, Configuration, Function, FunctionAlias, FunctionSettings, FurtherLimits, LATEST,
};
pub(crate) use machine::{Alias, Encryption, Logging, Machine, Revision, Route, Settings, Tags};
pub(crate) use shelf::{Change, Shelf};
pub(crate) use target::{Target, deleting};

use crate::ApiError;

/// Parsed definitions kept in memory. Ours: a start must not parse; beyond that many in use
/// the cache begins anew.
const DEFINITIONS_MAX: usize = 1_000;

/// State machines and activities.
pub struct Registry {
    journal: Arc<dyn Journal>,
    /// By ARN.
    pub(crate) machines: Shelf<Machine>,
    /// By ARN.
    pub(crate) activities: Shelf<Activity>,
    /// By digest.
    definitions: RwLock<HashMap<String, Definition>>,
}

impl Registry {
    /// The registry in this journal's catalogue.
    pub fn new(journal: Arc<dyn Journal>) -> Self {
        Self {
            machines: Shelf::new(Arc::clone(&journal), "state-machine"),
            activities: Shelf::new(Arc::clone(&journal), "activity"),
            definitions: RwLock::default(),
            journal,
        }
    }

    /// Keeps a definition, so that its digest finds it.
    pub(crate) async fn keep(&self, definition: &Definition) -> Result<(), ApiError> {
        definition.keep(&*self.journal).await?;
        self.know(definition);
        Ok(())
    }

    /// The definition of this digest.
    pub(crate) fn definition(&self, digest: &str) -> Result<Definition, ApiError> {
        let known = self
            .definitions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(definition) = known.get(digest) {
            return Ok(definition.clone());
        }
        drop(known);
        let definition = Definition::find(&*self.journal, digest)?;
        self.know(&definition);
        Ok(definition)
    }

    fn know(&self, definition: &Definition) {
        let mut known = self
            .definitions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DEFINITIONS_MAX {
            known.clear();
        }
        known.insert(definition.digest.to_string(), definition.clone());
    }
}
