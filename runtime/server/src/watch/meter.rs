//! Counts one execution: its start, its end, and the attempts between.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use asl::Timestamp;
use asl::arn::StateMachineArn;
use asl::history::{Detail, EventId, HistoryEvent, Record, Via};
use asl::interpreter::Identity;
use asl::{ErrorName, Failure};

use super::events;
use super::metrics::{Label, Metrics, Works};

/// Counts one execution. Its state is a fold of the events: one that is taken up again counts
/// on where it was left.
pub(super) struct Meter {
    metrics: Arc<Metrics>,
    machine: StateMachineArn,
    started_at: Option<Timestamp>,
    /// Attempts that are under way, by the newest event of each.
    attempts: BTreeMap<EventId, Attempt>,
}

struct Attempt {
    via: Via,
    resource: Arc<str>,
    scheduled_at: Timestamp,
    started_at: Option<Timestamp>,
}

/// How an attempt went on.
#[derive(Clone, Copy)]
enum End<'a> {
    Succeeded,
    Failed,
    TimedOut(&'a Failure),
}

impl Meter {
    pub(super) fn new(metrics: &Arc<Metrics>, identity: &Identity) -> Self {
        Self {
            metrics: Arc::clone(metrics),
            machine: identity.state_machine_arn.clone(),
            started_at: None,
            attempts: BTreeMap::new(),
        }
    }

    /// Takes in what was counted before.
    pub(super) fn remember(&mut self, past: &[Record]) {
        /// Metrics that nobody reads: the same fold, without its counting.
        static UNREAD: LazyLock<Arc<Metrics>> = LazyLock::new(Arc::default);
        let counted = std::mem::replace(&mut self.metrics, Arc::clone(&UNREAD));
        self.recorded(past);
        self.metrics = counted;
    }

    pub(super) fn recorded(&mut self, records: &[Record]) {
        for event in events(records) {
            self.take(event);
        }
    }

    fn take(&mut self, event: &HistoryEvent) {
        match &event.detail {
            Detail::Scheduled { via, resource, .. } => self.scheduled(event, via, resource),
            Detail::Started { .. } => self.started(event),
            Detail::Submitted { .. } => {
                if let Some(attempt) = self.attempts.remove(&event.previous) {
                    self.attempts.insert(event.id, attempt);
                }
            }
            Detail::Succeeded { .. } => self.ended(event, End::Succeeded),
            Detail::Failed { .. } => self.ended(event, End::Failed),
            Detail::TimedOut { failure, .. } => self.ended(event, End::TimedOut(failure)),
            _ => self.of_execution(event),
        }
    }

    fn of_execution(&mut self, event: &HistoryEvent) {
        let label = [("StateMachineArn", Arc::clone(&self.machine.0))];
        let executions = &self.metrics.executions;
        let counter = match &event.detail {
            Detail::ExecutionStarted { .. } => {
                self.started_at = Some(event.timestamp);
                &executions.started
            }
            Detail::ExecutionSucceeded { .. } => &executions.succeeded,
            Detail::ExecutionFailed(_) => &executions.failed,
            Detail::ExecutionAborted(_) => &executions.aborted,
            Detail::ExecutionTimedOut(_) => &executions.timed_out,
            other if other.event_type() == "ExecutionRedriven" => &executions.redriven,
            _ => return,
        };
        counter.get_or_create(&label).inc();
        if event.detail.ends_execution()
            && let Some(started_at) = self.started_at
        {
            let time = between(started_at, event.timestamp);
            executions.time.get_or_create(&label).observe(time);
        }
    }

    fn scheduled(&mut self, event: &HistoryEvent, via: &Via, resource: &Arc<str>) {
        let attempt = Attempt {
            via: via.clone(),
            resource: Arc::clone(resource),
            scheduled_at: event.timestamp,
            started_at: None,
        };
        let (works, label) = attempt.place(&self.metrics);
        works.scheduled.get_or_create(&label).inc();
        self.attempts.insert(event.id, attempt);
    }

    fn started(&mut self, event: &HistoryEvent) {
        let Some(mut attempt) = self.attempts.remove(&event.previous) else {
            return;
        };
        let (works, label) = attempt.place(&self.metrics);
        works.started.get_or_create(&label).inc();
        let time = between(attempt.scheduled_at, event.timestamp);
        works.schedule_time.get_or_create(&label).observe(time);
        attempt.started_at = Some(event.timestamp);
        self.attempts.insert(event.id, attempt);
    }

    fn ended(&mut self, event: &HistoryEvent, end: End<'_>) {
        let Some(attempt) = self.attempts.remove(&event.previous) else {
            return;
        };
        let (works, label) = attempt.place(&self.metrics);
        let counter = match end {
            End::Succeeded => &works.succeeded,
            End::Failed => &works.failed,
            End::TimedOut(failure) => {
                if attempt.via == Via::Activity
                    && failure.error_name() == ErrorName::HEARTBEAT_TIMEOUT
                {
                    self.metrics.heartbeats_missed.get_or_create(&label).inc();
                }
                &works.timed_out
            }
        };
        counter.get_or_create(&label).inc();
        let time = between(attempt.scheduled_at, event.timestamp);
        works.time.get_or_create(&label).observe(time);
        if let Some(started_at) = attempt.started_at {
            let time = between(started_at, event.timestamp);
            works.run_time.get_or_create(&label).observe(time);
        }
    }
}

impl Attempt {
    /// Where it is counted.
    fn place<'m>(&self, metrics: &'m Metrics) -> (&'m Works, Label) {
        let works = match self.via {
            Via::Lambda => &metrics.lambda,
            Via::Activity => &metrics.activity,
            Via::Service { .. } => &metrics.service,
        };
        (works, [(works.dimension, Arc::clone(&self.resource))])
    }
}

/// Milliseconds.
fn between(from: Timestamp, to: Timestamp) -> f64 {
    to.0.saturating_sub(from.0).max(0) as f64
}

#[cfg(test)]
mod tests {
    use asl::Payload;
    use asl::arn::Place;
    use asl::history::ScopeId;
    use asl::interpreter::Kind;

    use super::super::metrics::Told;
    use super::*;

    fn identity() -> Identity {
        let place = Place::default();
        Identity {
            execution_arn: place.execution("m", "e"),
            name: "e".into(),
            state_machine_arn: place.state_machine("m"),
            state_machine_name: "m".into(),
            role_arn: "arn:r".into(),
            region: "us-east-1".into(),
            kind: Kind::Standard,
            map_state: None,
        }
    }

    fn record(id: u64, previous: u64, at: i64, detail: Detail) -> Record {
        let event = HistoryEvent {
            id: EventId(id),
            previous: EventId(previous),
            timestamp: Timestamp(at),
            detail,
        };
        Record::Event(ScopeId::ROOT, event)
    }

    fn scheduled(via: Via) -> Detail {
        Detail::Scheduled {
            via,
            resource: "arn:w".into(),
            input: payload(),
            region: "us-east-1".into(),
            timeout_seconds: None,
            heartbeat_seconds: None,
            deadline: None,
            credentials: None,
            secret: None,
        }
    }

    fn payload() -> Payload {
        Payload::from_text("1".to_owned()).unwrap()
    }

    /// An execution whose Task times out after it was scheduled, started and heard no more of.
    fn story() -> Vec<Record> {
        let (via, worker) = (Via::Activity, None);
        let failure = || Failure::new(ErrorName::HEARTBEAT_TIMEOUT, "late");
        let (input, role_arn) = (payload(), "arn:r".into());
        vec![
            record(1, 0, 0, Detail::ExecutionStarted { input, role_arn }),
            record(2, 0, 0, scheduled(Via::Activity)),
            record(
                3,
                2,
                30,
                Detail::Started {
                    via: via.clone(),
                    worker,
                },
            ),
            record(
                4,
                3,
                100,
                Detail::TimedOut {
                    via,
                    failure: failure(),
                },
            ),
            record(5, 4, 100, Detail::ExecutionFailed(failure())),
        ]
    }

    fn lines(metrics: &Metrics) -> Vec<String> {
        let text = metrics
            .text(Told {
                open_executions: 1,
                lines_dropped: 2,
                spans_dropped: 3,
            })
            .unwrap();
        let is_told = |line: &&str| !line.starts_with('#') && !line.contains("_bucket");
        text.lines().filter(is_told).map(str::to_owned).collect()
    }

    #[test]
    fn an_execution_is_counted_under_awss_names() {
        let metrics = Arc::new(Metrics::default());
        Meter::new(&metrics, &identity()).recorded(&story());
        let machine = r#"{StateMachineArn="arn:aws:states:us-east-1:123456789012:stateMachine:m"}"#;
        let activity = r#"{ActivityArn="arn:w"}"#;
        let lines = lines(&metrics);
        for told in [
            format!("ExecutionsStarted_total{machine} 1"),
            format!("ExecutionsFailed_total{machine} 1"),
            format!("ExecutionTime_sum{machine} 100.0"),
            format!("ActivitiesScheduled_total{activity} 1"),
            format!("ActivitiesTimedOut_total{activity} 1"),
            format!("ActivitiesHeartbeatTimedOut_total{activity} 1"),
            format!("ActivityScheduleTime_sum{activity} 30.0"),
            format!("ActivityRunTime_sum{activity} 70.0"),
            format!("ActivityTime_sum{activity} 100.0"),
            "OpenExecutionCount 1".to_owned(),
            "OpenExecutionLimit 1000000".to_owned(),
            "stepwell_log_lines_dropped 2".to_owned(),
            "stepwell_spans_dropped 3".to_owned(),
        ] {
            assert!(lines.contains(&told), "no {told} in {lines:#?}");
        }
    }

    #[test]
    fn one_that_is_taken_up_counts_only_what_is_new() {
        let story = story();
        for taken_up in 0..=story.len() {
            let (past, rest) = story.split_at(taken_up);
            let metrics = Arc::new(Metrics::default());
            let mut meter = Meter::new(&metrics, &identity());
            meter.remember(past);
            meter.recorded(rest);
            let lines = lines(&metrics).join("\n");
            let told = |part: &str| lines.contains(part);
            assert_eq!(told("ExecutionsStarted_total{"), taken_up < 1, "{lines}");
            assert_eq!(told("ActivityTime_sum{"), taken_up < 4, "{lines}");
            assert_eq!(told("ExecutionTime_sum{"), taken_up < 5, "{lines}");
        }
    }
}
