//! Parallel: opens a scope for each branch, and gathers what they give.

use super::driver::Driver;
use super::fault::Fault;
use super::scope::Phase;
use crate::Payload;
use crate::definition::{State, StateKind};
use crate::history::{Detail, Note, ScopeId};

impl Driver<'_> {
    pub(super) fn parallel(&mut self, id: ScopeId, state: &State) -> Result<(), Fault> {
        let effective = self.effective_input(id, state)?;
        let input = self.arguments(id, state, effective)?;
        self.emit(id, self.previous(id), Detail::ParallelStateStarted);
        let StateKind::Parallel(parallel) = &state.kind else {
            return Ok(());
        };
        for index in 0..parallel.branches.len() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            self.open(id, index, input.clone());
        }
        self.ready(id);
        Ok(())
    }

    /// Opens a branch or an iteration.
    pub(super) fn open(&mut self, parent: ScopeId, index: u32, input: Payload) -> ScopeId {
        let scope = ScopeId(self.execution.scopes_opened);
        self.note(Note::ScopeOpened {
            scope,
            parent,
            index,
            input,
        });
        self.ready(scope);
        scope
    }

    /// A scope with branches or iterations goes on: opens more, or ends when all have.
    pub(super) fn nest(&mut self, id: ScopeId) {
        let machine = self.execution.machine().clone();
        let Some(state) = self.current_state(id, &machine) else {
            return;
        };
        let done = match &state.kind {
            StateKind::Map(map) => self.iterate(id, state, map),
            _ => self.gather(id, state),
        };
        if let Err(fault) = done {
            self.fault(id, state, fault);
        }
    }

    /// Leaves the state when every branch or iteration has ended.
    pub(super) fn gather(&mut self, id: ScopeId, state: &State) -> Result<(), Fault> {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return Ok(());
        };
        let Phase::Nesting(nested) = &scope.phase else {
            return Ok(());
        };
        if !nested.is_complete() {
            return Ok(());
        }
        let results = Payload::array(nested.results.iter().flatten());
        let detail = match state.kind {
            StateKind::Map(_) => Detail::MapStateSucceeded,
            _ => Detail::ParallelStateSucceeded,
        };
        self.emit(id, scope.previous, detail);
        self.complete(id, state, results)
    }
}
