//! Task: has work done outside of the state machine.

use super::{Catcher, Expression, Retrier, Template};

/// What is particular to a Task state.
#[derive(Clone, Debug)]
pub struct Task {
    /// `Resource`
    pub resource: Resource,
    /// `TimeoutSeconds` or its Path; [`crate::limits::SECONDS_MAX`] unless said.
    pub timeout: Option<Seconds>,
    /// `HeartbeatSeconds` or its Path.
    pub heartbeat: Option<Seconds>,
    /// `Credentials`
    pub credentials: Option<Template>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}

/// A number of seconds, or where to find one.
#[derive(Clone, Debug)]
pub enum Seconds {
    /// As it stands: 1 to [`crate::limits::SECONDS_MAX`].
    Literal(u64),
    /// A path or JSONata; it must give a whole number in that range.
    Expression(Expression),
}

/// Who does the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`: history has LambdaFunction events.
    Lambda {
        /// As written.
        arn: String,
    },
    /// `wasm:NAME[:VERSION|ALIAS]`, ours: a deployed task module, in the manner of a Lambda ARN.
    Wasm {
        /// As written.
        text: String,
    },
    /// `arn:aws:states:REGION:ACCOUNT:activity:NAME`: history has Activity events.
    Activity {
        /// As written.
        arn: String,
    },
    /// `arn:aws:states:::SERVICE:ACTION[.PATTERN]`: history has Task events.
    Service {
        /// As written.
        arn: String,
        /// `resourceType` in history: `lambda`, `states`, `aws-sdk:dynamodb` …
        service: String,
        /// `resource` in history: the action with its pattern, such as `invoke.waitForTaskToken`.
        action: String,
        /// How the state waits for it.
        pattern: Pattern,
    },
}

impl Resource {
    /// The resource as the definition has it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Lambda { arn } | Self::Activity { arn } | Self::Service { arn, .. } => arn,
            Self::Wasm { text } => text,
        }
    }

    /// How the state waits for it.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Service { pattern, .. } => *pattern,
            Self::Lambda { .. } | Self::Wasm { .. } | Self::Activity { .. } => {
                Pattern::RequestResponse
            }
        }
    }
}

/// How a Task waits for a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// For the answer.
    RequestResponse,
    /// `.sync`: for the end of what it started.
    Sync,
    /// `.sync:2`: the same, with the output as JSON.
    Sync2,
    /// `.waitForTaskToken`: for whoever holds the token.
    WaitForTaskToken,
}
