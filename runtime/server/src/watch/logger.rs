//! The log of one execution, as its state machine's `loggingConfiguration` asks for it.
//!
//! A line goes out when what it tells is durable, so that no log tells of what a crash undid.
//! Delivery is best effort, as on AWS: what finds a queue full is dropped, and counted.

use std::sync::Arc;

use api::{LogSettings, Registry};
use asl::arn::ExecutionArn;
use asl::history::Record;
use engine::Beginning;

use super::events;
use super::waiting::Waiting;
use crate::lines::Lines;

/// Where lines go.
#[derive(Debug, Default)]
pub(crate) struct Sinks {
    /// A file, or standard output.
    pub(crate) lines: Option<Arc<Lines>>,
}

impl Sinks {
    fn is_empty(&self) -> bool {
        self.lines.is_none()
    }

    fn offer(&self, line: String) {
        if let Some(lines) = &self.lines {
            lines.offer(line);
        }
    }

    /// How many lines found no room.
    pub(crate) fn dropped(&self) -> u64 {
        self.lines.as_ref().map_or(0, |lines| lines.dropped())
    }
}

/// Logs one execution.
pub(super) struct Logger {
    settings: LogSettings,
    sinks: Arc<Sinks>,
    execution: ExecutionArn,
    redrive_count: u32,
    waiting: Waiting<String>,
}

impl Logger {
    /// A logger, if the execution is to be logged and there is somewhere to.
    pub(super) fn new(
        registry: &Registry,
        sinks: &Arc<Sinks>,
        beginning: &Beginning<'_>,
    ) -> Option<Self> {
        if sinks.is_empty() {
            return None;
        }
        let Beginning {
            identity,
            started_as,
            past,
        } = beginning;
        let machine = identity.state_machine_arn.as_str();
        let version = started_as.version_arn.as_deref();
        let settings = registry.log_settings(machine, version)?;
        let redrives = events(past).filter(|event| is_redrive(&event.detail.event_type()));
        Some(Self {
            settings,
            sinks: Arc::clone(sinks),
            execution: identity.execution_arn.clone(),
            redrive_count: u32::try_from(redrives.count()).unwrap_or(u32::MAX),
            waiting: Waiting::default(),
        })
    }

    pub(super) fn recorded(&mut self, records: &[Record], rows: u64) {
        for event in events(records) {
            self.redrive_count += u32::from(is_redrive(&event.detail.event_type()));
            if self.settings.level.asks_for(&event.detail) {
                let with_data = self.settings.include_execution_data;
                let line = event.to_log(&self.execution, self.redrive_count, with_data);
                self.waiting.push(rows, line.to_string());
            }
        }
    }

    pub(super) fn durable(&mut self, rows: u64) {
        while let Some(line) = self.waiting.pop(rows) {
            self.sinks.offer(line);
        }
    }
}

fn is_redrive(event_type: &str) -> bool {
    event_type == "ExecutionRedriven"
}
