//! The answers that are left of a case's script.

use std::collections::BTreeMap;

use serde_json::Value;

use super::compare::has;
use super::file::{Answer, Mocks, Times};

/// What is left of the answers of one case.
pub(super) struct Script<'f> {
    states: BTreeMap<&'f str, Vec<Left<'f>>>,
}

struct Left<'f> {
    answer: &'f Answer,
    /// Attempts it is still good for; nothing when for any number.
    left: Option<u32>,
    /// Whether it must be used: the case's own must, those that cases share need not.
    is_due: bool,
}

/// An answer that nobody asked for.
pub(super) struct Unused<'f> {
    pub(super) state: &'f str,
    /// Its place in the state's list, from 0.
    pub(super) place: usize,
    pub(super) left: u32,
}

impl<'f> Script<'f> {
    /// A state that the case answers for is not answered for by what cases share.
    pub(super) fn new(shared: &'f Mocks, own: &'f Mocks) -> Self {
        let mut states = BTreeMap::new();
        for (mocks, is_due) in [(shared, false), (own, true)] {
            for (state, answers) in mocks {
                let left = answers.0.iter().map(|answer| Left {
                    answer,
                    left: match answer.times {
                        Times::Exactly(times) => Some(times),
                        Times::Any => None,
                    },
                    is_due,
                });
                states.insert(state.as_str(), left.collect());
            }
        }
        Self { states }
    }

    /// The next answer for an attempt of this state with this input: the first that is left
    /// and fits.
    pub(super) fn take(&mut self, state: &str, input: &Value) -> Option<&'f Answer> {
        let fits = |left: &&mut Left<'_>| {
            left.left != Some(0)
                && left
                    .answer
                    .when
                    .as_ref()
                    .is_none_or(|when| has(when, input))
        };
        let next = self.states.get_mut(state)?.iter_mut().find(fits)?;
        next.left = next.left.map(|left| left - 1);
        Some(next.answer)
    }

    /// How many answers the state has in all, by the file.
    pub(super) fn count(&self, state: &str) -> usize {
        self.states.get(state).map_or(0, Vec::len)
    }

    /// Answers of the case's own that nobody asked for.
    pub(super) fn unused(&self) -> impl Iterator<Item = Unused<'f>> {
        self.states.iter().flat_map(|(state, answers)| {
            let left = answers.iter().enumerate();
            left.filter_map(|(place, one)| {
                let left = one.left.filter(|left| one.is_due && *left > 0)?;
                Some(Unused { state, place, left })
            })
        })
    }
}
