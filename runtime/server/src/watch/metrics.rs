//! What is counted, under AWS's names, and how Prometheus is told.
//!
//! Source: AWS, "Monitoring Step Functions metrics using Amazon CloudWatch". Counters end in
//! `_total`, as the exposition format has it; times are in milliseconds, as AWS's are.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// Executions that may be open at once. Source: AWS, quotas of Step Functions.
const OPEN_EXECUTIONS_MAX: i64 = 1_000_000;

/// One dimension of AWS's.
pub(super) type Label = [(&'static str, Arc<str>); 1];
type Counters = Family<Label, Counter>;
type Times = Family<Label, Histogram, fn() -> Histogram>;

/// From a millisecond to some days, by fours.
fn times() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 4.0, 14))
}

/// How executions end.
#[derive(Debug)]
pub(super) struct Executions {
    pub(super) started: Counters,
    pub(super) succeeded: Counters,
    pub(super) failed: Counters,
    pub(super) aborted: Counters,
    pub(super) timed_out: Counters,
    pub(super) redriven: Counters,
    pub(super) time: Times,
}

/// The attempts of one kind of Task.
#[derive(Debug)]
pub(super) struct Works {
    pub(super) dimension: &'static str,
    pub(super) scheduled: Counters,
    pub(super) started: Counters,
    pub(super) succeeded: Counters,
    pub(super) failed: Counters,
    pub(super) timed_out: Counters,
    /// From scheduled to started.
    pub(super) schedule_time: Times,
    /// From started to its end.
    pub(super) run_time: Times,
    /// From scheduled to its end.
    pub(super) time: Times,
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(super) executions: Executions,
    pub(super) lambda: Works,
    pub(super) activity: Works,
    pub(super) service: Works,
    pub(super) heartbeats_missed: Counters,
    requests: Family<[(&'static str, String); 2], Counter>,
    open_executions: Gauge,
    lines_dropped: Gauge,
    spans_dropped: Gauge,
}

/// What others count, as it stands.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    pub(crate) open_executions: u64,
    pub(crate) lines_dropped: u64,
    pub(crate) spans_dropped: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let named = &mut registry;
        let [open_executions, limit, lines_dropped, spans_dropped]: [Gauge; 4] =
            std::array::from_fn(|_| Gauge::default());
        limit.set(OPEN_EXECUTIONS_MAX);
        let requests = Family::default();
        named.register(
            "OpenExecutionCount",
            "Executions that run",
            open_executions.clone(),
        );
        named.register("OpenExecutionLimit", "How many AWS lets run", limit);
        let of_requests = "Requests by operation and status";
        named.register("stepwell_requests", of_requests, requests.clone());
        for (name, what, gauge) in [
            (
                "stepwell_log_lines_dropped",
                "Lines of execution logs that found no room",
                &lines_dropped,
            ),
            (
                "stepwell_spans_dropped",
                "Spans that no collector took",
                &spans_dropped,
            ),
        ] {
            named.register(name, what, gauge.clone());
        }
        Self {
            executions: Executions::new(named),
            lambda: Works::new(
                named,
                "LambdaFunction",
                "LambdaFunctions",
                "LambdaFunctionArn",
            ),
            activity: Works::new(named, "Activity", "Activities", "ActivityArn"),
            service: Works::new(
                named,
                "ServiceIntegration",
                "ServiceIntegrations",
                "ServiceIntegrationResourceArn",
            ),
            heartbeats_missed: counter(named, "ActivitiesHeartbeatTimedOut"),
            requests,
            open_executions,
            lines_dropped,
            spans_dropped,
            registry,
        }
    }
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn answered(&self, operation: &str, status: u16) {
        // Clients may name what they like; only what there is gets a row of its own.
        let operation = match api::OPERATIONS.contains(&operation) {
            true => operation,
            false => "other",
        };
        let labels = [
            ("operation", operation.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
    }

    /// All of it as Prometheus reads it.
    ///
    /// # Errors
    /// None that a text can give.
    pub(crate) fn text(&self, told: Told) -> Result<String, fmt::Error> {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.open_executions.set(signed(told.open_executions));
        self.lines_dropped.set(signed(told.lines_dropped));
        self.spans_dropped.set(signed(told.spans_dropped));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl Executions {
    fn new(registry: &mut Registry) -> Self {
        Self {
            started: counter(registry, "ExecutionsStarted"),
            succeeded: counter(registry, "ExecutionsSucceeded"),
            failed: counter(registry, "ExecutionsFailed"),
            aborted: counter(registry, "ExecutionsAborted"),
            timed_out: counter(registry, "ExecutionsTimedOut"),
            redriven: counter(registry, "ExecutionsRedriven"),
            time: timer(registry, "ExecutionTime"),
        }
    }
}

impl Works {
    fn new(registry: &mut Registry, one: &str, many: &str, dimension: &'static str) -> Self {
        let counters = ["Scheduled", "Started", "Succeeded", "Failed", "TimedOut"];
        let [scheduled, started, succeeded, failed, timed_out] =
            counters.map(|end| counter(registry, &format!("{many}{end}")));
        let [schedule_time, run_time, time] =
            ["ScheduleTime", "RunTime", "Time"].map(|end| timer(registry, &format!("{one}{end}")));
        Self {
            dimension,
            scheduled,
            started,
            succeeded,
            failed,
            timed_out,
            schedule_time,
            run_time,
            time,
        }
    }
}

fn counter(registry: &mut Registry, name: &str) -> Counters {
    let family = Counters::default();
    registry.register(name, "As AWS/States counts them", family.clone());
    family
}

fn timer(registry: &mut Registry, name: &str) -> Times {
    let family = Times::new_with_constructor(times);
    registry.register(name, "In milliseconds", family.clone());
    family
}
