//! The log of executions, as their state machines ask for it: what a log group would get.

use std::sync::{Arc, Mutex, PoisonError};

use api::{LogSettings, Registry};
use asl::arn::ExecutionArn;
use asl::history::Record;
use asl::interpreter::Execution;
use engine::{Beginning, Observer, Watcher};
use serde_json::Value;

/// Every line so far.
#[derive(Clone)]
pub(super) struct Logged {
    registry: Arc<Registry>,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Logged {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            lines: Arc::default(),
        }
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }
}

impl Observer for Logged {
    fn recorded(&self, _: &Execution, _: &[Record]) {}

    fn watch(&self, beginning: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        let machine = beginning.identity.state_machine_arn.as_str();
        let version = beginning.started_as.version_arn.as_deref();
        let settings = self.registry.log_settings(machine, version)?;
        Some(Box::new(Logger {
            settings,
            execution: beginning.identity.execution_arn.clone(),
            lines: Arc::clone(&self.lines),
        }))
    }
}

struct Logger {
    settings: LogSettings,
    execution: ExecutionArn,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Watcher for Logger {
    fn recorded(&mut self, records: &[Record], _: u64) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            if let Record::Event(_, event) = record
                && self.settings.level.asks_for(&event.detail)
            {
                let with_data = self.settings.include_execution_data;
                lines.push(event.to_log(&self.execution, 0, with_data));
            }
        }
    }

    fn durable(&mut self, _: u64) {}
}
