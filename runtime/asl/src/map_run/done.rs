//! Which children have ended: a cursor, and those before it that have not.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A set of numbers that fills up from below. Children begin in the order of their numbers, so
/// those that lack before the last one are open: its size is bounded by how many may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// None at or above it has ended.
    cursor: u64,
    /// Those below it that have not.
    open: BTreeSet<u64>,
}

impl Done {
    /// Adds a number; answers whether it is new.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        if number < self.cursor {
            return self.open.remove(&number);
        }
        self.open.extend(self.cursor..number);
        self.cursor = number + 1;
        true
    }

    /// All below it have ended.
    pub(super) fn first_open(&self) -> u64 {
        self.open.first().copied().unwrap_or(self.cursor)
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        number < self.cursor && !self.open.contains(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn it_holds_only_what_is_open() {
        let mut done = Done::default();
        for number in [1, 2, 4] {
            assert!(done.insert(number));
        }
        assert!(!done.contains(0) && done.contains(2) && !done.insert(2));
        assert_eq!((done.cursor, done.open.len()), (5, 2));
        assert_eq!(done.first_open(), 0);
        assert!(done.insert(0) && done.first_open() == 3);
        assert!(done.contains(0) && !done.contains(3) && !done.contains(5));
    }

    #[test]
    fn one_that_lags_costs_nothing() {
        let mut done = Done::default();
        (1..100_000).for_each(|number| {
            done.insert(number);
        });
        assert_eq!((done.cursor, done.open.len()), (100_000, 1));
    }
}
