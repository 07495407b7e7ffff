//! The trace of one execution: the execution is a span, and each state within it.
//!
//! Ids are made of the execution's ARN and of event ids, so that an execution which is taken
//! up after a restart goes on with the same trace. A span is told when it has ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::Timestamp;
use asl::history::{Detail, EventId, HistoryEvent, Note, Record, ScopeId, StateType};
use engine::Beginning;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::spans::Spans;
use super::waiting::Waiting;

/// `SPAN_KIND_INTERNAL` of OTLP.
const KIND_INTERNAL: u8 = 1;
/// `STATUS_CODE_OK` and `STATUS_CODE_ERROR` of OTLP.
const STATUS: [u8; 2] = [1, 2];

/// Traces one execution.
pub(super) struct Tracer {
    spans: Arc<Spans>,
    execution: String,
    machine: String,
    trace_id: String,
    /// The caller's span, if it named one.
    caller: Option<String>,
    started_at: Timestamp,
    /// The states that were entered and not left, by scope.
    open: BTreeMap<ScopeId, Open>,
    /// Who opened a scope.
    parents: BTreeMap<ScopeId, ScopeId>,
    /// What ended, and waits to be durable.
    ended: Vec<Value>,
    waiting: Waiting<Value>,
}

struct Open {
    span_id: String,
    name: Arc<str>,
    state: StateType,
    entered_at: Timestamp,
}

/// The trace that a caller wants to be part of.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    trace_id: String,
    parent: Option<String>,
    sampled: bool,
}

impl Wanted {
    /// Reads AWS's `X-Amzn-Trace-Id`, or W3C's `traceparent`; nothing from anything else.
    fn read(header: &str) -> Option<Self> {
        if let [version, trace, parent, flags] = header.split('-').collect::<Vec<_>>()[..]
            && version.len() == 2
        {
            return Some(Self {
                trace_id: hex(trace, 32)?,
                parent: Some(hex(parent, 16)?),
                sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
            });
        }
        let parts = || {
            header
                .split(';')
                .filter_map(|part| part.trim().split_once('='))
        };
        let part = |name: &str| {
            parts()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let [version, time, unique] = part("Root")?.split('-').collect::<Vec<_>>()[..] else {
            return None;
        };
        Some(Self {
            trace_id: hex(&format!("{time}{unique}"), 32).filter(|_| version == "1")?,
            parent: part("Parent").and_then(|parent| hex(parent, 16)),
            sampled: part("Sampled") != Some("0"),
        })
    }
}

/// A text of so many hexadecimal digits, not all zero.
fn hex(text: &str, digits: usize) -> Option<String> {
    let is_sound = text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    is_sound.then(|| text.to_ascii_lowercase())
}

/// So many digits that are always the same for this text.
fn id(text: &str, digits: usize) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let all: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    all[..digits].to_owned()
}

impl Tracer {
    /// A tracer, unless the caller does not want its trace to be kept.
    pub(super) fn new(spans: &Arc<Spans>, beginning: &Beginning<'_>) -> Option<Self> {
        let identity = beginning.identity;
        let header = beginning.started_as.trace_header.as_deref();
        let wanted = header.and_then(Wanted::read);
        if wanted.as_ref().is_some_and(|wanted| !wanted.sampled) {
            return None;
        }
        let execution = identity.execution_arn.to_string();
        let (trace_id, caller) = match wanted {
            Some(wanted) => (wanted.trace_id, wanted.parent),
            None => (id(&execution, 32), None),
        };
        let mut tracer = Self {
            spans: Arc::clone(spans),
            machine: identity.state_machine_arn.to_string(),
            execution,
            trace_id,
            caller,
            started_at: Timestamp(0),
            open: BTreeMap::new(),
            parents: BTreeMap::new(),
            ended: Vec::new(),
            waiting: Waiting::default(),
        };
        tracer.take_in(beginning.past);
        // Those were told before.
        tracer.ended.clear();
        Some(tracer)
    }

    pub(super) fn recorded(&mut self, records: &[Record], rows: u64) {
        self.take_in(records);
        for span in self.ended.drain(..) {
            self.waiting.push(rows, span);
        }
    }

    pub(super) fn durable(&mut self, rows: u64) {
        while let Some(span) = self.waiting.pop(rows) {
            self.spans.offer(span);
        }
    }

    fn take_in(&mut self, records: &[Record]) {
        for record in records {
            match record {
                Record::Event(scope, event) => self.take(*scope, event),
                Record::Note(Note::ScopeOpened { scope, parent, .. }) => {
                    self.parents.insert(*scope, *parent);
                }
                Record::Note(_) => {}
            }
        }
    }

    fn take(&mut self, scope: ScopeId, event: &HistoryEvent) {
        match &event.detail {
            Detail::ExecutionStarted { .. } => self.started_at = event.timestamp,
            Detail::StateEntered { state, name, .. } => {
                let open = Open {
                    span_id: self.span_id(event.id),
                    name: Arc::clone(name),
                    state: *state,
                    entered_at: event.timestamp,
                };
                self.open.insert(scope, open);
            }
            Detail::StateExited { .. } => self.left(scope, event.timestamp, None),
            Detail::ExecutionSucceeded { .. } => self.ended(event.timestamp, None),
            Detail::ExecutionFailed(failure)
            | Detail::ExecutionAborted(failure)
            | Detail::ExecutionTimedOut(failure) => {
                self.ended(event.timestamp, Some(failure.error_name()));
            }
            _ => {}
        }
    }

    fn span_id(&self, event: EventId) -> String {
        id(&format!("{}#{}", self.execution, event.0), 16)
    }

    /// The execution's own span: that of its first event.
    fn root(&self) -> String {
        self.span_id(EventId(1))
    }

    fn left(&mut self, scope: ScopeId, at: Timestamp, error: Option<&str>) {
        let Some(open) = self.open.remove(&scope) else {
            return;
        };
        let owner = self
            .parents
            .get(&scope)
            .and_then(|parent| self.open.get(parent));
        let parent = owner.map_or_else(|| self.root(), |owner| owner.span_id.clone());
        let attributes = [("aws.states.state_type", open.state.as_str().to_owned())];
        let times = (open.entered_at, at);
        self.tell(
            &open.name,
            &open.span_id,
            Some(&parent),
            times,
            &attributes,
            error,
        );
    }

    fn ended(&mut self, at: Timestamp, error: Option<&str>) {
        // Innermost first: a state's own span must still be known to those within it.
        while let Some((&scope, _)) = self.open.last_key_value() {
            self.left(scope, at, error);
        }
        let name = self
            .machine
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        let attributes = [
            ("aws.states.execution_arn", self.execution.clone()),
            ("aws.states.state_machine_arn", self.machine.clone()),
        ];
        let (root, caller) = (self.root(), self.caller.clone());
        let times = (self.started_at, at);
        self.tell(&name, &root, caller.as_deref(), times, &attributes, error);
    }

    fn tell(
        &mut self,
        name: &str,
        span_id: &str,
        parent: Option<&str>,
        (from, to): (Timestamp, Timestamp),
        attributes: &[(&str, String)],
        error: Option<&str>,
    ) {
        let attributes: Vec<Value> = attributes
            .iter()
            .map(|(key, value)| text(key, value))
            .collect();
        let mut span = json!({
            "traceId": self.trace_id,
            "spanId": span_id,
            "name": name,
            "kind": KIND_INTERNAL,
            "startTimeUnixNano": nanoseconds(from),
            "endTimeUnixNano": nanoseconds(to),
            "attributes": attributes,
            "status": { "code": STATUS[usize::from(error.is_some())] },
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = parent.into();
        }
        if let Some(error) = error {
            span["status"]["message"] = error.into();
        }
        self.ended.push(span);
    }
}

/// An attribute of OTLP.
pub(super) fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// OTLP's JSON has 64-bit numbers as texts.
fn nanoseconds(at: Timestamp) -> String {
    at.0.saturating_mul(1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_name_their_trace_in_aws_or_w3c_words() {
        let trace = "5759e988bd862e3fe1be46a994272793";
        let read =
            |header: &str| Wanted::read(header).map(|it| (it.trace_id, it.parent, it.sampled));
        let parent = || Some("53995c3f42cd8ad8".to_owned());
        let xray = "Root=1-5759e988-bd862e3fe1be46a994272793";
        for (header, expected) in [
            (xray.to_owned(), Some((trace.into(), None, true))),
            (
                format!("{xray};Parent=53995c3f42cd8ad8;Sampled=0"),
                Some((trace.into(), parent(), false)),
            ),
            (
                format!("00-{trace}-53995c3f42cd8ad8-01"),
                Some((trace.into(), parent(), true)),
            ),
            (
                format!("00-{trace}-53995c3f42cd8ad8-00"),
                Some((trace.into(), parent(), false)),
            ),
            ("Root=2-5759e988-bd862e3fe1be46a994272793".into(), None),
            ("Root=1-5759e988".into(), None),
            (format!("00-{}-53995c3f42cd8ad8-01", "0".repeat(32)), None),
            ("nonsense".into(), None),
            (String::new(), None),
        ] {
            assert_eq!(read(&header), expected, "{header}");
        }
    }

    #[test]
    fn ids_are_the_same_for_the_same_and_long_enough() {
        assert_eq!(id("a", 32), id("a", 32));
        assert_ne!(id("a", 16), id("b", 16));
        assert_eq!((id("a", 32).len(), id("a", 16).len()), (32, 16));
    }
}
