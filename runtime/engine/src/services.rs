//! The services of AWS that Tasks call beside Lambda and Step Functions themselves.
//!
//! The engine knows how a Task waits for a call; what a call does, and how its answer and its
//! errors are worded, is for whoever implements [`Services`].

use std::future::Future;
use std::pin::Pin;

use asl::interpreter::Identity;
use asl::{ErrorName, Failure, Payload};

/// The future of a call.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Payload, Failure>> + Send + 'a>>;

/// A call that a Task makes.
#[derive(Clone, Copy, Debug)]
pub struct ServiceCall<'a> {
    /// The service as the Resource names it: `sqs`, `aws-sdk:dynamodb`.
    pub service: &'a str,
    /// The action, without the pattern: `sendMessage`.
    pub action: &'a str,
    /// The Resource as written, for messages.
    pub resource: &'a str,
    /// Its Parameters or Arguments.
    pub parameters: &'a Payload,
    /// Whose Task it is.
    pub identity: &'a Identity,
    /// The same when the call is repeated after a crash.
    pub idempotency_key: &'a str,
}

/// Calls services.
pub trait Services: Send + Sync + 'static {
    /// Makes one call. The Task's time limits are kept outside: they drop the future.
    ///
    /// # Errors
    /// The Task's failure.
    fn call<'a>(&'a self, call: ServiceCall<'a>) -> Calling<'a>;
}

/// No service at all: every call fails, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoServices;

impl Services for NoServices {
    fn call<'a>(&'a self, call: ServiceCall<'a>) -> Calling<'a> {
        let failure = Failure::new(
            ErrorName::TASK_FAILED,
            format!(
                "Nothing here can do the work of '{}': this runtime runs deployed task modules \
                 (wasm:NAME, a Lambda function ARN, or lambda:invoke) and state machines \
                 (states:startExecution).",
                call.resource
            ),
        );
        Box::pin(std::future::ready(Err(failure)))
    }
}
