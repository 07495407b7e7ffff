//! How many executions are open, in all and by state machine: kept, never counted anew.
//!
//! It knows nothing of where executions are stored. Read [`OpenCounts`] first.

use std::collections::HashMap;
use std::hash::Hash;

/// Counts by state machine, however those are told apart. One without open executions takes
/// no place.
#[derive(Clone, Debug)]
pub(crate) struct OpenCounts<M> {
    total: u64,
    by_machine: HashMap<M, u64>,
}

impl<M> Default for OpenCounts<M> {
    fn default() -> Self {
        Self {
            total: 0,
            by_machine: HashMap::new(),
        }
    }
}

impl<M: Eq + Hash> OpenCounts<M> {
    /// How many are open in all.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// How many of this state machine are open.
    pub(crate) fn of(&self, machine: &M) -> u64 {
        self.by_machine.get(machine).copied().unwrap_or(0)
    }

    /// One more is open.
    pub(crate) fn opened(&mut self, machine: M) {
        self.total += 1;
        *self.by_machine.entry(machine).or_default() += 1;
    }

    /// One that was open has ended.
    pub(crate) fn ended(&mut self, machine: &M) {
        self.total = self.total.saturating_sub(1);
        if let Some(count) = self.by_machine.get_mut(machine) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.by_machine.remove(machine);
            }
        }
    }
}
