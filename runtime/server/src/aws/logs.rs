//! CloudWatch Logs: where the executions of a state machine are logged as its
//! loggingConfiguration says, when the environment says where that service is.
//!
//! Best effort, as on AWS: what finds the queue full, and what no log group takes, is dropped
//! and counted. Log groups are not made, streams are. Source: AWS, CloudWatch Logs API reference,
//! "PutLogEvents".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use asl::Timestamp;
use axum::body::Bytes;
use axum::http::Request;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::{Aws, Service, error_message, error_name};

const LOGS: Service = Service {
    variables: &["CLOUDWATCH_LOGS", "LOGS"],
    signing_name: "logs",
};

/// Lines that wait. Ours: some megabytes, since a line is seldom longer than some hundred bytes.
const QUEUE_MAX: usize = 8_192;
/// Source: AWS, "PutLogEvents": events and bytes of a batch, what each event counts beside its
/// text, and how far apart the first and the last may be.
const BATCH_EVENTS_MAX: usize = 10_000;
const BATCH_BYTES_MAX: usize = 1_048_576;
const EVENT_BYTES: usize = 26;
const BATCH_MILLISECONDS_MAX: i64 = 24 * 3_600_000;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line on its way.
#[derive(Debug)]
struct Line {
    /// The log group's ARN, ending in `:*`.
    group: Arc<str>,
    at: Timestamp,
    text: String,
}

#[derive(Debug)]
enum Work {
    Line(Line),
    /// Tells when all that came before is sent, or dropped.
    Flush(oneshot::Sender<()>),
}

/// A queue of lines, and who sends them.
#[derive(Debug)]
pub(crate) struct CloudWatchLogs {
    queue: mpsc::Sender<Work>,
    dropped: Arc<AtomicU64>,
}

impl CloudWatchLogs {
    /// A sender, if the environment says where to. Must be called on a tokio runtime.
    pub(crate) fn open(aws: &Arc<Aws>, stream: String) -> Option<Self> {
        let endpoint = aws.endpoint(LOGS)?.to_owned();
        let (queue, works) = mpsc::channel(QUEUE_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let sender = Sender {
            aws: Arc::clone(aws),
            endpoint,
            stream,
            dropped: Arc::clone(&dropped),
            failing: false,
        };
        tokio::spawn(sender.run(works));
        Some(Self { queue, dropped })
    }

    /// Adds a line, or drops and counts it when the queue is full.
    pub(crate) fn offer(&self, group: &Arc<str>, at: Timestamp, text: String) {
        let group = Arc::clone(group);
        let line = Work::Line(Line { group, at, text });
        if self.queue.try_send(line).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Resolves when all that was offered is sent or dropped, or the time is over.
    pub(crate) async fn flush(&self, patience: Duration) {
        let (tell, told) = oneshot::channel();
        let flushed = async {
            if self.queue.send(Work::Flush(tell)).await.is_ok() {
                // A sender that is gone has nothing left to send.
                let _ = told.await;
            }
        };
        if timeout(patience, flushed).await.is_err() {
            tracing::warn!("the end of the execution logs did not reach CloudWatch Logs in time");
        }
    }
}

/// Sends what gathers while the batches before are on their way.
struct Sender {
    aws: Arc<Aws>,
    endpoint: String,
    /// The stream that this process writes, in each group.
    stream: String,
    dropped: Arc<AtomicU64>,
    failing: bool,
}

impl Sender {
    async fn run(mut self, mut works: mpsc::Receiver<Work>) {
        let (mut gathered, mut waiting) = (Vec::new(), Vec::new());
        while works.recv_many(&mut gathered, QUEUE_MAX).await > 0 {
            let mut groups: BTreeMap<Arc<str>, Vec<Line>> = BTreeMap::new();
            for work in gathered.drain(..) {
                match work {
                    Work::Line(line) => groups
                        .entry(Arc::clone(&line.group))
                        .or_default()
                        .push(line),
                    Work::Flush(tell) => waiting.push(tell),
                }
            }
            for (group, lines) in groups {
                for batch in batches(lines) {
                    self.send(&group, batch).await;
                }
            }
            for tell in waiting.drain(..) {
                // Whoever waited may have lost patience.
                let _ = tell.send(());
            }
        }
    }

    async fn send(&mut self, group: &str, batch: Vec<Line>) {
        let count = batch.len() as u64;
        let sent = self.put(group, &batch).await;
        if let Err(error) = &sent {
            self.dropped.fetch_add(count, Ordering::Relaxed);
            // Once, and not for every batch: a service may be away for hours.
            if !self.failing {
                tracing::warn!(
                    group,
                    error = format!("{error:#}"),
                    "execution logs are dropped"
                );
            }
        }
        self.failing = sent.is_err();
    }

    /// Puts a batch into the group; makes the stream first when it is missing.
    async fn put(&self, group: &str, batch: &[Line]) -> anyhow::Result<()> {
        let group = Group::of(group).with_context(|| format!("{group} is no log group's ARN"))?;
        let events = batch
            .iter()
            .map(|line| json!({ "timestamp": line.at.0, "message": line.text }));
        let events: Vec<Value> = events.collect();
        let body = json!({
            "logGroupName": group.name,
            "logStreamName": self.stream,
            "logEvents": events,
        });
        match self.call(&group, "PutLogEvents", &body).await? {
            Ok(answer) => Self::taken(&answer),
            Err(refusal) if refusal.name == "ResourceNotFoundException" => {
                let stream = json!({ "logGroupName": group.name, "logStreamName": self.stream });
                match self.call(&group, "CreateLogStream", &stream).await? {
                    Ok(_) => {}
                    Err(refusal) if refusal.name == "ResourceAlreadyExistsException" => {}
                    Err(refusal) => bail!("{}: {}", refusal.name, refusal.message),
                }
                let answer = self.call(&group, "PutLogEvents", &body).await?;
                Self::taken(
                    &answer.map_err(|refusal| anyhow!("{}: {}", refusal.name, refusal.message))?,
                )
            }
            Err(refusal) => bail!("{}: {}", refusal.name, refusal.message),
        }
    }

    /// Some events may have been too old to be taken.
    fn taken(answer: &Value) -> anyhow::Result<()> {
        match answer.get("rejectedLogEventsInfo") {
            None | Some(Value::Null) => Ok(()),
            Some(rejected) => bail!("some lines were rejected: {rejected}"),
        }
    }

    async fn call(
        &self,
        group: &Group<'_>,
        operation: &str,
        body: &Value,
    ) -> anyhow::Result<Result<Value, Refusal>> {
        let request = Request::post(format!("{}/", self.endpoint))
            .header("content-type", "application/x-amz-json-1.1")
            .header("x-amz-target", format!("Logs_20140328.{operation}"))
            .body(Bytes::from(body.to_string()))?;
        let answer = self.aws.call(LOGS, group.region, request, PATIENCE).await?;
        let told: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if answer.status().is_success() {
            return Ok(Ok(told));
        }
        Ok(Err(Refusal {
            name: error_name(&answer, &told),
            message: error_message(&told).to_owned(),
        }))
    }
}

/// What the service refused with.
struct Refusal {
    name: String,
    message: String,
}

/// A log group, by its ARN: `arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*`.
#[derive(Debug, PartialEq)]
struct Group<'a> {
    region: &'a str,
    name: &'a str,
}

impl<'a> Group<'a> {
    fn of(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(7, ':');
        let region = parts.nth(3)?;
        let kind = parts.nth(1)?;
        let name = parts.next()?;
        let name = name.strip_suffix(":*").unwrap_or(name);
        (kind == "log-group" && !name.is_empty()).then_some(Self { region, name })
    }
}

/// Lines in the order of their moments, cut where AWS takes no more at once. A line that is too
/// long for any batch does not occur: a record is cut at 248 KiB.
fn batches(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    lines.sort_by_key(|line| line.at);
    let mut batches: Vec<Vec<Line>> = Vec::new();
    let mut bytes = 0;
    for line in lines {
        let more = line.text.len() + EVENT_BYTES;
        let fits = batches.last().is_some_and(|batch| {
            batch.len() < BATCH_EVENTS_MAX
                && bytes + more <= BATCH_BYTES_MAX
                && line.at.0 - batch[0].at.0 <= BATCH_MILLISECONDS_MAX
        });
        match batches.last_mut().filter(|_| fits) {
            Some(batch) => {
                bytes += more;
                batch.push(line);
            }
            None => {
                bytes = more;
                batches.push(vec![line]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(moments: impl Iterator<Item = i64>, length: usize) -> Vec<Line> {
        let line = |at| Line {
            group: "g".into(),
            at: Timestamp(at),
            text: "x".repeat(length),
        };
        moments.map(line).collect()
    }

    fn sizes(lines: Vec<Line>) -> Vec<usize> {
        batches(lines).iter().map(Vec::len).collect()
    }

    #[test]
    fn batches_are_as_large_as_aws_takes() {
        assert_eq!(sizes(lines(0..25_000, 1)), [10_000, 10_000, 5_000]);
        let longest = 1_048_576 / 4 - 26;
        assert_eq!(sizes(lines(0..9, longest)), [4, 4, 1]);
        assert_eq!(sizes(lines(0..9, longest + 1)), [3, 3, 3]);
        let day = 24 * 3_600_000;
        assert_eq!(sizes(lines([day + 1, 0, day].into_iter(), 1)), [2, 1]);
        assert_eq!(sizes(Vec::new()), [0; 0]);
    }

    #[test]
    fn groups_are_read_from_their_arns() {
        let arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/states/g:*";
        let group = Group {
            region: "eu-west-1",
            name: "/aws/vendedlogs/states/g",
        };
        assert_eq!(Group::of(arn), Some(group));
        for arn in [
            "",
            "arn:aws:logs:r:a:log-group:",
            "arn:aws:logs:r:a:other:n:*",
        ] {
            assert_eq!(Group::of(arn), None, "{arn}");
        }
    }
}
