//! Finding the alias that a request names.

use std::sync::Arc;

use crate::arn::MachineArn;
use crate::registry::{Alias, Machine};
use crate::{Api, ApiError};

/// The machine's ARN and the alias's name, from the alias's ARN.
///
/// # Errors
/// `InvalidArn`, `ResourceNotFound`.
pub(super) fn parts(arn: &str) -> Result<(&str, &str), ApiError> {
    let arn = MachineArn::read(arn)?;
    match arn.qualifier.filter(|_| arn.version().is_none()) {
        Some(name) => Ok((arn.machine, name)),
        None => Err(ApiError::validation(format!(
            "Must provide the ARN of an alias: {}",
            arn.text
        ))),
    }
}

impl Api {
    /// The alias of this ARN, and its machine.
    ///
    /// # Errors
    /// `InvalidArn`, `ResourceNotFound`.
    pub(super) fn alias(&self, arn: &str) -> Result<(Arc<Machine>, Alias), ApiError> {
        let (machine, name) = parts(arn)?;
        let missing = ApiError::no_such_resource;
        let machine = self.registry.machines.get(machine)?.ok_or_else(missing)?;
        let alias = machine.aliases.get(name).cloned().ok_or_else(missing)?;
        Ok((machine, alias))
    }
}
