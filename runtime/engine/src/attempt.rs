//! One attempt: who does the work, and until when.

use std::sync::Arc;

use asl::history::Usage;
use asl::interpreter::{Identity, Report, TaskCommand};
use asl::{ErrorName, Failure};
use host::{Attempt, Context, TaskHost};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::integration::{self, Work};
use crate::task_module::Modules;

/// What attempts need of the engine.
pub(crate) struct Workshop {
    pub(crate) host: Arc<dyn TaskHost>,
    pub(crate) modules: Arc<dyn Modules>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Workshop {
    /// Runs an attempt to its end, its deadline or a missed heartbeat, whichever is first.
    /// Dropping the future ends the guest.
    pub(crate) async fn run(
        &self,
        identity: &Identity,
        command: &TaskCommand,
    ) -> (Report, Option<Usage>) {
        let work = match integration::plan(identity, command, &*self.modules) {
            Ok(work) => work,
            Err(failure) => return (Report::Failed(failure), None),
        };
        let beat = Arc::new(Notify::new());
        tokio::select! {
            // Polled in this order, so that an answer beats a timeout of the same moment.
            biased;
            outcome = self.attempt(identity, command, work, Arc::clone(&beat)) => outcome,
            () = self.deadline(command) => (Report::TimedOut, None),
            () = self.silence(command, &beat) => (Report::HeartbeatTimedOut, None),
        }
    }

    async fn attempt(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        work: Work,
        beat: Arc<Notify>,
    ) -> (Report, Option<Usage>) {
        let attempt = Attempt {
            module: work.module.clone(),
            input: work.input.clone(),
            context: context(identity, command),
            on_heartbeat: Arc::new(move || beat.notify_one()),
        };
        match self.host.run(attempt).await {
            Ok(outcome) => {
                let report = match outcome.result {
                    Ok(output) => Report::Succeeded(work.answer(output, command)),
                    Err(failure) if failure.error_name() == ErrorName::TIMEOUT => Report::TimedOut,
                    Err(failure) => Report::Failed(failure),
                };
                (report, Some(outcome.usage))
            }
            Err(error) => {
                tracing::error!(%error, resource = %command.resource, "the host failed");
                let failure = Failure::new("Lambda.ServiceException", error.to_string());
                (Report::Failed(failure), None)
            }
        }
    }

    async fn deadline(&self, command: &TaskCommand) {
        match command.deadline {
            Some(deadline) => self.until(deadline).await,
            None => std::future::pending().await,
        }
    }

    /// Resolves when HeartbeatSeconds pass without a beat.
    async fn silence(&self, command: &TaskCommand, beat: &Notify) {
        let Some(seconds) = command.heartbeat_seconds else {
            return std::future::pending().await;
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        loop {
            let limit = self.clock.now().plus_seconds(seconds);
            tokio::select! {
                biased;
                () = beat.notified() => {}
                () = self.until(limit) => return,
            }
        }
    }

    async fn until(&self, at: asl::Timestamp) {
        while self.clock.now() < at {
            self.clock.sleep_until(at).await;
        }
    }
}

/// What the guest may ask about its attempt.
fn context(identity: &Identity, command: &TaskCommand) -> Context {
    Context {
        execution_arn: identity.execution_arn.to_string(),
        state_machine_arn: identity.state_machine_arn.to_string(),
        state_name: command.state_name.to_string(),
        retry_count: command.retry_count,
        idempotency_key: idempotency_key(identity, command),
        started_at: command.scheduled_at,
        deadline: command.deadline,
    }
}

/// The same when this attempt is repeated: an execution and the event that scheduled it.
pub(crate) fn idempotency_key(identity: &Identity, command: &TaskCommand) -> String {
    format!("{}#{}", identity.execution_arn, command.task.scheduled.0)
}
