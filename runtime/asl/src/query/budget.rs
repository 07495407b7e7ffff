//! How much one evaluation may look at and copy.

use serde_json::Value;

use crate::limits;

/// Bytes of text that cost as much as a node.
const TEXT_BYTES_PER_NODE: usize = 16;

/// What one evaluation may still spend: at first [`limits::PATH_NODES_MAX`] nodes of JSON.
///
/// A node looked at, compared or copied costs one; text costs one for every 16 bytes. So an
/// evaluation's time and memory are bounded whatever the expression says.
#[derive(Debug)]
pub(super) struct Budget(usize);

/// There is nothing left to spend.
#[derive(Debug)]
pub(super) struct Exhausted;

impl Budget {
    /// A budget nothing has been spent of.
    pub(super) fn new() -> Self {
        Self(limits::PATH_NODES_MAX)
    }

    /// Spends what `nodes` nodes cost.
    pub(super) fn nodes(&mut self, nodes: usize) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(nodes).ok_or(Exhausted)?;
        Ok(())
    }

    /// Spends what a text of `bytes` bytes costs.
    pub(super) fn text(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.nodes(bytes / TEXT_BYTES_PER_NODE)
    }

    /// Spends what a comparison or a copy of `value` costs.
    pub(super) fn value(&mut self, value: &Value) -> Result<(), Exhausted> {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            self.nodes(1)?;
            match value {
                Value::String(text) => self.text(text.len())?,
                Value::Array(items) => waiting.extend(items),
                Value::Object(fields) => {
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
}
