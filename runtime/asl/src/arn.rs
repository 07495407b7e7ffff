//! The Amazon Resource Names of state machines and executions, as types.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Declares an ARN newtype over shared text.
macro_rules! arn {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Arc<str>);

        impl $name {
            /// The ARN as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// What stands after the last colon.
            pub fn name(&self) -> &str {
                self.0.rsplit(':').next().unwrap_or_default()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
    };
}

arn! {
    /// `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`
    StateMachineArn
}
arn! {
    /// `arn:aws:states:REGION:ACCOUNT:execution:STATE_MACHINE:NAME`, or `express:…:NAME:UUID`.
    ExecutionArn
}

arn! {
    /// `arn:aws:states:REGION:ACCOUNT:mapRun:STATE_MACHINE/LABEL:UUID`
    MapRunArn
}

impl MapRunArn {
    /// The run of this id, of a Map with this label in this state machine.
    pub fn of(machine: &StateMachineArn, label: &str, id: &str) -> Self {
        format!(
            "{}/{label}:{id}",
            machine.0.replacen(":stateMachine:", ":mapRun:", 1)
        )
        .into()
    }

    /// The child executions' state machine: `…:stateMachine:STATE_MACHINE/LABEL`.
    pub fn state_machine(&self) -> StateMachineArn {
        let (run, _) = self.0.rsplit_once(':').unwrap_or((&self.0, ""));
        run.replacen(":mapRun:", ":stateMachine:", 1).into()
    }
}

/// Where this runtime pretends to be: what stands between `arn:aws:states:` and the resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `us-east-1` unless told otherwise.
    pub region: String,
    /// Twelve digits, `123456789012` unless told otherwise.
    pub account_id: String,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            region: "us-east-1".into(),
            account_id: "123456789012".into(),
        }
    }
}

impl Place {
    /// The ARN of a state machine of this name.
    pub fn state_machine(&self, name: &str) -> StateMachineArn {
        let Self { region, account_id } = self;
        format!("arn:aws:states:{region}:{account_id}:stateMachine:{name}").into()
    }

    /// The ARN of an activity of this name.
    pub fn activity(&self, name: &str) -> String {
        let Self { region, account_id } = self;
        format!("arn:aws:states:{region}:{account_id}:activity:{name}")
    }

    /// The ARN of a Lambda function of this name.
    pub fn function(&self, name: &str) -> String {
        let Self { region, account_id } = self;
        format!("arn:aws:lambda:{region}:{account_id}:function:{name}")
    }

    /// The ARN of a Standard execution of this name.
    pub fn execution(&self, state_machine: &str, name: &str) -> ExecutionArn {
        let Self { region, account_id } = self;
        // Made for every start, and a third of the cost of formatting it.
        let parts = [
            "arn:aws:states:",
            region,
            ":",
            account_id,
            ":execution:",
            state_machine,
            ":",
            name,
        ];
        parts.concat().into()
    }

    /// The ARN of an Express execution of this name; `unique` tells apart two of one name.
    pub fn express(&self, state_machine: &str, name: &str, unique: &str) -> ExecutionArn {
        let Self { region, account_id } = self;
        format!("arn:aws:states:{region}:{account_id}:express:{state_machine}:{name}:{unique}")
            .into()
    }
}
