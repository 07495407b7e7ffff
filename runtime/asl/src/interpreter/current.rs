//! Where an execution is: the states it has entered and not left.

use super::{Command, Execution};
use crate::Timestamp;

/// A state that an execution is in.
#[derive(Clone, Debug, PartialEq)]
pub struct CurrentState<'e> {
    /// Its name.
    pub name: &'e str,
    /// Its `Type`.
    pub kind: &'static str,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// What it waits for; none when it goes on by itself, or when others run inside of it.
    pub awaits: Option<Command>,
}

impl Execution {
    /// The states it is in now, outermost first; none once it has ended.
    pub fn current_states(&self) -> impl Iterator<Item = CurrentState<'_>> {
        let open = self.scopes.iter().filter(|_| self.end.is_none());
        open.filter_map(|(id, scope)| {
            let current = scope.current.as_ref()?;
            let state = self.machine.0.state(current.id);
            Some(CurrentState {
                name: &state.name,
                kind: state.kind.name(),
                entered_at: current.entered_at,
                awaits: self.pending_of(*id, scope),
            })
        })
    }
}
