//! The log of one execution, as its state machine's `loggingConfiguration` asks for it.
//!
//! A line goes out when what it tells is durable, so that no log tells of what a crash undid.
//! Delivery is best effort, as on AWS: what finds a queue full is dropped, and counted.

use std::sync::Arc;
use std::time::Duration;

use api::{LogSettings, Registry};
use asl::Timestamp;
use asl::arn::ExecutionArn;
use asl::history::Record;
use engine::Beginning;

use super::events;
use super::waiting::Waiting;
use crate::aws::CloudWatchLogs;
use crate::lines::Lines;

/// Where lines go.
#[derive(Debug, Default)]
pub(crate) struct Sinks {
    /// A file, or standard output.
    pub(crate) lines: Option<Arc<Lines>>,
    /// The log group that the state machine names.
    pub(crate) cloud_watch: Option<CloudWatchLogs>,
}

impl Sinks {
    fn is_empty(&self) -> bool {
        self.lines.is_none() && self.cloud_watch.is_none()
    }

    fn offer(&self, group: &Arc<str>, at: Timestamp, line: String) {
        if let Some(cloud_watch) = &self.cloud_watch {
            cloud_watch.offer(group, at, line.clone());
        }
        if let Some(lines) = &self.lines {
            lines.offer(line);
        }
    }

    /// How many lines found no room, or were not taken.
    pub(crate) fn dropped(&self) -> u64 {
        let cloud_watch = self.cloud_watch.as_ref().map_or(0, CloudWatchLogs::dropped);
        let lines = self.lines.as_ref().map_or(0, |lines| lines.dropped());
        cloud_watch + lines
    }

    /// Resolves when what was offered has left, or the time is over.
    pub(crate) async fn flush(&self, patience: Duration) {
        if let Some(cloud_watch) = &self.cloud_watch {
            cloud_watch.flush(patience).await;
        }
    }
}

/// Logs one execution.
pub(super) struct Logger {
    settings: LogSettings,
    sinks: Arc<Sinks>,
    execution: ExecutionArn,
    redrive_count: u32,
    waiting: Waiting<(Timestamp, String)>,
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
                self.waiting.push(rows, (event.timestamp, line.to_string()));
            }
        }
    }

    pub(super) fn durable(&mut self, rows: u64) {
        while let Some((at, line)) = self.waiting.pop(rows) {
            self.sinks.offer(&self.settings.log_group, at, line);
        }
    }
}

fn is_redrive(event_type: &str) -> bool {
    event_type == "ExecutionRedriven"
}
