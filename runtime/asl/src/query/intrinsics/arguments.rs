//! The values a function is called with, and their types.

use std::borrow::Cow;

use serde_json::Value;

use super::Failed;
use crate::query::Budget;

/// What a function is called with, taken out position by position.
pub(super) struct Arguments<'v> {
    pub(super) function: &'static str,
    pub(super) values: Vec<Cow<'v, Value>>,
    pub(super) budget: &'v Budget,
}

impl Arguments<'_> {
    /// The argument at `position`, from 0. The parser has counted them.
    pub(super) fn value(&self, position: usize) -> &Value {
        &self.values[position]
    }

    /// Spends what looking at all of the argument at `position` costs.
    pub(super) fn charge(&mut self, position: usize) -> Result<(), Failed> {
        Ok(self.budget.value(&self.values[position])?)
    }

    /// The argument at `position`, to keep: copied if it lies elsewhere.
    pub(super) fn take(&mut self, position: usize) -> Result<Value, Failed> {
        if matches!(self.values[position], Cow::Borrowed(_)) {
            self.charge(position)?;
        }
        Ok(std::mem::take(&mut self.values[position]).into_owned())
    }

    pub(super) fn string(&self, position: usize) -> Result<&str, Failed> {
        self.value(position)
            .as_str()
            .ok_or_else(|| self.wrong(position, "a string"))
    }

    pub(super) fn array(&self, position: usize) -> Result<&[Value], Failed> {
        match self.value(position) {
            Value::Array(items) => Ok(items),
            _ => Err(self.wrong(position, "an array")),
        }
    }

    pub(super) fn take_array(&mut self, position: usize) -> Result<Vec<Value>, Failed> {
        self.array(position)?;
        match self.take(position)? {
            Value::Array(items) => Ok(items),
            _ => Err(self.wrong(position, "an array")),
        }
    }

    /// A number, rounded to the nearest integer as Java's `Math.round` does (recorded:
    /// -1.5 becomes -1).
    pub(super) fn integer(&self, position: usize) -> Result<i64, Failed> {
        let value = self.value(position);
        value
            .as_i64()
            .or_else(|| {
                let rounded = (value.as_f64()? + 0.5).floor();
                // Beyond 2⁶³ the conversion would saturate.
                (rounded.abs() < 9_223_372_036_854_775_808.0).then_some(rounded as i64)
            })
            .ok_or_else(|| self.wrong(position, "a 64-bit number"))
    }

    pub(super) fn wrong(&self, position: usize, wanted: &'static str) -> Failed {
        Failed::Argument {
            function: self.function,
            position: position + 1,
            wanted,
        }
    }
}
