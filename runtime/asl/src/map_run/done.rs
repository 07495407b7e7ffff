//! Which children have ended: a mark below which all have, and those above it.

use std::collections::BTreeSet;

/// A set of numbers that fills up from below. Its size is bounded by how far the numbers run
/// ahead of the lowest that is missing: by the children that are open at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// All below have ended.
    below: u64,
    /// Those that have at or above it.
    above: BTreeSet<u64>,
}

impl Done {
    /// Adds a number; answers whether it is new.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        if self.contains(number) {
            return false;
        }
        self.above.insert(number);
        while self.above.remove(&self.below) {
            self.below += 1;
        }
        true
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        number < self.below || self.above.contains(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::Done;

    #[test]
    fn it_holds_only_what_runs_ahead() {
        let mut done = Done::default();
        for number in [1, 2, 4] {
            assert!(done.insert(number));
        }
        assert!(!done.contains(0) && done.contains(2) && !done.insert(2));
        assert!(done.insert(0));
        assert_eq!((done.below, done.above.len()), (3, 1));
        assert!(done.contains(0) && !done.contains(3));
    }
}
