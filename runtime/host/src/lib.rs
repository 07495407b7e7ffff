//! Runs one Task attempt in one sandbox.
//!
//! This crate knows modules, limits and outcomes. It knows nothing of state machines,
//! retries, journals or the AWS API. Read [`TaskHost`] first.

mod grants;
mod keeper;
pub mod scripted;
#[cfg(feature = "wasm")]
pub mod wasm;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use asl::{Failure, Payload, Timestamp};

pub use asl::history::Usage;
pub use grants::{BadGrant, Directory, Endpoint, GRANTS_MAX, Grants, OnInterruption, SecretName};
pub use keeper::{Kind, ModuleKeeper, NotPrepared, Prepared, Preparing};
use serde::{Deserialize, Serialize};

/// The future of one attempt.
pub type Running<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Error>> + Send + 'a>>;

/// The SHA-256 of a module's bytes, as 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(pub Arc<str>);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What one attempt of a module version may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Linear memory, in bytes; all memories of the instance together.
    pub memory_bytes_max: u64,
    /// Fuel, in wasmtime's units: about one a Wasm instruction.
    pub fuel_max: u64,
    /// Longest time of one attempt, whatever the state allows.
    pub timeout: Duration,
    /// Elements of one table: of what a guest calls through pointers.
    pub table_elements_max: u32,
    /// Core instances within one component.
    pub instances_max: u32,
    /// What it may answer, in bytes.
    pub output_bytes_max: u64,
    /// What it may log, in bytes; the rest is dropped and counted.
    pub log_bytes_max: u64,
    /// HTTP connections it may have open at the same time.
    pub connections_max: u32,
    /// Bodies of HTTP requests and responses, in bytes, all together.
    pub http_bytes_max: u64,
}

/// The bounds that no version's limits exceed: what the sandbox reserves for each attempt, and
/// what the host can hold of each.
pub const LIMITS_MAX: Limits = Limits {
    // What a module can address.
    memory_bytes_max: 4 << 30,
    fuel_max: u64::MAX,
    // Lambda's longest is 15 minutes; its durable functions wait longer.
    timeout: Duration::from_secs(5_400),
    // The pool has room for so many.
    table_elements_max: 100_000,
    instances_max: 64,
    // Lambda's bound on a response.
    output_bytes_max: 6 << 20,
    // Held by nobody, but written for each attempt.
    log_bytes_max: 64 << 20,
    // A process has a thousand descriptors, and hundreds of attempts.
    connections_max: 64,
    http_bytes_max: 1 << 40,
};

impl Default for Limits {
    /// 128 MiB, 10^10 units of fuel (some seconds of work), 15 minutes as Lambda has it; a
    /// mebibyte of log, eight connections, 64 MiB over them; of all else what there can be.
    fn default() -> Self {
        Self {
            memory_bytes_max: 128 << 20,
            fuel_max: 10_000_000_000,
            timeout: Duration::from_secs(900),
            table_elements_max: LIMITS_MAX.table_elements_max,
            instances_max: LIMITS_MAX.instances_max,
            output_bytes_max: LIMITS_MAX.output_bytes_max,
            log_bytes_max: 1 << 20,
            connections_max: 8,
            http_bytes_max: 64 << 20,
        }
    }
}

/// A module version that can be run: code by digest, its limits and grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// Which code.
    pub digest: Digest,
    /// What it may use.
    pub limits: Limits,
    /// What it may reach.
    #[serde(default)]
    pub grants: Arc<Grants>,
}

impl Module {
    /// A module that is granted nothing.
    pub fn pure(digest: Digest, limits: Limits) -> Self {
        Self {
            digest,
            limits,
            grants: Grants::none(),
        }
    }
}

/// What a guest can ask about its attempt. All of it is recorded, so that a repeated
/// attempt of a pure module sees the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The execution's ARN.
    pub execution_arn: String,
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// The Task state's name.
    pub state_name: String,
    /// How often this state was retried before.
    pub retry_count: u32,
    /// The same when this attempt is repeated, and different for any other.
    pub idempotency_key: String,
    /// When the attempt was scheduled: where the guest's clocks begin.
    pub started_at: Timestamp,
    /// When the state times out, if it does.
    pub deadline: Option<Timestamp>,
}

/// Called for each heartbeat of the guest; must not block.
pub type OnHeartbeat = Arc<dyn Fn() + Send + Sync>;

/// One try of one Task.
#[derive(Clone)]
pub struct Attempt {
    /// What to run.
    pub module: Module,
    /// The JSON it is given.
    pub input: Payload,
    /// What it may ask.
    pub context: Context,
    /// Whom its heartbeats reach.
    pub on_heartbeat: OnHeartbeat,
}

/// How an attempt ended, and what it used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The guest's answer, or how it failed: by its own word or by the sandbox's.
    pub result: Result<Payload, Failure>,
    /// What it used.
    pub usage: Usage,
    /// The end of what it logged: at most [`LOG_TAIL_BYTES_MAX`].
    pub log_tail: String,
}

/// What is kept of an attempt's log, in bytes. Source: AWS Lambda, `LogType` of Invoke: the
/// last 4 KB.
pub const LOG_TAIL_BYTES_MAX: usize = 4 << 10;

/// What went wrong in the host, not in the guest: the attempt may be repeated elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The code of this digest is not in the module store.
    #[error("no module with digest {0} is stored here")]
    NoSuchModule(Digest),
    /// The store could not be read or written.
    #[error("{path}: {source}")]
    Store {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The sandbox itself failed, not the guest.
    #[error("the sandbox failed: {0}")]
    Sandbox(String),
}

/// Runs attempts. Every limit is kept by the host; dropping the future ends the guest
/// within 10 ms, wherever it is.
pub trait TaskHost: Send + Sync + 'static {
    /// Runs one attempt to its end.
    fn run(&self, attempt: Attempt) -> Running<'_>;
}
