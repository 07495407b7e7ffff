//! One invocation: an attempt of a function that no execution asked for.

use std::sync::Arc;

use asl::{ErrorName, Failure, Payload, Timestamp};
use host::{Attempt, Context, Module, Outcome};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Lambda, refusal};
use crate::ApiError;

/// Invocations under way whose callers wait. Source: AWS, quotas of Lambda: the concurrent
/// executions of an account.
const WAITING_MAX: usize = 1_000;

/// Invocations of type Event that are under way or wait to be tried again. Ours: each holds
/// its payload, of 1 MiB at most, in memory.
const EVENTS_MAX: usize = 256;

/// How long a failed Event waits before it is tried again. Source: AWS, "How Lambda handles
/// errors and retries with asynchronous invocation": two more attempts, after a minute and
/// after two.
const EVENT_DELAYS_SECONDS: [i64; 2] = [60, 120];

/// Who may be invoked at once.
#[derive(Debug)]
pub(super) struct Places {
    waiting: Arc<Semaphore>,
    events: Arc<Semaphore>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            events: Arc::new(Semaphore::new(EVENTS_MAX)),
        }
    }
}

impl Places {
    /// A place for one whose caller waits.
    ///
    /// # Errors
    /// `TooManyRequestsException`
    pub(super) fn waiting(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Self::take(&self.waiting)
    }

    /// A place for an Event.
    ///
    /// # Errors
    /// `TooManyRequestsException`
    pub(super) fn event(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        Self::take(&self.events)
    }

    /// How many Events find a place.
    #[cfg(test)]
    pub(super) fn events_free(&self) -> usize {
        self.events.available_permits()
    }

    #[cfg(test)]
    pub(super) fn events_max(&self) -> usize {
        EVENTS_MAX
    }

    fn take(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
        let place = Arc::clone(places).try_acquire_owned();
        place.map_err(|_| refusal::too_many())
    }
}

/// What is invoked, and how.
#[derive(Clone, Debug)]
pub(super) struct Invocation {
    pub(super) module: Module,
    /// As `ExecutedVersion` words it.
    pub(super) version: String,
    pub(super) input: Payload,
    pub(super) request_id: String,
}

impl Invocation {
    /// Runs one attempt.
    ///
    /// # Errors
    /// `ServiceException`, when it was not the function that failed.
    pub(super) async fn run(&self, lambda: &Lambda) -> Result<Outcome, ApiError> {
        let attempt = Attempt {
            module: self.module.clone(),
            input: self.input.clone(),
            context: self.context(lambda.now()),
            on_heartbeat: Arc::new(|| {}),
        };
        let outcome = lambda.host.run(attempt).await;
        outcome.map_err(|error| ApiError::internal(&error))
    }

    /// Runs it until it succeeds or has been tried often enough. Nobody is told how it went,
    /// and a restart forgets it.
    pub(super) async fn run_as_event(self, lambda: &Lambda) {
        let mut delays = EVENT_DELAYS_SECONDS.into_iter();
        loop {
            let failed = match self.run(lambda).await {
                Ok(outcome) => outcome.result.err(),
                Err(error) => Some(Failure::new(error.name, error.message)),
            };
            let Some(failure) = failed else { return };
            let (error, request_id) = (failure.error_name(), &self.request_id);
            let Some(delay) = delays.next() else {
                tracing::error!(
                    request_id,
                    error,
                    "an asynchronous invocation failed for good"
                );
                return;
            };
            tracing::warn!(
                request_id,
                error,
                delay,
                "an asynchronous invocation failed"
            );
            let at = lambda.now().plus_seconds(delay);
            while lambda.now() < at {
                lambda.clock.sleep_until(at).await;
            }
        }
    }

    fn context(&self, now: Timestamp) -> Context {
        Context {
            execution_arn: String::new(),
            state_machine_arn: String::new(),
            state_name: String::new(),
            retry_count: 0,
            idempotency_key: self.request_id.clone(),
            started_at: now,
            deadline: None,
        }
    }

    /// The payload that tells of a failure.
    pub(super) fn failed(&self, failure: &Failure) -> String {
        let (id, timeout) = (&self.request_id, self.module.limits.timeout.as_secs_f64());
        let payload = match failure.error_name() {
            ErrorName::TIMEOUT => json!({
                "errorType": "Sandbox.Timedout",
                "errorMessage":
                    format!("RequestId: {id} Error: Task timed out after {timeout:.2} seconds"),
            }),
            name => json!({
                "errorMessage": failure.cause.as_deref().unwrap_or_default(),
                "errorType": name,
                "requestId": id,
            }),
        };
        payload.to_string()
    }

    /// `LogResult`: the end of the log, in base 64.
    pub(super) fn log_result(&self, outcome: &Outcome) -> String {
        let limits = &self.module.limits;
        engine::log_result(outcome, limits, &self.request_id, &self.version)
    }
}
