//! The services of AWS that Tasks call beside Lambda and Step Functions themselves.
//!
//! The engine knows how a Task waits for a call; what a call does, and how its answer and its
//! errors are worded, is for whoever implements [`Services`].

use std::future::Future;
use std::pin::Pin;

use asl::arn::Place;
use asl::interpreter::Identity;
use asl::{ErrorName, Failure, Payload};
use serde_json::Value;

use crate::function::FunctionName;

/// The future of a call.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<Payload, Failure>> + Send + 'a>>;

/// The future of an invocation.
pub type Invoking<'a> = Pin<Box<dyn Future<Output = Result<Invoked, Failure>> + Send + 'a>>;

/// An invocation of a function that is not deployed here.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// The function, and in which account and region it is.
    pub function: &'a FunctionName,
    /// Whether that is where the execution is at home: its name alone then says which it is.
    pub is_at_home: bool,
    /// What it is given.
    pub payload: &'a Payload,
    /// The Parameters or Arguments of `lambda:invoke`, which may name an `InvocationType`, a
    /// `LogType` and a `ClientContext`; null when the Resource is the function itself.
    pub parameters: &'a Value,
    /// The same when the invocation is repeated after a crash.
    pub idempotency_key: &'a str,
}

/// What an invocation was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoked {
    /// The HTTP status: 200, or 202 of one that nobody waits for.
    pub status: u16,
    /// The headers, by their names as they came.
    pub headers: Vec<(String, String)>,
    /// What the function returned.
    pub payload: Payload,
}

impl Invoked {
    /// The header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers.iter().find(named).map(|(_, value)| &**value)
    }
}

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
    /// Where it is made from: the account of the role in the Task's Credentials, or home.
    pub caller: &'a Place,
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

    /// Invokes a function that is not deployed here; nothing, when it could be nowhere else.
    fn invoke<'a>(&'a self, invocation: Invocation<'a>) -> Option<Invoking<'a>> {
        let _ = invocation;
        None
    }
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
                 (wasm:NAME, a Lambda function ARN, or lambda:invoke), state machines \
                 (states:startExecution) and Step Functions' own operations (aws-sdk:sfn:…).",
                call.resource
            ),
        );
        Box::pin(std::future::ready(Err(failure)))
    }
}
