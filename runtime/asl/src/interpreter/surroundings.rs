//! What a step knows of the world outside: its moment, its share of chance, and what is there.
//!
//! All of it comes in as values. What a step makes of them is in its records, so that a
//! replay asks nobody.

use super::Secret;
use crate::Timestamp;

/// One step's share of chance.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// Seeds what definitions draw (`States.UUID`, `$random()`) and the jitter of Retriers:
    /// any number, never the same on purpose. Who reads a draw can know it.
    pub seed: u64,
    /// Where the task tokens of this step come from; nobody outside can know it.
    pub secret: Secret,
}

/// Chance for where no token guards anything: a state that is tried out, a test.
impl From<u64> for Chance {
    fn from(seed: u64) -> Self {
        Self {
            seed,
            secret: Secret::new([0; 16]),
        }
    }
}

/// Which activities there are.
pub trait Activities {
    /// Whether an activity of this ARN exists now.
    fn exists(&self, arn: &str) -> bool;
}

/// Every activity there might be.
#[derive(Clone, Copy, Debug)]
pub struct AnyActivity;

impl Activities for AnyActivity {
    fn exists(&self, _: &str) -> bool {
        true
    }
}

/// What a step knows of the world outside.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The moment.
    pub now: Timestamp,
    /// The step's share of chance.
    pub chance: Chance,
    /// Which activities there are.
    pub activities: &'a dyn Activities,
}
