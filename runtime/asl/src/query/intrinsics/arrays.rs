//! `States.Array` and the functions over arrays.
//!
//! Two values are equal as Jackson has it: of one type, with `1` and `1.0` apart, and
//! objects equal whatever the order of their fields.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::{Arguments, Failed};
use crate::limits;

/// `States.Array(a, b, …)`: `[a, b, …]`.
pub(super) fn array(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    (0..arguments.values.len())
        .map(|position| arguments.take(position))
        .collect()
}

/// `States.ArrayPartition(array, size)`: arrays of `size` items, the last maybe of fewer.
pub(super) fn partition(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let size = usize::try_from(arguments.integer(1)?)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| arguments.wrong(1, "a positive integer"))?;
    let mut items = arguments.take_array(0)?.into_iter().peekable();
    let mut chunks = Vec::new();
    while items.peek().is_some() {
        chunks.push(items.by_ref().take(size).collect());
    }
    Ok(Value::Array(chunks))
}

/// `States.ArrayContains(array, value)`.
pub(super) fn contains(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    arguments.charge(0)?;
    let found = arguments.array(0)?.contains(arguments.value(1));
    Ok(Value::Bool(found))
}

/// `States.ArrayRange(first, last, step)`: with `last` if a step ends there.
pub(super) fn range(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let [first, last, step] = [0, 1, 2].map(|position| arguments.integer(position));
    let (first, last, step) = (i128::from(first?), i128::from(last?), i128::from(step?));
    if step == 0 {
        return Err(arguments.wrong(2, "an integer other than 0"));
    }
    let steps = (last - first) / step;
    if (last - first).signum() * step.signum() < 0 {
        return Ok(Value::Array(Vec::new()));
    }
    if steps >= limits::ARRAY_RANGE_ITEMS_MAX as i128 {
        return Err(Failed::TooManyItems);
    }
    // Every item lies between two 64-bit integers.
    Ok((0..=steps).map(|n| (first + n * step) as i64).collect())
}

/// `States.ArrayGetItem(array, index)`, from 0.
pub(super) fn get_item(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let index = arguments.integer(1)?;
    let items = arguments.array(0)?;
    let out_of_range = Failed::IndexOutOfRange {
        index,
        length: items.len(),
    };
    let item = usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index));
    item.cloned().ok_or(out_of_range)
}

/// `States.ArrayUnique(array)`: the first of each, in order.
pub(super) fn unique(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    let mut items = arguments.take_array(0)?;
    let mut seen = BTreeSet::new();
    items.retain(|item| {
        let mut text = String::new();
        write_canonical(item, &mut text);
        seen.insert(text)
    });
    Ok(Value::Array(items))
}

/// Writes the same text for equal values, and for no others. Recursion is bounded by the
/// depth of JSON.
fn write_canonical(value: &Value, text: &mut String) {
    let written = match value {
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
            Ok(())
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_str());
            text.push('{');
            for (name, value) in fields {
                write_canonical(&Value::from(name.as_str()), text);
                text.push(':');
                write_canonical(value, text);
                text.push(',');
            }
            text.push('}');
            Ok(())
        }
        scalar => write!(text, "{scalar}"),
    };
    written.expect("a String takes whatever is written");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::{check, check_fails, evaluate};

    #[test]
    fn arrays() {
        check(&[
            ("States.Array()", json!([]), json!([])),
            (
                "States.Array('a', 1, $.a, null)",
                json!([[2]]),
                json!(["a", 1, [2], null]),
            ),
            ("States.ArrayLength($.a)", json!([[1, 2, 3]]), json!(3)),
            (
                "States.ArrayGetItem($.a, $.b)",
                json!([[1, 2, 3, 4, 5, 6], 5]),
                json!(6),
            ),
            ("States.ArrayPartition($.a, $.b)", json!([[], 3]), json!([])),
            (
                "States.ArrayPartition($.a, $.b)",
                json!([[0], 5]),
                json!([[0]]),
            ),
            (
                "States.ArrayPartition($.a, $.b)",
                json!([[0, 1, 2, 3], 3]),
                json!([[0, 1, 2], [3]]),
            ),
            (
                "States.ArrayPartition($.a, $.b)",
                json!([[0, 1, 2], 1]),
                json!([[0], [1], [2]]),
            ),
            (
                "States.ArrayContains($.a, $.b)",
                json!([[], null]),
                json!(false),
            ),
            (
                "States.ArrayContains($.a, $.b)",
                json!([[[1, 2], 2], [1, 2]]),
                json!(true),
            ),
            (
                "States.ArrayContains($.a, $.b)",
                json!([[{"a": 1, "b": []}], {"b": [], "a": 1}]),
                json!(true),
            ),
            (
                "States.ArrayContains($.a, $.b)",
                json!([[1], 1.0]),
                json!(false),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([0, 9, 3]),
                json!([0, 3, 6, 9]),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([0, 10, 3]),
                json!([0, 3, 6, 9]),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([1, 9, 9]),
                json!([1]),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([3, -3, -2.4]),
                json!([3, 1, -1, -3]),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([3, 0, 1]),
                json!([]),
            ),
            (
                "States.ArrayRange($.a, $.b, $.c)",
                json!([5, 5, -1]),
                json!([5]),
            ),
            (
                "States.ArrayUnique($.a)",
                json!([[null, null, true, false, true, 1, 1, 1.0, 1.1, "1", [], [], [null], {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}]]),
                json!([null, true, false, 1, 1.0, 1.1, "1", [], [null], {"a": 1, "b": 2}, {"a": 1}]),
            ),
        ]);
        let thousand = evaluate("States.ArrayRange(1, 1000, 1)", &json!({})).expect("a range");
        assert_eq!(thousand.as_array().map(Vec::len), Some(1000));
        check_fails(&[
            (
                "States.ArrayLength($.s)",
                "Argument 1 of States.ArrayLength must be an array",
            ),
            (
                "States.ArrayGetItem($.a, 1)",
                "The index 1 is outside of the array, which has 1 items",
            ),
            (
                "States.ArrayGetItem($.a, -1)",
                "The index -1 is outside of the array, which has 1 items",
            ),
            (
                "States.ArrayGetItem($.a, '0')",
                "Argument 2 of States.ArrayGetItem must be a 64-bit number",
            ),
            (
                "States.ArrayPartition($.a, 0)",
                "Argument 2 of States.ArrayPartition must be a positive integer",
            ),
            (
                "States.ArrayRange(1, 2, 0)",
                "Argument 3 of States.ArrayRange must be an integer other than 0",
            ),
            (
                "States.ArrayRange(0, 1000, 1)",
                "The array would have more than 1000 items",
            ),
            (
                "States.ArrayRange(-9223372036854775808, 9223372036854775807, 1)",
                "The array would have more than 1000 items",
            ),
        ]);
    }
}
