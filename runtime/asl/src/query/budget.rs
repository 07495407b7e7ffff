//! What the evaluations of one state may look at, copy and make, all together.

use std::cell::Cell;

use serde_json::Value;

use crate::limits;

/// Bytes of text that cost as much as a node.
const TEXT_BYTES_PER_NODE: usize = 16;

/// What an object costs, in nodes, besides its fields: measured, a copy of an object of one
/// field takes four times the memory of a number.
const OBJECT_NODES: usize = 3;

/// What the evaluations of one state may still spend: at first [`limits::PATH_NODES_MAX`] nodes
/// of JSON, [`limits::JSONATA_STEPS_MAX`] steps and [`limits::JSONATA_BYTES_MAX`] of results.
///
/// JSONPath and intrinsic functions spend nodes: one for each node looked at, compared or
/// copied, and one for every 16 bytes of text. JSONata spends steps, which its engine counts.
/// A template may hold thousands of expressions, so that a bound on each would bound nothing:
/// this is what bounds the time and memory of a transition, whatever the definition says.
#[derive(Debug)]
pub struct Budget {
    nodes: Cell<usize>,
    steps: Cell<u64>,
    result_bytes: Cell<usize>,
}

/// There is nothing left to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the state's expressions visit more than {} nodes",
    limits::PATH_NODES_MAX
)]
pub struct Exhausted;

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

impl Budget {
    /// A budget nothing has been spent of.
    pub fn new() -> Self {
        Self {
            nodes: Cell::new(limits::PATH_NODES_MAX),
            steps: Cell::new(limits::JSONATA_STEPS_MAX),
            result_bytes: Cell::new(limits::JSONATA_BYTES_MAX),
        }
    }

    /// One part of so many that make a whole budget: for tests, whose expressions are small.
    pub fn share(parts: u32) -> Self {
        Self {
            nodes: Cell::new(limits::PATH_NODES_MAX / parts as usize),
            steps: Cell::new(limits::JSONATA_STEPS_MAX / u64::from(parts)),
            ..Self::new()
        }
    }

    /// The greatest part spent of anything, in thousandths.
    pub fn spent_per_mille(&self) -> u64 {
        let part = |left: u64, max: u64| max.saturating_sub(left) * 1_000 / max;
        let nodes = part(self.nodes.get() as u64, limits::PATH_NODES_MAX as u64);
        nodes.max(part(self.steps.get(), limits::JSONATA_STEPS_MAX))
    }

    /// Whether an evaluation has failed, or the next will, for want of nodes.
    pub fn is_exhausted(&self) -> bool {
        self.nodes.get() == 0
    }

    /// Spends what `nodes` nodes cost.
    pub(super) fn nodes(&self, nodes: usize) -> Result<(), Exhausted> {
        let left = self.nodes.get().checked_sub(nodes);
        self.nodes.set(left.unwrap_or(0));
        left.map(drop).ok_or(Exhausted)
    }

    /// Spends what a text of `bytes` bytes costs.
    ///
    /// # Errors
    /// [`Exhausted`].
    pub fn text(&self, bytes: usize) -> Result<(), Exhausted> {
        self.nodes(bytes / TEXT_BYTES_PER_NODE)
    }

    /// Spends what a comparison or a copy of `value` costs.
    ///
    /// # Errors
    /// [`Exhausted`], before all of it was looked at.
    pub fn value(&self, value: &Value) -> Result<(), Exhausted> {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            self.nodes(1)?;
            match value {
                Value::String(text) => self.text(text.len())?,
                Value::Array(items) => waiting.extend(items),
                Value::Object(fields) => {
                    self.nodes(OBJECT_NODES)?;
                    for (name, value) in fields {
                        self.text(name.len())?;
                        waiting.push(value);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Steps of JSONata that are left.
    pub(super) fn steps_left(&self) -> u64 {
        self.steps.get()
    }

    /// Bytes of JSONata's results that are left.
    pub(super) fn result_bytes_left(&self) -> usize {
        self.result_bytes.get()
    }

    /// Spends what one evaluation of JSONata took.
    pub(super) fn spend(&self, steps: u64, result_bytes: usize) {
        self.steps.set(self.steps.get().saturating_sub(steps));
        let left = self.result_bytes.get().saturating_sub(result_bytes);
        self.result_bytes.set(left);
    }
}
