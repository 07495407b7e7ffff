//! Outputs of children that become the state's result: in the order of the source, as long as
//! they fit into one.

use std::collections::BTreeMap;

use crate::{Payload, limits};

/// Outputs by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Results {
    outputs: BTreeMap<u64, Payload>,
    bytes: usize,
}

impl Results {
    /// Adds one; beyond what a payload may have, none is kept.
    pub(super) fn insert(&mut self, number: u64, output: &Payload) {
        if self.is_over() {
            return;
        }
        self.bytes += output.text().len() + 1;
        match self.is_over() {
            true => self.outputs.clear(),
            false => {
                self.outputs.insert(number, output.clone());
            }
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > limits::PAYLOAD_BYTES_MAX
    }

    /// The array of all, if it fits.
    pub(super) fn output(&self) -> Option<Payload> {
        (!self.is_over()).then(|| Payload::array(self.outputs.values()))
    }
}
