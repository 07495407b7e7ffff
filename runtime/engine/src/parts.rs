//! What an engine is made of, what it is asked for, and what it answers.

use std::sync::Arc;

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::history::Record;
use asl::interpreter::{Execution, Identity};
use asl::map_run::MapRun;
use journal::{Journal, Status};
use objects::{NoObjects, Objects};
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use crate::definition::Definition;
use crate::directory::{Directory, Nothing};
use crate::function::Modules;
use crate::mock::Mocks;
use crate::services::{NoServices, Services};
use crate::watch::{Beginning, Watcher};

/// What an engine is made of.
pub struct Parts {
    /// Where executions are kept.
    pub journal: Arc<dyn Journal>,
    /// Who runs attempts.
    pub host: Arc<dyn host::TaskHost>,
    /// What attempts run.
    pub modules: Arc<dyn Modules>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// Who is told of every step, if anyone.
    pub observer: Option<Arc<dyn Observer>>,
    /// Who calls the services that Tasks name.
    pub services: Arc<dyn Services>,
    /// Where what executions name is looked up.
    pub directory: Arc<dyn Directory>,
    /// Who reads and writes the objects that a Map in DISTRIBUTED mode names.
    pub objects: Arc<dyn Objects>,
}

impl Parts {
    /// Parts with the machine's clock and chance, no observer, no services and an empty
    /// directory; any of these may then be set.
    pub fn new(
        journal: Arc<dyn Journal>,
        host: Arc<dyn host::TaskHost>,
        modules: Arc<dyn Modules>,
    ) -> Self {
        Self {
            journal,
            host,
            modules,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            observer: None,
            services: Arc::new(NoServices),
            directory: Arc::new(Nothing),
            objects: Arc::new(NoObjects),
        }
    }
}

/// Is told of every step, in order, before it is durable. Must not block.
pub trait Observer: Send + Sync + 'static {
    /// An execution made these records and is now so.
    fn recorded(&self, execution: &Execution, records: &[Record]);

    /// A Map Run is so now, and these many of its items are being worked on.
    fn map_run(&self, _run: &MapRun, _running: u64) {}

    /// Who is to watch an execution that begins or is taken up, if anyone.
    fn watch(&self, _beginning: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        None
    }
}

/// What went wrong in the engine; never part of a history.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// What is stored contradicts itself.
    #[error("the stored data is damaged: {0}")]
    Damaged(String),
    /// The execution could not go on, since its journal could not be written.
    #[error("the execution stopped going on: {0}; it goes on after a restart")]
    Interrupted(String),
}

/// Why an execution was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An execution of this name has ended, or runs with another input.
    #[error("an execution of this name exists already ({}): {0}", status.as_str())]
    Exists {
        /// Its ARN.
        execution: ExecutionArn,
        /// How it stands.
        status: Status,
    },
    /// So many Express executions run that no more are begun.
    #[error("too many Express executions run at once; start this one later")]
    TooMany,
    /// Anything else.
    #[error(transparent)]
    Engine(#[from] Error),
}

/// A start.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// Who the execution is.
    pub identity: Identity,
    /// What it runs.
    pub definition: Definition,
    /// What it is given.
    pub input: Payload,
    /// How its state machine was named.
    pub started_as: StartedAs,
}

/// How a start named its state machine, and what else it said that only descriptions show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartedAs {
    /// The version it runs, if it was started as one, or by an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_arn: Option<String>,
    /// The Map Run whose child it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_run_arn: Option<String>,
    /// How many items of that Map Run it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item_count: Option<u64>,
    /// The alias that led to the version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias_arn: Option<String>,
    /// AWS's X-Ray header, as it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_header: Option<String>,
    /// What its Tasks answer, if it is a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mocks: Option<Arc<Mocks>>,
}

/// What a start did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// Whether the execution began with this start; if not, it ran already, with the same
    /// input.
    pub is_new: bool,
    /// When it began.
    pub started_at: asl::Timestamp,
}
