//! Finding state machines, and what becomes of deleted ones.

use std::sync::Arc;

use crate::registry::{Change, Machine};
use crate::{Api, ApiError};

impl Api {
    /// The state machine of this ARN, without a qualifier.
    ///
    /// # Errors
    /// `StateMachineDoesNotExist`.
    pub(super) fn machine(&self, arn: &str) -> Result<Arc<Machine>, ApiError> {
        let found = self.registry.machines.get(arn)?;
        found.ok_or_else(|| ApiError::no_such_machine(arn))
    }

    /// A deleted machine goes when the last of its executions has ended. Nothing watches for
    /// that: whoever asks for the machine finds out.
    pub(super) async fn settle_deletion(&self, arn: &str) -> Result<(), ApiError> {
        let machine = self.registry.machines.get(arn)?;
        if !machine.is_some_and(|machine| machine.deleting) || self.has_running(arn)? {
            return Ok(());
        }
        let gone = |standing: Option<&Machine>| match standing {
            Some(machine) if machine.deleting => Ok((Change::Delete, ())),
            _ => Ok((Change::Keep, ())),
        };
        self.registry.machines.change(arn, gone).await
    }

    /// Whether an execution of this state machine runs.
    pub(super) fn has_running(&self, arn: &str) -> Result<bool, ApiError> {
        Ok(self.journal.open_count(Some(&arn.into()))? > 0)
    }
}
