//! Retriers and Catchers: what a state does about a failure.

use std::sync::Arc;

use super::{ResultPath, StateId, Template};

/// One element of `Retry`.
#[derive(Clone, Debug)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Vec<String>,
    /// `IntervalSeconds`: the first delay; 1 unless said.
    pub interval_seconds: u64,
    /// `MaxAttempts`: retries, not tries; 3 unless said, 0 for none.
    pub max_attempts: u64,
    /// `BackoffRate`: at least 1; 2 unless said.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy`
    pub jitter: Jitter,
}

/// `JitterStrategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Jitter {
    /// The delay as computed.
    #[default]
    None,
    /// Evenly between nothing and the delay as computed.
    Full,
}

/// One element of `Catch`.
#[derive(Clone, Debug)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Vec<String>,
    /// `Next`
    pub next: StateId,
    /// `ResultPath` (JSONPath): where the failure goes.
    pub result: ResultPath,
    /// `Output` (JSONata).
    pub output: Option<Template>,
    /// `Assign`
    pub assign: Vec<(Arc<str>, Template)>,
}
