//! A survey: what a Map would run over, without running it. For [`crate::test_state`].

use std::borrow::Cow;

use serde_json::Value;

use super::apply::items_of;
use super::driver::Driver;
use super::fault::Fault;
use super::transition::Reading;
use crate::definition::{Distributed, Map, State, Template};
use crate::history::ScopeId;
use crate::{ErrorName, Failure, Payload, limits};

/// Text that one survey makes, in bytes. Ours: each item's input may be as large as a payload,
/// and there may be a hundred thousand of them.
const SURVEY_BYTES_MAX: usize = 16 * 1_048_576;

/// What a Map would run over. Texts are compact JSON.
pub(crate) struct Survey {
    /// Its items.
    pub(crate) items: Vec<String>,
    /// What ItemSelector makes of each.
    pub(crate) selected: Option<Vec<String>>,
    /// How ItemBatcher groups them.
    pub(crate) batches: Option<Batches>,
    /// `MaxConcurrency`; 0 for as many as may be.
    pub(crate) concurrency_max: u64,
    /// `ToleratedFailureCount`
    pub(crate) tolerated_count: Option<u64>,
    /// `ToleratedFailurePercentage`
    pub(crate) tolerated_percentage: Option<f64>,
}

/// The inputs of child executions that get several items each.
pub(crate) struct Batches {
    /// `BatchInput`
    pub(crate) input: Option<Value>,
    /// The items of each.
    pub(crate) items: Vec<Vec<String>>,
}

impl Survey {
    /// How many iterations the Map would make.
    pub(crate) fn iterations(&self) -> usize {
        let batches = self.batches.as_ref().map(|batches| batches.items.len());
        batches.unwrap_or(self.items.len())
    }
}

/// Finds the items of a Map with an ItemReader: it is given that, evaluated, and MaxItems.
/// Nothing when there is no data to find them in: they are looked for in the input then.
pub(crate) type ReadItems<'r> = dyn Fn(&Value, usize) -> Option<Result<Payload, Failure>> + 'r;

impl Driver<'_> {
    /// Looks at the Map that the root scope is in.
    pub(super) fn look(
        &self,
        state: &State,
        map: &Map,
        read: &ReadItems<'_>,
    ) -> Result<Survey, Fault> {
        let effective = self.effective_input(ScopeId::ROOT, state)?;
        let input = effective.value();
        let mut reading = self.reading(ScopeId::ROOT)?;
        let items = match self.read(&reading, map, input, read)? {
            None => self.items(&reading, map, &effective)?,
            Some(items) => items,
        };
        let concurrency_max = self.concurrency_wanted(&reading, map, input)?;
        let tolerated_count = self.tolerated_count(&reading, map, input)?;
        let tolerated_percentage = self.tolerated_percentage(&reading, map, input)?;
        let batcher = self.batcher(&reading, map.distributed.as_ref(), input)?;
        let mut room = Room(SURVEY_BYTES_MAX);
        let texts = room.texts(elements(&items))?;
        let selected = match &map.item_selector {
            None => None,
            Some(template) => {
                Some(self.selected(&mut reading, &items, template, input, &mut room)?)
            }
        };
        let inputs = selected.as_ref().unwrap_or(&texts);
        let batches = batcher.map(|batcher| batcher.batches(inputs));
        if let Some(batches) = &batches {
            // Each of them shows the same BatchInput.
            let input = batches.input.as_ref().map_or(0, |i| i.to_string().len());
            room.take(input.saturating_mul(batches.items.len()))?;
        }
        Ok(Survey {
            batches,
            items: texts,
            selected,
            concurrency_max,
            tolerated_count,
            tolerated_percentage,
        })
    }

    /// What the Map's ItemReader finds, if it has one.
    fn read(
        &self,
        reading: &Reading,
        map: &Map,
        input: &Value,
        read: &ReadItems<'_>,
    ) -> Result<Option<Payload>, Fault> {
        let reader = map.distributed.as_ref();
        let Some(template) = reader.and_then(|mode| mode.item_reader.as_ref()) else {
            return Ok(None);
        };
        let filled = self.fill(reading, template, input)?;
        let items_max = self.items_max(reading, template, input)?;
        let items_max = items_max.map_err(Fault::of)?;
        read(&filled, items_max).transpose().map_err(Fault::of)
    }

    /// How many items an ItemReader reads, at most; or how it refuses a negative number.
    pub(super) fn items_max(
        &self,
        reading: &Reading,
        reader: &Template,
        input: &Value,
    ) -> Result<Result<usize, Failure>, Fault> {
        let config = reader.field("ReaderConfig");
        let config = config.unwrap_or(Cow::Owned(Template::Constant(Value::Null)));
        let limit = self.limit(reading, &config, "MaxItems", input)?;
        Ok(at_most(limit).ok_or_else(|| {
            Failure::new(
                ErrorName::ITEM_READER_FAILED,
                "field MaxItems must be positive",
            )
        }))
    }

    /// What ItemSelector makes of each item.
    fn selected(
        &self,
        reading: &mut Reading,
        items: &Payload,
        template: &Template,
        input: &Value,
        room: &mut Room,
    ) -> Result<Vec<String>, Fault> {
        let mut selected = Vec::new();
        for item in items_of(items) {
            reading.context.set_item(&item);
            selected.push(room.text(&self.fill(reading, template, input)?)?);
        }
        Ok(selected)
    }

    pub(super) fn batcher(
        &self,
        reading: &Reading,
        mode: Option<&Distributed>,
        input: &Value,
    ) -> Result<Option<Batcher>, Fault> {
        let Some(template) = mode.and_then(|mode| mode.item_batcher.as_ref()) else {
            return Ok(None);
        };
        let mut fields = self.fill(reading, template, input)?;
        let most = |name: &str| {
            let limit = self.limit(reading, template, name, input)?;
            at_most(limit).ok_or_else(|| Fault::runtime(format!("{name} cannot be negative.")))
        };
        let (items_max, bytes_max) = (most("MaxItemsPerBatch")?, most("MaxInputBytesPerBatch")?);
        Ok(Some(Batcher {
            input: fields.get_mut("BatchInput").map(Value::take),
            items_max,
            bytes_max: bytes_max.min(limits::PAYLOAD_BYTES_MAX),
        }))
    }
}

/// A limit as a number of things; as with a MaxConcurrency of 0, 0 is none. Nothing when it is
/// negative.
fn at_most(limit: Option<i64>) -> Option<usize> {
    match limit {
        None | Some(0) => Some(usize::MAX),
        Some(limit) => {
            let limit = u64::try_from(limit).ok()?;
            Some(usize::try_from(limit).unwrap_or(usize::MAX))
        }
    }
}

/// `ItemBatcher`, evaluated.
pub(super) struct Batcher {
    pub(super) input: Option<Value>,
    pub(super) items_max: usize,
    pub(super) bytes_max: usize,
}

impl Batcher {
    /// Fills one batch after the other, in order. An item that alone is too large for a batch
    /// gets one of its own.
    fn batches(self, items: &[String]) -> Batches {
        let own = self.input.as_ref().map_or(0, |input| {
            input.to_string().len() + r#""BatchInput":,"#.len()
        });
        let empty = own + r#"{"Items":[]}"#.len();
        let (mut batches, mut bytes): (Vec<Vec<String>>, usize) = (Vec::new(), 0);
        for item in items {
            let wanted = item.len() + ",".len();
            match batches.last_mut() {
                Some(batch) if batch.len() < self.items_max && bytes + wanted <= self.bytes_max => {
                    bytes += wanted;
                    batch.push(item.clone());
                }
                _ => {
                    bytes = empty + wanted;
                    batches.push(vec![item.clone()]);
                }
            }
        }
        Batches {
            input: self.input,
            items: batches,
        }
    }
}

/// The text that may still be made.
struct Room(usize);

impl Room {
    fn text(&mut self, value: &Value) -> Result<String, Fault> {
        let text = value.to_string();
        self.take(text.len())?;
        Ok(text)
    }

    fn take(&mut self, bytes: usize) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Fault::named(
                ErrorName::DATA_LIMIT_EXCEEDED,
                format!("The inputs of the Map's iterations exceed {SURVEY_BYTES_MAX} bytes."),
            )
        })?;
        Ok(())
    }

    fn texts<'v>(&mut self, values: impl Iterator<Item = &'v Value>) -> Result<Vec<String>, Fault> {
        values.map(|value| self.text(value)).collect()
    }
}

/// The items themselves, of an array or of an object's fields.
fn elements(items: &Payload) -> impl Iterator<Item = &Value> {
    let value = items.value();
    let array = value.as_array().into_iter().flatten();
    array.chain(
        value
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.values()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(items_max: usize, bytes_max: usize, expected: &[usize]) {
        let batcher = Batcher {
            input: Some(Value::from(1)),
            items_max,
            bytes_max,
        };
        let items: Vec<String> = (10..15).map(|item| item.to_string()).collect();
        let batches = batcher.batches(&items).items;
        let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, expected, "{items_max} items, {bytes_max} bytes");
    }

    #[test]
    fn batches_are_filled_to_their_limits() {
        check(2, usize::MAX, &[2, 2, 1]);
        check(usize::MAX, usize::MAX, &[5]);
        // `{"BatchInput":1,"Items":[10,11]}` is 32 bytes.
        check(usize::MAX, 33, &[2, 2, 1]);
        check(usize::MAX, 1, &[1, 1, 1, 1, 1]);
    }
}
