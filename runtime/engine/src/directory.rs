//! Where the engine looks up what executions name: activities and state machines. They are
//! kept by others; the engine only asks.

use std::sync::Arc;

use asl::arn::Place;
use asl::interpreter::{Identity, Kind};

use crate::definition::Definition;
use crate::parts::StartedAs;

/// What a start of a state machine runs.
#[derive(Clone, Debug)]
pub struct StartTarget {
    /// Where the state machine is.
    pub place: Place,
    /// The state machine's name.
    pub name: String,
    /// Standard or Express.
    pub kind: Kind,
    /// Its role.
    pub role_arn: Arc<str>,
    /// What it runs now.
    pub definition: Definition,
    /// The version and alias that were named, if any.
    pub started_as: StartedAs,
}

impl StartTarget {
    /// Who an execution of it is; `unique` tells apart Express executions of one name.
    pub(crate) fn identity(&self, name: String, unique: &str) -> Identity {
        Identity {
            execution_arn: match self.kind {
                Kind::Standard => self.place.execution(&self.name, &name),
                Kind::Express => self.place.express(&self.name, &name, unique),
            },
            name,
            state_machine_arn: self.place.state_machine(&self.name),
            state_machine_name: self.name.clone(),
            role_arn: Arc::clone(&self.role_arn),
            region: self.place.region.as_str().into(),
            kind: self.kind,
            map_state: None,
        }
    }
}

/// Why there is nothing to start: AWS's exception, without `Exception`, and its message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}: {message}")]
pub struct NoTarget {
    /// Such as `StateMachineDoesNotExist`.
    pub error: String,
    /// AWS's sentence.
    pub message: String,
}

impl NoTarget {
    /// No state machine, version or alias has this ARN.
    pub fn does_not_exist(arn: &str) -> Self {
        Self {
            error: "StateMachineDoesNotExist".into(),
            message: format!("State Machine Does Not Exist: '{arn}'"),
        }
    }
}

/// Knows what there is.
pub trait Directory: Send + Sync + 'static {
    /// Whether an activity of this ARN exists. Asked in the middle of a step: must not block
    /// for long.
    fn has_activity(&self, arn: &str) -> bool;

    /// What a start of this state machine, version or alias runs now; `draw` is any number,
    /// and decides where an alias leads.
    ///
    /// # Errors
    /// [`NoTarget`].
    fn target(&self, arn: &str, draw: u64) -> Result<StartTarget, NoTarget> {
        let _ = draw;
        Err(NoTarget::does_not_exist(arn))
    }
}

/// An empty directory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nothing;

impl Directory for Nothing {
    fn has_activity(&self, _: &str) -> bool {
        false
    }
}

/// The directory as a step sees it.
pub(crate) struct Known<'a>(pub(crate) &'a dyn Directory);

impl asl::interpreter::Activities for Known<'_> {
    fn exists(&self, arn: &str) -> bool {
        self.0.has_activity(arn)
    }
}
