//! What is told only when it is durable.

use std::collections::VecDeque;

/// A queue of what waits for rows to be durable.
pub(super) struct Waiting<T>(VecDeque<(u64, T)>);

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Waiting<T> {
    /// Adds what is true once the first `rows` rows are durable.
    pub(super) fn push(&mut self, rows: u64, what: T) {
        self.0.push_back((rows, what));
    }

    /// The next of what is true now that the first `rows` rows are durable.
    pub(super) fn pop(&mut self, rows: u64) -> Option<T> {
        let (_, what) = self.0.pop_front_if(|(of, _)| *of <= rows)?;
        Some(what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_comes_in_order_when_its_row_is_durable() {
        let mut waiting = Waiting::default();
        for (rows, what) in [(1, 'a'), (1, 'b'), (2, 'c')] {
            waiting.push(rows, what);
        }
        let mut durable = |rows| std::iter::from_fn(|| waiting.pop(rows)).collect::<String>();
        assert_eq!(durable(0), "");
        assert_eq!(durable(1), "ab");
        // Commits may be told of out of order.
        assert_eq!(durable(1), "");
        assert_eq!(durable(2), "c");
    }
}
