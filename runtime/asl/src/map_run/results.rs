//! Outputs of children that become the state's result: in the order of the source, as long as
//! they fit into one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::writer::OutputType;
use crate::{Payload, limits};

/// What is kept of each child, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Results {
    texts: BTreeMap<u64, Vec<String>>,
    bytes: usize,
}

impl Results {
    /// Adds one; beyond what a payload may have, none is kept.
    pub(super) fn insert(&mut self, number: u64, texts: Vec<String>) {
        if self.is_over() {
            return;
        }
        self.bytes += texts.iter().map(|text| text.len() + 1).sum::<usize>();
        match self.is_over() {
            true => self.texts.clear(),
            false => {
                self.texts.insert(number, texts);
            }
        }
    }

    fn is_over(&self) -> bool {
        self.bytes > limits::PAYLOAD_BYTES_MAX
    }

    /// All of them, if they fit: an array, or a string of lines. The guide does not show how
    /// JSONL becomes a state's result; a result is JSON, so the lines are a string.
    pub(super) fn output(&self, output_type: OutputType) -> Option<Payload> {
        let all: Vec<&str> = self.texts.values().flatten().map(String::as_str).collect();
        let output = match output_type {
            OutputType::Json => Payload::from_text(format!("[{}]", all.join(","))).ok()?,
            OutputType::Jsonl => Payload::from_value(all.join("\n").into()),
        };
        (!self.is_over() && !output.exceeds_limit()).then_some(output)
    }
}
