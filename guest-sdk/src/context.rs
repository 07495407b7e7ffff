//! What a task may ask about its attempt, and the sign of life it may give.

use crate::platform;

/// The attempt this instance was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The execution's ARN.
    pub execution_arn: String,
    /// The state machine's ARN.
    pub state_machine_arn: String,
    /// The name of the Task state.
    pub state_name: String,
    /// How often the state was retried before this attempt: 0 for the first.
    pub retry_count: u32,
    /// The same text whenever this same attempt is repeated after a crash, and a different
    /// one for every other attempt: hand it to whatever must not happen twice.
    pub idempotency_key: String,
    /// When the attempt was scheduled, in milliseconds since 1970-01-01T00:00:00Z.
    pub started_at_milliseconds: u64,
    /// When the state times out, if it does; in the same unit.
    pub deadline_milliseconds: Option<u64>,
}

/// Asks about this attempt.
pub fn context() -> Context {
    platform::context()
}

/// Says that the task is alive: the state's HeartbeatSeconds counts anew from here.
pub fn heartbeat() {
    platform::heartbeat();
}
