//! Watches executions, for operators: what is logged, counted and traced.
//!
//! It knows no file: lines, numbers and spans come out. Read [`Telemetry`] first.

mod logger;
mod meter;
mod metrics;
mod spans;
mod tracer;
mod waiting;

use std::sync::Arc;

use api::Registry;
use asl::history::{HistoryEvent, Record};
use asl::interpreter::Execution;
use engine::{Beginning, Observer, Watcher};

pub(crate) use logger::Sinks;
pub(crate) use metrics::{Metrics, Told};
pub(crate) use spans::Spans;

use logger::Logger;
use meter::Meter;
use tracer::Tracer;

/// Gives each execution those who watch it.
pub(crate) struct Telemetry {
    pub(crate) registry: Arc<Registry>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) sinks: Arc<Sinks>,
    /// Where traces go, if anywhere.
    pub(crate) spans: Option<Arc<Spans>>,
}

impl Observer for Telemetry {
    fn recorded(&self, _: &Execution, _: &[Record]) {}

    fn watch(&self, beginning: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        let mut meter = Meter::new(&self.metrics, beginning.identity);
        if !beginning.past.is_empty() {
            meter.remember(beginning.past);
        }
        let logger = Logger::new(&self.registry, &self.sinks, beginning);
        let spans = self.spans.as_ref();
        let tracer = spans.and_then(|spans| Tracer::new(spans, beginning));
        Some(Box::new(Watching {
            meter,
            logger,
            tracer,
        }))
    }
}

/// Those who watch one execution.
struct Watching {
    meter: Meter,
    logger: Option<Logger>,
    tracer: Option<Tracer>,
}

impl Watcher for Watching {
    fn recorded(&mut self, records: &[Record], rows: u64) {
        self.meter.recorded(records);
        if let Some(logger) = &mut self.logger {
            logger.recorded(records, rows);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.recorded(records, rows);
        }
    }

    fn durable(&mut self, rows: u64) {
        if let Some(logger) = &mut self.logger {
            logger.durable(rows);
        }
        if let Some(tracer) = &mut self.tracer {
            tracer.durable(rows);
        }
    }
}

/// The events among records; notes are for replay alone.
fn events(records: &[Record]) -> impl Iterator<Item = &HistoryEvent> {
    records.iter().filter_map(|record| match record {
        Record::Event(_, event) => Some(event),
        Record::Note(_) => None,
    })
}
