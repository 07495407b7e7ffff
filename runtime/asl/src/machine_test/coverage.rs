//! Which states, rules, Catchers and Retriers the cases reached.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::{State, StateId, StateKind, StateMachine};
use crate::history::{Detail, Record};
use crate::interpreter::{Observer, Sight};

/// What a case can reach in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// The state itself: it is entered.
    State,
    /// A rule of a Choice: it is taken.
    Rule(usize),
    /// The Default of a Choice: it is taken.
    Default,
    /// A Retrier: it tries again.
    Retrier(usize),
    /// A Catcher: it takes a failure.
    Catcher(usize),
}

/// What was reached of one state machine, over any number of cases.
#[derive(Debug)]
pub struct Coverage {
    machine: Arc<StateMachine>,
    reached: RefCell<BTreeSet<(StateId, Branch)>>,
}

/// One branch, and whether it was reached.
#[derive(Clone, Copy, Debug)]
pub struct Covered<'m> {
    /// The state.
    pub state: &'m State,
    /// What of it.
    pub branch: Branch,
    /// Whether a case reached it.
    pub is_reached: bool,
}

impl Coverage {
    /// Nothing reached yet.
    pub fn new(machine: Arc<StateMachine>) -> Self {
        Self {
            machine,
            reached: RefCell::default(),
        }
    }

    /// The state machine it is of.
    pub fn machine(&self) -> &StateMachine {
        &self.machine
    }

    /// Adds what was reached elsewhere of the same definition.
    pub fn extend(&mut self, other: &Self) {
        let other = other.reached.borrow();
        self.reached.get_mut().extend(other.iter().copied());
    }

    /// Every branch there is, in the order of the definition.
    pub fn branches(&self) -> Vec<Covered<'_>> {
        let reached = self.reached.borrow();
        let mut branches = Vec::new();
        for (place, state) in self.machine.states.iter().enumerate() {
            let id = StateId(u32::try_from(place).unwrap_or(u32::MAX));
            branches.extend(all(&state.kind).map(|branch| Covered {
                state,
                branch,
                is_reached: reached.contains(&(id, branch)),
            }));
        }
        branches
    }

    pub(super) fn record(&mut self, record: &Record) {
        if let Record::Event(_, event) = record
            && let Detail::StateEntered { name, .. } = &event.detail
        {
            self.reach(name, Branch::State);
        }
    }

    fn reach(&self, state: &str, branch: Branch) {
        if let Some(id) = self.machine.ids.get(state) {
            self.reached.borrow_mut().insert((*id, branch));
        }
    }
}

impl Observer for Coverage {
    fn see(&self, state: &State, sight: Sight<'_>) {
        let branch = match sight {
            Sight::Rule(place) => Branch::Rule(place),
            Sight::Default => Branch::Default,
            Sight::Retried { retrier, .. } => Branch::Retrier(retrier),
            Sight::Caught(place) => Branch::Catcher(place),
            _ => return,
        };
        self.reach(&state.name, branch);
    }
}

fn all(kind: &StateKind) -> impl Iterator<Item = Branch> {
    let (rules, has_default) = match kind {
        StateKind::Choice(choice) => (choice.rules.len(), choice.default.is_some()),
        _ => (0, false),
    };
    // A Retrier with no attempts only says that a failure is not retried.
    let retriers = kind.retriers().iter().enumerate();
    let retriers = retriers.filter(|(_, retrier)| retrier.max_attempts > 0);
    std::iter::once(Branch::State)
        .chain((0..rules).map(Branch::Rule))
        .chain(has_default.then_some(Branch::Default))
        .chain(retriers.map(|(place, _)| Branch::Retrier(place)))
        .chain((0..kind.catchers().len()).map(Branch::Catcher))
}
