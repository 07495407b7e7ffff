//! Succeed: ends its flow well.

use super::driver::Driver;
use super::fault::Fault;
use crate::definition::State;
use crate::history::ScopeId;

impl Driver<'_> {
    pub(super) fn succeed(&mut self, id: ScopeId, state: &State) -> Result<(), Fault> {
        let effective = self.effective_input(id, state)?;
        self.complete(id, state, effective)
    }
}
