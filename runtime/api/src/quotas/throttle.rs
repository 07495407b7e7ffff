//! Token buckets: each request takes a token, and a bucket that is empty refuses.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use asl::Timestamp;
use asl::interpreter::Kind;

use crate::{ApiError, Caller};

/// How many requests may come at once, and how many a second in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    burst: u32,
    per_second: u32,
}

/// What most operations may.
const MOST: Rate = Rate {
    burst: 100,
    per_second: 1,
};

/// An operation's rate in AWS's largest regions; none is throttled elsewhere, or not at all.
/// Source: AWS, quotas of Step Functions, "API action throttling".
fn rate(operation: &str) -> Option<Rate> {
    let (burst, per_second) = match operation {
        // By the type of the state machine, see `start_rate`; the synchronous has no quota.
        "StartExecution" | "StartSyncExecution" => return None,
        "GetActivityTask" | "SendTaskFailure" | "SendTaskHeartbeat" | "SendTaskSuccess" => {
            (3_000, 500)
        }
        "RedriveExecution" => (1_300, 300),
        "StopExecution" => (1_000, 200),
        "GetExecutionHistory" => (400, 20),
        "DescribeExecution" => (300, 15),
        "DescribeStateMachine" => (200, 20),
        "DescribeActivity"
        | "DescribeMapRun"
        | "DescribeStateMachineAlias"
        | "DescribeStateMachineForExecution"
        | "TagResource"
        | "UntagResource" => (200, 1),
        "ListExecutions" => (200, 5),
        "ListActivities" => (100, 10),
        "ListStateMachines" => (100, 5),
        "TestState" => (50, 10),
        _ => return Some(MOST),
    };
    Some(Rate { burst, per_second })
}

/// The rate of StartExecution.
pub(crate) fn start_rate(kind: Kind) -> (&'static str, Rate) {
    let (name, burst, per_second) = match kind {
        Kind::Standard => ("StartExecution", 1_300, 300),
        Kind::Express => ("StartExecution express", 6_000, 6_000),
    };
    (name, Rate { burst, per_second })
}

/// Buckets that may be kept; an account has fewer than forty. Ours: who invents accounts must
/// not fill the memory; beyond that many all begin anew.
const BUCKETS_MAX: usize = 10_000;

/// The buckets of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    buckets: Mutex<HashMap<(String, &'static str), Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// In thousandths, so that a millisecond's refill is a whole number.
    tokens: u64,
    at: Timestamp,
}

impl Throttle {
    /// Takes a token for a request.
    ///
    /// # Errors
    /// `ThrottlingException`.
    pub(crate) fn operation(
        &self,
        operation: &'static str,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        match rate(operation) {
            Some(rate) => self.take(operation, rate, caller, now),
            None => Ok(()),
        }
    }

    /// Takes a token from this bucket of the caller's account and region.
    ///
    /// # Errors
    /// `ThrottlingException`.
    pub(crate) fn take(
        &self,
        name: &'static str,
        rate: Rate,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let full = u64::from(rate.burst) * 1_000;
        let account = format!("{}:{}", caller.place.region, caller.place.account_id);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.clear();
        }
        let bucket = buckets.entry((account, name)).or_insert(Bucket {
            tokens: full,
            at: now,
        });
        let passed = u64::try_from(now.0.saturating_sub(bucket.at.0)).unwrap_or(0);
        let refill = passed.saturating_mul(u64::from(rate.per_second));
        bucket.tokens = bucket.tokens.saturating_add(refill).min(full);
        bucket.at = now;
        match bucket.tokens.checked_sub(1_000) {
            Some(left) => {
                bucket.tokens = left;
                Ok(())
            }
            None => Err(ApiError::new("ThrottlingException", "Rate exceeded")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(account: &str) -> Caller {
        Caller::from(asl::arn::Place {
            account_id: account.into(),
            ..Default::default()
        })
    }

    #[test]
    fn a_burst_passes_then_the_rate() {
        let throttle = Throttle::default();
        let ask = |operation, account, now| {
            throttle
                .operation(operation, &caller(account), Timestamp(now))
                .is_ok()
        };
        assert_eq!(
            (0..200).filter(|_| ask("CreateActivity", "1", 0)).count(),
            100
        );
        assert!(!ask("CreateActivity", "1", 999));
        assert!(ask("CreateActivity", "1", 1_000) && !ask("CreateActivity", "1", 1_000));
        assert!(ask("CreateActivity", "2", 1_000) && ask("DeleteActivity", "1", 1_000));
        let minute = (0..1_000)
            .filter(|_| ask("StopExecution", "1", 60_000))
            .count();
        assert_eq!(minute, 1_000);
        let later = (0..1_000)
            .filter(|_| ask("StopExecution", "1", 61_000))
            .count();
        assert_eq!(later, 200);
        // A clock that was set back gives nothing, and takes nothing.
        assert!(ask("StopExecution", "1", 61_005) && !ask("StopExecution", "1", 0));
    }
}
