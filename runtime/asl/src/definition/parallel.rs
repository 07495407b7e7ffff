//! Parallel: runs branches side by side.

use super::{Catcher, Flow, Retrier};

/// What is particular to a Parallel state.
#[derive(Clone, Debug)]
pub struct Parallel {
    /// `Branches`, in order: the order of the results.
    pub branches: Vec<Flow>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
}
