//! The place where ResultPath puts a value.

use std::fmt;

use serde_json::{Map, Value};

use super::super::syntax::SyntaxError;
use super::{Path, Pick, Root};
use crate::limits;

/// A path of names and indexes into the input: `$`, `$.a['b'][0]`.
///
/// States Language, "ResultPath"; statelint's rule that neither `$$` nor a variable may
/// stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferencePath(Path);

/// Why a value cannot be put where a [`ReferencePath`] says: States.ResultPathMatchFailure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// A name leads into what is no object, or an index into what is no array.
    #[error("the value at step {step} of `{path}` is no {wanted}")]
    InTheWay {
        /// The path as written.
        path: String,
        /// Which name or index, from 1.
        step: usize,
        /// What the step needs: `object` or `array`.
        wanted: &'static str,
    },
    /// An index at or past the end of its array.
    #[error("the array at step {step} of `{path}` has no such item")]
    NoSuchItem {
        /// The path as written.
        path: String,
        /// Which index, from 1.
        step: usize,
    },
    /// The whole would nest deeper than [`limits::JSON_DEPTH_MAX`].
    #[error(
        "with the value at `{path}` the whole nests deeper than {} levels",
        limits::JSON_DEPTH_MAX
    )]
    TooDeep {
        /// The path as written.
        path: String,
    },
}

impl ReferencePath {
    /// Reads a path that begins with `$` and has names and indexes from zero only.
    ///
    /// # Errors
    /// [`SyntaxError`] when it is no such path.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = Path::parse(text)?;
        let from_start = |pick: &Pick| !matches!(pick, Pick::Index(index) if *index < 0);
        if path.is_reference()
            && path.route.root == Root::Input
            && path.route.steps.iter().all(|step| from_start(&step.pick))
        {
            Ok(Self(path))
        } else {
            Err(SyntaxError {
                offset: 0,
                message: "expected a reference path: `$`, names and indexes only".to_owned(),
            })
        }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The path itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Puts `value` at this place of `root`, and gives back the whole.
    ///
    /// Objects that are missing on the way are made. An index must exist already: AWS makes
    /// fields, not items.
    ///
    /// # Errors
    /// [`PutError`] when there is no such place.
    pub fn put(&self, mut root: Value, value: Value) -> Result<Value, PutError> {
        let steps = &self.0.route.steps;
        let path = || self.to_string();
        if depth(&value) + steps.len() > limits::JSON_DEPTH_MAX {
            return Err(PutError::TooDeep { path: path() });
        }
        let mut place = &mut root;
        let mut made = false;
        for (step, pick) in (1..).zip(steps.iter().map(|step| &step.pick)) {
            let wrong = |wanted| PutError::InTheWay {
                path: path(),
                step,
                wanted,
            };
            place = match pick {
                Pick::Name(name) => {
                    if made {
                        *place = Value::Object(Map::new());
                    }
                    let fields = place.as_object_mut().ok_or_else(|| wrong("object"))?;
                    made = !fields.contains_key(&**name);
                    fields.entry(&**name).or_insert(Value::Null)
                }
                Pick::Index(index) => {
                    let items = place.as_array_mut().ok_or_else(|| wrong("array"))?;
                    usize::try_from(*index)
                        .ok()
                        .and_then(|index| items.get_mut(index))
                        .ok_or_else(|| PutError::NoSuchItem { path: path(), step })?
                }
                _ => return Err(wrong("reference")),
            };
        }
        *place = value;
        Ok(root)
    }
}

impl fmt::Display for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Levels of arrays and objects in `value`; 0 for a scalar.
fn depth(value: &Value) -> usize {
    let mut deepest = 0;
    let mut waiting = vec![(value, 0)];
    while let Some((value, above)) = waiting.pop() {
        deepest = deepest.max(above);
        match value {
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, above + 1))),
            Value::Object(fields) => {
                waiting.extend(fields.values().map(|field| (field, above + 1)));
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(path: &str, root: Value, expected: Option<Value>) {
        let path = ReferencePath::parse(path).expect(path);
        let put = path.put(root, json!("new"));
        assert_eq!(put.ok(), expected, "{path}");
    }

    #[test]
    fn values_are_put_where_the_path_says() {
        check("$", json!({"a": 1}), Some(json!("new")));
        check("$.b", json!({"a": 1}), Some(json!({"a": 1, "b": "new"})));
        check("$.a", json!({"a": {"x": 1}}), Some(json!({"a": "new"})));
        check(
            "$.a.b['c d']",
            json!({}),
            Some(json!({"a": {"b": {"c d": "new"}}})),
        );
        check(
            "$.a[1]",
            json!({"a": [1, 2]}),
            Some(json!({"a": [1, "new"]})),
        );
        check("$[0].x", json!([{}]), Some(json!([{"x": "new"}])));
        check(
            "$.a.b",
            json!({"a": {"b": null}}),
            Some(json!({"a": {"b": "new"}})),
        );
        // What is no object, and no item, stands in the way.
        check("$.a", json!("text"), None);
        check("$.a", json!(null), None);
        check("$.a", json!([1]), None);
        check("$.a.b", json!({"a": 1}), None);
        check("$.a.b", json!({"a": null}), None);
        check("$.a[0]", json!({}), None);
        check("$.a[2]", json!({"a": [1, 2]}), None);
        check("$.a[0]", json!({"a": {}}), None);
    }

    #[test]
    fn only_places_in_the_input_are_reference_paths() {
        for text in [
            "$$",
            "$x.y",
            "$.a[*]",
            "$..a",
            "$.a[-1]",
            "$['a','b']",
            "$[0:1]",
            "a",
        ] {
            assert!(ReferencePath::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = ReferencePath::parse(&format!("${}", ".a".repeat(30_000))).expect("a path");
        assert!(matches!(
            deep.put(json!({}), json!(1)),
            Err(PutError::TooDeep { .. })
        ));
    }
}
