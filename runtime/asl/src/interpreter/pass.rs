//! Pass: hands its input on, or a fixed result.

use super::driver::Driver;
use super::fault::Fault;
use crate::Payload;
use crate::definition::{Pass, State};
use crate::history::ScopeId;

impl Driver<'_> {
    pub(super) fn pass(&mut self, id: ScopeId, state: &State, pass: &Pass) -> Result<(), Fault> {
        let effective = self.effective_input(id, state)?;
        let result = match &pass.result {
            Some(result) => Payload::from_value(result.clone()),
            None => self.arguments(id, state, effective)?,
        };
        self.complete(id, state, result)
    }
}
