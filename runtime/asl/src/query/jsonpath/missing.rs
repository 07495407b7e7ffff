//! Why a definite path finds nothing, in the words of the library that AWS evaluates it with.
//!
//! AWS prints them where InputPath or OutputPath leads nowhere: "No results for path: …" with the
//! whole path in its normal form, or "Missing property in path …" with the part up to a property
//! that is missing on the way.

use std::fmt::Write;

use serde_json::Value;

use super::{Path, Pick};
use crate::query::Scope;

impl Path {
    /// What is missing. Only for a path that found nothing in this scope.
    pub fn missing(&self, scope: &Scope<'_>) -> String {
        let steps = &self.route.steps;
        let mut node = self.document(scope);
        let mut way = String::from("$");
        for (place, step) in steps.iter().enumerate() {
            // Writing to a string does not fail.
            let _ = match &step.pick {
                Pick::Name(name) => write!(way, "['{name}']"),
                Pick::Index(index) => write!(way, "[{index}]"),
                _ => return format!("No results for path: {}", self.as_str()),
            };
            let is_last = place + 1 == steps.len();
            node = match (&step.pick, node) {
                (Pick::Name(name), Some(Value::Object(fields))) => match fields.get(&**name) {
                    None if !is_last => return format!("Missing property in path {way}"),
                    found => found,
                },
                (Pick::Index(index), Some(Value::Array(items))) => {
                    usize::try_from(*index).ok().and_then(|at| items.get(at))
                }
                _ => None,
            };
        }
        format!("No results for path: {way}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Path;
    use crate::query::sample;

    #[test]
    fn what_is_missing_is_named_in_normal_form() {
        let input = json!({"a": {"b": [1]}, "s": "x"});
        for (path, words) in [
            ("$.Payload", "No results for path: $['Payload']"),
            ("$.a.c", "No results for path: $['a']['c']"),
            ("$.no.such.path", "Missing property in path $['no']"),
            ("$.a['x'].y", "Missing property in path $['a']['x']"),
            ("$.a.b[7]", "No results for path: $['a']['b'][7]"),
            ("$.s.t", "No results for path: $['s']['t']"),
        ] {
            let path = Path::parse(path).unwrap();
            sample::scope(&input, |scope| {
                assert!(path.evaluate(scope).is_err());
                assert_eq!(path.missing(scope), words);
            });
        }
    }
}
