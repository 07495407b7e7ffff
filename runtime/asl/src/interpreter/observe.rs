//! What a state does to its data and which way it goes, for whoever watches.
//!
//! History says what AWS's history says; an [`Observer`] sees the steps between. It changes
//! nothing, and an execution without one pays a comparison for each sight.

use super::driver::Driver;
use crate::definition::State;
use crate::{Failure, Payload};

/// One thing seen in a state. Indexes count from 0, as the definition lists them.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// The input after InputPath; in JSONata, the raw input.
    EffectiveInput(&'a Payload),
    /// The input after Parameters or Arguments.
    Arguments(&'a Payload),
    /// What the state's work gave.
    Result(&'a Payload),
    /// The result after ResultSelector.
    SelectedResult(&'a Payload),
    /// The input with the result in it, after ResultPath.
    PlacedResult(&'a Payload),
    /// This rule of a Choice is taken.
    Rule(usize),
    /// No rule of a Choice holds: its Default is taken.
    Default,
    /// The state failed; what follows says what becomes of it.
    Failed(&'a Failure),
    /// This Retrier takes the failure.
    Retried {
        /// Which one.
        retrier: usize,
        /// The delay before the next attempt, before jitter.
        delay_milliseconds: u64,
    },
    /// This Retrier would take the failure, but has no attempts left.
    Exhausted(usize),
    /// This Catcher takes the failure.
    Caught(usize),
    /// The state is left by its own Next or End.
    Completed,
}

/// Whoever watches. It is called in the order in which things happen.
pub trait Observer {
    /// `state` does or undergoes this.
    fn see(&self, state: &State, sight: Sight<'_>);
}

impl Driver<'_> {
    pub(super) fn see(&self, state: &State, sight: Sight<'_>) {
        if let Some(observer) = self.observer {
            observer.see(state, sight);
        }
    }
}
