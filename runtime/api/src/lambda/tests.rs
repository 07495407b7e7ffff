//! Lambda's API in process: a host that echoes, and a journal in memory.

mod aliases;
mod configurations;
mod deployments;
mod grants;
mod invocations;
mod lists;
mod names;
mod versions;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use asl::arn::Place;
use asl::history::Usage;
use asl::{Failure, Payload, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::{Clock, Entropy, clock::Sleeping};
use host::{
    Attempt, Digest, Error, Kind, ModuleKeeper, NotPrepared, Outcome, Prepared, Preparing, Running,
    TaskHost,
};
use journal::MemoryJournal;
use serde_json::{Value, json};

use super::{Lambda, LambdaCall};
use crate::{Caller, Functions};

pub(super) const ROLE: &str = "arn:aws:iam::123456789012:role/r";
pub(super) const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// A module of this text, as its author uploads it.
pub(super) fn module(text: &str) -> String {
    STANDARD.encode(format!("\0asm{text}"))
}

/// Takes any module that does not say `bad`; its text is its digest. Runs it by its text.
struct Echo;

impl ModuleKeeper for Echo {
    fn prepare(&self, bytes: Vec<u8>) -> Preparing<'_> {
        let text = String::from_utf8_lossy(&bytes[4..]).into_owned();
        let prepared = match text.as_str() {
            "bad" => Err(NotPrepared::Refused("it is bad".into())),
            "broken" => Err(Error::Sandbox("a secret of the host".into()).into()),
            text => Ok(Prepared {
                digest: Digest(text.into()),
                kind: Kind::Task,
                imports: vec!["stepwell:task/host".into()],
            }),
        };
        Box::pin(std::future::ready(prepared))
    }

    fn bytes(&self, digest: &Digest) -> Result<Arc<[u8]>, Error> {
        Err(Error::NoSuchModule(digest.clone()))
    }
}

impl TaskHost for Echo {
    fn run(&self, attempt: Attempt) -> Running<'_> {
        let said = attempt.module.digest.to_string();
        let result = match said.as_str() {
            "fails" => Err(Failure::new("CardDeclined", "no money")),
            "slow" => Err(Failure::new("States.Timeout", "too long")),
            "breaks" => return Box::pin(async { Err(Error::Sandbox("a secret".into())) }),
            _ => Ok(Payload::from_value(json!({
                "said": said,
                "given": attempt.input.value(),
                "memory": attempt.module.limits.memory_bytes_max >> 20,
            }))),
        };
        let usage = Usage {
            fuel: 7,
            memory_bytes_peak: 1 << 20,
            wall_time: Duration::from_millis(3),
            ..Usage::default()
        };
        let log_tail = "hello\n".to_owned();
        Box::pin(std::future::ready(Ok(Outcome {
            result,
            usage,
            log_tail,
        })))
    }
}

/// A clock that the test moves, and sleeps that move it.
#[derive(Default)]
pub(super) struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(SeqCst).cast_signed())
    }

    fn sleep_until(&self, at: Timestamp) -> Sleeping {
        self.0.store(at.0.cast_unsigned(), SeqCst);
        Box::pin(std::future::ready(()))
    }
}

/// Counts, so that every draw is another.
#[derive(Default)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn draw(&self) -> u64 {
        self.0.fetch_add(1, SeqCst)
    }
}

/// The API of one account.
pub(super) struct Account {
    lambda: Arc<Lambda>,
    pub(super) functions: Arc<Functions>,
    pub(super) clock: Arc<TestClock>,
}

/// An answer, read.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Value,
}

impl Told {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The exception's name and sentence.
    pub(super) fn refusal(&self) -> (&str, &str) {
        let name = self.header("x-amzn-ErrorType").unwrap_or_default();
        let message = self.body.get("message").or(self.body.get("Message"));
        (name, message.and_then(Value::as_str).unwrap_or_default())
    }
}

impl Account {
    pub(super) fn new() -> Self {
        let functions = Arc::new(Functions::new(Arc::new(MemoryJournal::default())));
        let clock = Arc::new(TestClock::default());
        let lambda = Lambda::new(
            Arc::clone(&functions),
            Arc::new(Echo),
            Arc::new(Echo),
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::new(Counting::default()),
        );
        Self {
            lambda: Arc::new(lambda),
            functions,
            clock,
        }
    }

    /// An account in which `f` is the module `one`.
    pub(super) async fn with_f() -> Self {
        let account = Self::new();
        account.create("f", "one").await;
        account
    }

    pub(super) async fn create(&self, name: &str, text: &str) -> Value {
        let code = json!({ "ZipFile": module(text) });
        let request = json!({ "FunctionName": name, "Role": ROLE, "Code": code });
        self.done("CreateFunction", request).await
    }

    /// An operation whose request has these fields, wherever they stand.
    pub(super) async fn call(&self, operation: &str, fields: Value) -> Told {
        let Value::Object(parameters) = fields else {
            panic!("fields");
        };
        self.raw(operation, parameters, b"").await
    }

    pub(super) async fn raw(
        &self,
        operation: &str,
        parameters: serde_json::Map<String, Value>,
        body: &[u8],
    ) -> Told {
        let caller = Caller::from(Place::default());
        let call = LambdaCall {
            parameters,
            body: Bytes::copy_from_slice(body),
        };
        let answer = self.lambda.call(operation, &caller, call).await;
        Told {
            status: answer.status,
            headers: answer.headers,
            body: serde_json::from_slice(&answer.body).unwrap_or(Value::Null),
        }
    }

    /// An operation that succeeds: its answer.
    pub(super) async fn done(&self, operation: &str, fields: Value) -> Value {
        let told = self.call(operation, fields).await;
        assert!(told.status < 300, "{operation}: {told:?}");
        told.body
    }

    /// An operation that is refused: the status, the exception's name, the sentence.
    pub(super) async fn refused(&self, operation: &str, fields: Value) -> (u16, String, String) {
        let told = self.call(operation, fields).await;
        let (name, message) = told.refusal();
        (told.status, name.to_owned(), message.to_owned())
    }
}

/// `refused`, as tests compare it.
pub(super) fn refusal(status: u16, name: &str, message: &str) -> (u16, String, String) {
    (status, name.to_owned(), message.to_owned())
}
