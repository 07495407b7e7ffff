//! Where there is no host: what a unit test of a task sees.

use crate::Context;
use crate::log::Level;

/// The first attempt of a made-up execution, without a timeout.
pub(crate) fn context() -> Context {
    Context {
        execution_arn: "arn:aws:states:us-east-1:123456789012:execution:test:test".to_owned(),
        state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:test".to_owned(),
        state_name: "Test".to_owned(),
        retry_count: 0,
        idempotency_key: "test".to_owned(),
        started_at_milliseconds: 0,
        deadline_milliseconds: None,
    }
}

pub(crate) fn heartbeat() {}

pub(crate) fn log(level: Level, message: &str, fields: &str) {
    eprintln!("{level:?} {message} {fields}");
}
