//! One attempt: who does the work, and until when.

use std::sync::Arc;

use asl::Failure;
use asl::arn::ExecutionArn;
use asl::history::{EventId, Usage, Via};
use asl::interpreter::{Identity, Report, TaskCommand};
use host::{Attempt, Context, OnHeartbeat, TaskHost};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::function::Modules;
use crate::integration::{self, Elsewhere, Plan, Work};
use crate::services::{Invocation, ServiceCall, Services};

/// What attempts need of the engine.
pub(crate) struct Workshop {
    pub(crate) host: Arc<dyn TaskHost>,
    pub(crate) modules: Arc<dyn Modules>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) services: Arc<dyn Services>,
}

/// Who does the work of an attempt, or why nobody can.
pub(crate) type Planned<'c> = Result<Plan<'c>, Failure>;

impl Workshop {
    /// Finds out who does the work of an attempt: once, for a name may lead elsewhere later.
    pub(crate) fn plan<'c>(&self, identity: &Identity, command: &'c TaskCommand) -> Planned<'c> {
        integration::plan(identity, command, &*self.modules)
    }

    /// Runs an attempt to its end, its deadline or a missed heartbeat, whichever is first.
    /// Dropping the future ends the guest.
    pub(crate) async fn run(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        plan: Planned<'_>,
    ) -> (Report, Option<Usage>) {
        let beat = Arc::new(Notify::new());
        let heard = Arc::clone(&beat);
        tokio::select! {
            // Polled in this order, so that an answer beats a timeout of the same moment.
            biased;
            outcome = self.work(identity, command, plan, Arc::new(move || heard.notify_one())) => outcome,
            () = self.deadline(command) => (Report::TimedOut, None),
            () = self.silence(command, &beat) => (Report::HeartbeatTimedOut, None),
        }
    }

    /// Runs an attempt of a Task that waits on for its token: the answer is what was
    /// submitted. Its time is watched with the Task's, not here.
    pub(crate) async fn submit(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        plan: Planned<'_>,
        on_heartbeat: OnHeartbeat,
    ) -> (Report, Option<Usage>) {
        match self.work(identity, command, plan, on_heartbeat).await {
            (Report::Succeeded(answer), usage) => (Report::Submitted(answer), usage),
            other => other,
        }
    }

    async fn work(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        plan: Planned<'_>,
        on_heartbeat: OnHeartbeat,
    ) -> (Report, Option<Usage>) {
        match plan {
            Ok(Plan::Module(work)) => self.invoke(identity, command, &work, on_heartbeat).await,
            Ok(Plan::Elsewhere(work)) => {
                (self.invoke_elsewhere(identity, command, work).await, None)
            }
            Ok(Plan::Service { service, action }) => {
                (self.call(identity, command, service, action).await, None)
            }
            Err(failure) => (Report::Failed(failure), None),
        }
    }

    /// Invokes a function that is not deployed here, where others may have it.
    async fn invoke_elsewhere(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        work: Elsewhere,
    ) -> Report {
        let is_wrapped = command.via != Via::Lambda;
        let key = idempotency_key(identity, command);
        let invocation = Invocation {
            function: &work.function,
            is_at_home: work.is_at_home,
            payload: &work.input,
            parameters: match is_wrapped {
                true => command.input.value(),
                false => &Value::Null,
            },
            idempotency_key: &key,
        };
        let invoking = (!work.is_ours).then(|| self.services.invoke(invocation));
        match invoking.flatten() {
            None => Report::Failed(work.not_found(&key)),
            Some(invoking) => match invoking.await {
                Ok(invoked) => Report::Succeeded(work.answer(invoked)),
                Err(failure) => Report::Failed(failure),
            },
        }
    }

    async fn call(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        service: &str,
        action: &str,
    ) -> Report {
        let caller = match integration::caller(identity, command.credentials.as_ref()) {
            Ok(caller) => caller,
            Err(failure) => return Report::Failed(failure),
        };
        let call = ServiceCall {
            service,
            action,
            resource: &command.resource,
            parameters: &command.input,
            identity,
            caller: &caller,
            idempotency_key: &idempotency_key(identity, command),
        };
        match self.services.call(call).await {
            Ok(answer) => Report::Succeeded(answer),
            Err(failure) => Report::Failed(failure),
        }
    }

    async fn invoke(
        &self,
        identity: &Identity,
        command: &TaskCommand,
        work: &Work,
        on_heartbeat: OnHeartbeat,
    ) -> (Report, Option<Usage>) {
        let attempt = Attempt {
            module: work.module.clone(),
            input: work.input.clone(),
            context: context(identity, command),
            on_heartbeat,
        };
        match self.host.run(attempt).await {
            Ok(outcome) => {
                let usage = outcome.usage;
                (work.report(outcome, command), Some(usage))
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

/// The same when this attempt is repeated.
pub(crate) fn idempotency_key(identity: &Identity, command: &TaskCommand) -> String {
    key_of(&identity.execution_arn, command.task.scheduled)
}

/// The key of an attempt: an execution and the event that scheduled it.
pub(crate) fn key_of(execution: &ExecutionArn, scheduled: EventId) -> String {
    format!("{execution}#{}", scheduled.0)
}

/// What an attempt's calls are known by to who answers them.
pub(crate) fn request_id(idempotency_key: &str) -> String {
    uuid_of(&format!("{idempotency_key}/request"))
}

/// A UUID that is always the same for this key.
pub(crate) fn uuid_of(key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // Version 8, "custom", of RFC 9562.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ];
    parts.join("-")
}
