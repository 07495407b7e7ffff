//! The 18 functions: their names, how many arguments they take, and where they are.

use serde_json::Value;

use super::{Arguments, Failed, arrays, json, math, text};
use crate::query::Draws;

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Format,
    StringToJson,
    JsonToString,
    Array,
    ArrayPartition,
    ArrayContains,
    ArrayRange,
    ArrayGetItem,
    ArrayLength,
    ArrayUnique,
    Base64Encode,
    Base64Decode,
    Hash,
    JsonMerge,
    MathRandom,
    MathAdd,
    StringSplit,
    Uuid,
}

/// As many arguments as the expression has room for.
const MANY: usize = usize::MAX;

/// Each function with its name, and the least and the most arguments it takes.
const TABLE: [(Function, &str, usize, usize); 18] = [
    (Function::Format, "States.Format", 1, MANY),
    (Function::StringToJson, "States.StringToJson", 1, 1),
    (Function::JsonToString, "States.JsonToString", 1, 1),
    (Function::Array, "States.Array", 0, MANY),
    (Function::ArrayPartition, "States.ArrayPartition", 2, 2),
    (Function::ArrayContains, "States.ArrayContains", 2, 2),
    (Function::ArrayRange, "States.ArrayRange", 3, 3),
    (Function::ArrayGetItem, "States.ArrayGetItem", 2, 2),
    (Function::ArrayLength, "States.ArrayLength", 1, 1),
    (Function::ArrayUnique, "States.ArrayUnique", 1, 1),
    (Function::Base64Encode, "States.Base64Encode", 1, 1),
    (Function::Base64Decode, "States.Base64Decode", 1, 1),
    (Function::Hash, "States.Hash", 2, 2),
    (Function::JsonMerge, "States.JsonMerge", 3, 3),
    (Function::MathRandom, "States.MathRandom", 2, 3),
    (Function::MathAdd, "States.MathAdd", 2, 2),
    (Function::StringSplit, "States.StringSplit", 2, 2),
    (Function::Uuid, "States.UUID", 0, 0),
];

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        let (function, ..) = TABLE.into_iter().find(|(_, own, ..)| *own == name)?;
        Some(function)
    }

    fn row(self) -> (Self, &'static str, usize, usize) {
        // The table is in the order of the declaration; a test sees to it.
        TABLE[self as usize]
    }

    pub(super) fn name(self) -> &'static str {
        self.row().1
    }

    /// Whether it can be called with so many arguments.
    pub(super) fn takes(self, arguments: usize) -> bool {
        let (_, _, least, most) = self.row();
        (least..=most).contains(&arguments)
    }

    pub(super) fn call(
        self,
        arguments: &mut Arguments<'_>,
        draws: &Draws,
    ) -> Result<Value, Failed> {
        match self {
            Self::Format => text::format(arguments),
            Self::StringToJson => json::string_to_json(arguments),
            Self::JsonToString => Ok(Value::String(arguments.value(0).to_string())),
            Self::Array => arrays::array(arguments),
            Self::ArrayPartition => arrays::partition(arguments),
            Self::ArrayContains => arrays::contains(arguments),
            Self::ArrayRange => arrays::range(arguments),
            Self::ArrayGetItem => arrays::get_item(arguments),
            Self::ArrayLength => Ok(Value::from(arguments.array(0)?.len())),
            Self::ArrayUnique => arrays::unique(arguments),
            Self::Base64Encode => text::base64_encode(arguments),
            Self::Base64Decode => text::base64_decode(arguments),
            Self::Hash => text::hash(arguments),
            Self::JsonMerge => json::merge(arguments),
            Self::MathRandom => math::random(arguments, draws),
            Self::MathAdd => math::add(arguments),
            Self::StringSplit => text::split(arguments),
            Self::Uuid => Ok(Value::String(draws.uuid())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        for (function, name, ..) in TABLE {
            assert_eq!(function.name(), name);
            assert_eq!(Function::named(name), Some(function));
        }
    }
}
