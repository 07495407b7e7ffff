//! Redrive: an execution that did not succeed goes on where it failed.
//!
//! What a failed Parallel or Map had inside stays in the fold until the state is left for
//! good, so that only what failed or was cut off is done again. Source: Step Functions
//! developer guide, "Restarting state machine executions with redrive".

use std::collections::BTreeMap;
use std::sync::Arc;

use super::driver::Driver;
use super::scope::{Nested, Phase, Scope};
use super::{Command, End, Execution, Redriven};
use crate::definition::StateKind;
use crate::history::{Detail, EventId, HistoryEvent, ScopeId};
use crate::{ErrorName, Timestamp};

/// What was inside of a state when it failed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fallen {
    nested: Box<Nested>,
    /// All scopes inside, those of inner states too.
    scopes: BTreeMap<ScopeId, Scope>,
}

impl Driver<'_> {
    /// Takes up an execution that failed, was aborted or timed out. What follows from that is
    /// for the next step: this one only says that the execution runs again.
    pub(super) fn redrive(&mut self, client_token: Option<Arc<str>>) {
        if !matches!(
            self.execution.end,
            Some(End::Failed(_) | End::TimedOut(_) | End::Aborted(_))
        ) {
            return;
        }
        let before = self.execution.redriven.as_ref();
        let detail = Detail::ExecutionRedriven {
            redrive_count: before.map_or(0, |redriven| redriven.count) + 1,
            client_token,
        };
        self.emit_redriven(detail);
        let pending = self.execution.pending();
        let has_more = pending
            .iter()
            .any(|command| matches!(command, Command::Continue));
        self.step.commands.extend(pending);
        if !has_more {
            self.step.commands.push(Command::Continue);
        }
    }
}

impl Execution {
    /// The state of this scope failed: what was inside is kept aside.
    pub(super) fn fall(&mut self, id: ScopeId) {
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        let nested = match std::mem::replace(&mut scope.phase, Phase::Entered) {
            Phase::Nesting(nested) => nested,
            other => {
                scope.phase = other;
                return;
            }
        };
        let mut scopes = BTreeMap::new();
        let mut falling: Vec<ScopeId> = nested.open.iter().copied().collect();
        while let Some(inner) = falling.pop() {
            if let Some(scope) = self.scopes.remove(&inner) {
                if let Phase::Nesting(nested) = &scope.phase {
                    falling.extend(nested.open.iter());
                }
                scopes.insert(inner, scope);
            }
        }
        self.fallen.insert(id, Fallen { nested, scopes });
    }

    /// The state of this scope is left for good, or tried again from its beginning.
    pub(super) fn forget_fallen(&mut self, id: ScopeId) {
        if self.fallen.is_empty() {
            return;
        }
        let mut doomed = vec![id];
        while let Some(id) = doomed.pop() {
            if let Some(fallen) = self.fallen.remove(&id) {
                doomed.extend(fallen.scopes.into_keys());
            }
        }
    }

    /// The execution runs again: what failed or was cut off is to be done again.
    pub(super) fn revive(
        &mut self,
        event: &HistoryEvent,
        count: u32,
        client_token: Option<&Arc<str>>,
    ) {
        let too_much = match self.end.take() {
            Some(End::Failed(failure)) => failure.error_name() == ErrorName::DATA_LIMIT_EXCEEDED,
            _ => false,
        };
        self.redriven = Some(Box::new(Redriven {
            count,
            at: event.timestamp,
            client_token: client_token.cloned(),
        }));
        // Outer scopes have lower numbers than those inside them. A state whose data was too
        // much is done again as a whole.
        for (id, fallen) in std::mem::take(&mut self.fallen) {
            if let (false, Some(scope)) = (too_much, self.scopes.get_mut(&id)) {
                scope.phase = Phase::Nesting(fallen.nested);
                self.scopes.extend(fallen.scopes);
            }
        }
        let ids: Vec<ScopeId> = self.scopes.keys().copied().collect();
        for id in ids {
            self.revive_scope(id, event.id, too_much);
        }
    }

    fn revive_scope(&mut self, id: ScopeId, event: EventId, too_much: bool) {
        let machine = Arc::clone(&self.machine.0);
        let Some(scope) = self.scopes.get_mut(&id) else {
            return;
        };
        scope.previous = event;
        let Some(current) = scope.current.as_mut() else {
            return;
        };
        current.retries.clear();
        let again = match &scope.phase {
            Phase::Attempting(_) | Phase::BackingOff(_) => true,
            // Its results were too much: another run, from the beginning.
            Phase::MapRunFailed(_) => too_much,
            Phase::Nesting(nested) => nested.is_complete(),
            _ => false,
        };
        let fails = matches!(machine.state(current.id).kind, StateKind::Fail(_));
        if fails && matches!(scope.phase, Phase::Entered) {
            scope.phase = Phase::Entering(current.id, current.input.clone());
        } else if again {
            scope.phase = Phase::Entered;
        } else {
            self.turn_map_run(id, Phase::MapRunReviving);
        }
    }

    /// From when its own TimeoutSeconds count.
    pub(super) fn driven_at(&self) -> Timestamp {
        let redriven = self.redriven.as_ref();
        redriven.map_or(self.started_at, |redriven| redriven.at)
    }
}
