//! Items put together, several for one child, within what ItemBatcher allows.

use serde_json::{Value, json};

use crate::Payload;
use crate::interpreter::Batching;

/// A child's input that grows.
#[derive(Debug)]
pub struct Batch {
    batching: Batching,
    items: Vec<Payload>,
    bytes: u64,
}

impl Batch {
    /// One without items.
    pub fn new(batching: &Batching) -> Self {
        let empty = r#"{"BatchInput":,"Items":[]}"#.len();
        let own = batching.input.as_ref();
        let own = own.map_or(0, |input| input.text().len());
        Self {
            batching: batching.clone(),
            items: Vec::new(),
            bytes: (empty + own) as u64,
        }
    }

    /// Whether one more item might be taken.
    pub fn has_room(&self) -> bool {
        (self.items.len() as u64) < self.batching.items_max
    }

    /// Adds an item; one that does not fit is given back, and is for the next batch. An item
    /// that alone is too large is taken alone.
    ///
    /// # Errors
    /// The item.
    pub fn add(&mut self, item: Payload) -> Result<(), Payload> {
        let bytes = self.bytes + item.text().len() as u64 + 1;
        if bytes > self.batching.bytes_max && !self.items.is_empty() {
            return Err(item);
        }
        self.bytes = bytes;
        self.items.push(item);
        Ok(())
    }

    /// How many items there are in it, and the child's input; nothing when there are none.
    pub fn input(self) -> Option<(u64, Payload)> {
        if self.items.is_empty() {
            return None;
        }
        let items: Vec<&Value> = self.items.iter().map(Payload::value).collect();
        let mut whole = json!({});
        if let Some(input) = &self.batching.input {
            whole["BatchInput"] = input.value().clone();
        }
        whole["Items"] = json!(items);
        Some((items.len() as u64, Payload::from_value(whole)))
    }
}
