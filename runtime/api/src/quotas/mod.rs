//! How much there may be of what, and how often one may ask: AWS's quotas as a preset, or
//! nearly none. Whoever serves decides; a self-hosted server is bounded by its machine.

mod throttle;

pub(crate) use throttle::{Throttle, start_rate};

use crate::ApiError;

/// What an account may have. AWS counts by account and region, this by server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// State machines.
    pub state_machines: u64,
    /// Activities.
    pub activities: u64,
    /// Executions that run at once.
    pub open_executions: u64,
    /// Versions of one state machine.
    pub versions: usize,
    /// Aliases of one state machine.
    pub aliases: usize,
    /// Whether requests are throttled as AWS does.
    pub throttles: bool,
}

impl Quotas {
    /// As AWS has them in its largest regions. Source: AWS, quotas of Step Functions.
    pub const AWS: Self = Self {
        state_machines: 100_000,
        activities: 100_000,
        open_executions: 1_000_000,
        versions: 1_000,
        aliases: 100,
        throttles: true,
    };

    /// None but those that keep one document small: a state machine's is written anew with
    /// each change of it, and has its versions and aliases in it.
    pub const NONE: Self = Self {
        state_machines: u64::MAX,
        activities: u64::MAX,
        open_executions: u64::MAX,
        versions: 10_000,
        aliases: 10_000,
        throttles: false,
    };

    /// Whether one more state machine may be there.
    ///
    /// # Errors
    /// `StateMachineLimitExceeded`.
    pub(crate) fn check_state_machines(&self, there: impl Count) -> Result<(), ApiError> {
        let words = "State Machine Limit Exceeded";
        check(
            there,
            self.state_machines,
            "StateMachineLimitExceeded",
            words,
        )
    }

    /// Whether one more activity may be there.
    ///
    /// # Errors
    /// `ActivityLimitExceeded`.
    pub(crate) fn check_activities(&self, there: impl Count) -> Result<(), ApiError> {
        let words = "Activity Limit Exceeded";
        check(there, self.activities, "ActivityLimitExceeded", words)
    }

    /// Whether one more execution may run.
    ///
    /// # Errors
    /// `ExecutionLimitExceeded`.
    pub(crate) fn check_executions(&self, there: impl Count) -> Result<(), ApiError> {
        let words = "Execution Limit Exceeded";
        check(there, self.open_executions, "ExecutionLimitExceeded", words)
    }

    /// Whether a state machine may have one more version.
    ///
    /// # Errors
    /// `ServiceQuotaExceededException`.
    pub(crate) fn check_versions(&self, there: usize) -> Result<(), ApiError> {
        let words = "The number of versions of the state machine has reached its limit";
        check(|| Ok(there as u64), self.versions as u64, EXCEEDED, words)
    }

    /// Whether a state machine may have one more alias.
    ///
    /// # Errors
    /// `ServiceQuotaExceededException`.
    pub(crate) fn check_aliases(&self, there: usize) -> Result<(), ApiError> {
        let words = "The number of aliases of the state machine has reached its limit";
        check(|| Ok(there as u64), self.aliases as u64, EXCEEDED, words)
    }
}

/// Counts what is there; asked only where there is a quota.
pub(crate) trait Count: FnOnce() -> Result<u64, ApiError> {}

impl<F: FnOnce() -> Result<u64, ApiError>> Count for F {}

const EXCEEDED: &str = "ServiceQuotaExceededException";

fn check(there: impl Count, max: u64, name: &'static str, words: &str) -> Result<(), ApiError> {
    match max == u64::MAX || there()? < max {
        true => Ok(()),
        false => Err(ApiError::new(name, format!("{words}: '{max}'"))),
    }
}
