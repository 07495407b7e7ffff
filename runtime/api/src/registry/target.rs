//! What a start names: a state machine as it is now, a version, or an alias that leads to one.

use std::sync::Arc;

use super::{Machine, Registry, Revision};
use crate::ApiError;
use crate::arn::MachineArn;

/// What a start runs.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) machine: Arc<Machine>,
    pub(crate) revision: Revision,
    /// The version it is, if it is one.
    pub(crate) version_arn: Option<String>,
    /// The alias that led to the version, if one did.
    pub(crate) alias_arn: Option<String>,
}

impl Registry {
    /// Finds what a start names; `draw` decides where an alias leads.
    ///
    /// # Errors
    /// `InvalidArn`, `StateMachineDoesNotExist`, `StateMachineDeleting`.
    pub(crate) fn target(&self, arn: &str, draw: u64) -> Result<Target, ApiError> {
        let arn = MachineArn::read(arn)?;
        let missing = || ApiError::no_such_machine(arn.text);
        let machine = self.machines.get(arn.machine)?.ok_or_else(missing)?;
        if machine.deleting {
            return Err(deleting(arn.machine));
        }
        let alias = arn.qualifier.and_then(|name| machine.aliases.get(name));
        let version = match alias {
            Some(alias) => Some(alias.choose(draw)),
            None => match arn.qualifier {
                Some(_) => Some(arn.version().ok_or_else(missing)?),
                None => None,
            },
        };
        let revision = match version {
            None => machine.current.clone(),
            Some(number) => {
                let version = machine.versions.get(&number).ok_or_else(missing)?;
                version.revision.clone()
            }
        };
        Ok(Target {
            version_arn: version.map(|number| machine.qualified(number)),
            alias_arn: alias.map(|_| arn.text.to_owned()),
            revision,
            machine,
        })
    }
}

/// `StateMachineDeleting`
pub(crate) fn deleting(arn: &str) -> ApiError {
    ApiError::new(
        "StateMachineDeleting",
        format!("State Machine is being deleted: '{arn}'"),
    )
}
