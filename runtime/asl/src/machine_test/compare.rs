//! Values side by side: what is expected, and what came.

use serde_json::{Number, Value};

/// Differences that are told of one value. Ours: more says no more.
const DIFFERENCES_MAX: usize = 20;

/// One place where two values differ.
#[derive(Debug, PartialEq)]
pub(super) struct Difference<'v> {
    /// JSON Pointer; empty for the whole.
    pub(super) pointer: String,
    pub(super) expected: Option<&'v Value>,
    pub(super) actual: Option<&'v Value>,
}

/// Whether `actual` has all that is in `expected`: of objects the named fields, anything else
/// as it is.
pub(super) fn has(expected: &Value, actual: &Value) -> bool {
    differences(expected, actual, false).is_empty()
}

/// Where the two differ, at most [`DIFFERENCES_MAX`] places. `is_whole`: whether a field that
/// is not expected is a difference. Depth is bounded by the values' own.
pub(super) fn differences<'v>(
    expected: &'v Value,
    actual: &'v Value,
    is_whole: bool,
) -> Vec<Difference<'v>> {
    let mut found = Vec::new();
    compare(expected, actual, is_whole, "", &mut found);
    found
}

fn compare<'v>(
    expected: &'v Value,
    actual: &'v Value,
    is_whole: bool,
    pointer: &str,
    found: &mut Vec<Difference<'v>>,
) {
    if found.len() >= DIFFERENCES_MAX {
        return;
    }
    match (expected, actual) {
        (Value::Object(wanted), Value::Object(got)) => {
            let unwanted = got.iter().filter(|(name, _)| !wanted.contains_key(*name));
            found.extend(
                unwanted
                    .filter(|_| is_whole)
                    .map(|(name, value)| Difference {
                        pointer: below(pointer, name),
                        expected: None,
                        actual: Some(value),
                    }),
            );
            for (name, value) in wanted {
                let pointer = below(pointer, name);
                match got.get(name) {
                    Some(got) => compare(value, got, is_whole, &pointer, found),
                    None => found.push(Difference {
                        pointer,
                        expected: Some(value),
                        actual: None,
                    }),
                }
            }
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            for (place, (wanted, got)) in wanted.iter().zip(got).enumerate() {
                compare(wanted, got, is_whole, &format!("{pointer}/{place}"), found);
            }
        }
        (Value::Number(wanted), Value::Number(got)) if same_number(wanted, got) => {}
        (wanted, got) if wanted == got => {}
        (wanted, got) => found.push(Difference {
            pointer: pointer.to_owned(),
            expected: Some(wanted),
            actual: Some(got),
        }),
    }
}

/// 1 and 1.0 are one number to both query languages; large integers are told apart.
fn same_number(a: &Number, b: &Number) -> bool {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64() == b.as_f64(),
    }
}

fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_with_their_place() {
        let told = |expected: Value, actual: Value, is_whole| -> Vec<String> {
            let found = differences(&expected, &actual, is_whole);
            let shown = |value: Option<&Value>| value.map_or("-".to_owned(), Value::to_string);
            let lines = found.iter().map(|one| {
                let (expected, actual) = (shown(one.expected), shown(one.actual));
                format!("{} {expected} {actual}", one.pointer)
            });
            lines.collect()
        };
        let wanted = json!({"a": [1, {"b/c": true}], "d": null});
        assert!(
            told(
                wanted.clone(),
                json!({"a": [1.0, {"b/c": true}], "d": null}),
                true
            )
            .is_empty()
        );
        let got = json!({"a": [1, {"b/c": false}], "e": 2});
        let all = ["/e - 2", "/a/1/b~1c true false", "/d null -"];
        assert_eq!(told(wanted.clone(), got.clone(), true), all);
        assert_eq!(told(wanted, got, false), all[1..]);
        assert_eq!(told(json!([1]), json!([1, 2]), false), [" [1] [1,2]"]);
        let long = |value: u64| json!(vec![value; 100]);
        assert_eq!(told(long(1), long(2), true).len(), DIFFERENCES_MAX);
    }
}
