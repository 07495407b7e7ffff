//! Why a definite path finds nothing, in the words of the library that AWS evaluates it with.
//!
//! AWS prints them where InputPath or OutputPath leads nowhere: "No results for path: …" with the
//! whole path in its normal form, or "Missing property in path …" with the part up to a property
//! that is missing on the way, and in other words where the data is of another kind.

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
            let is_last = place + 1 == steps.len();
            // Writing to a string does not fail.
            node = match (&step.pick, node) {
                (Pick::Name(name), Some(Value::Object(fields))) => {
                    let _ = write!(way, "['{name}']");
                    match fields.get(&**name) {
                        None if !is_last => return format!("Missing property in path {way}"),
                        found => found,
                    }
                }
                (Pick::Name(name), Some(_)) => {
                    return format!("Property ['{name}'] not found in path {way}");
                }
                (Pick::Index(index), Some(Value::Array(items))) => {
                    let _ = write!(way, "[{index}]");
                    usize::try_from(*index).ok().and_then(|at| items.get(at))
                }
                (Pick::Index(_), Some(Value::Null)) => return format!("The path {way} is null"),
                (Pick::Index(index), Some(other)) => {
                    return format!(
                        "Filter: [{index}] can only be applied to arrays. Current context is: \
                         {other}"
                    );
                }
                // Past the end of an array there is only the rest of the path.
                (Pick::Name(name), None) => {
                    let _ = write!(way, "['{name}']");
                    None
                }
                (Pick::Index(index), None) => {
                    let _ = write!(way, "[{index}]");
                    None
                }
                _ => return format!("No results for path: {}", self.as_str()),
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
        let input = json!({"a": {"b": [1]}, "s": "x", "n": null});
        for (path, words) in [
            ("$.Payload", "No results for path: $['Payload']"),
            ("$.a.c", "No results for path: $['a']['c']"),
            ("$.no.such.path", "Missing property in path $['no']"),
            ("$.a['x'].y", "Missing property in path $['a']['x']"),
            ("$.a.b[7].c", "No results for path: $['a']['b'][7]['c']"),
            ("$.a.b[7]", "No results for path: $['a']['b'][7]"),
            ("$.s.t", "Property ['t'] not found in path $['s']"),
            (
                "$.s[0]",
                "Filter: [0] can only be applied to arrays. Current context is: \"x\"",
            ),
            ("$.n[0]", "The path $['n'] is null"),
        ] {
            let path = Path::parse(path).unwrap();
            sample::scope(&input, |scope| {
                assert!(path.evaluate(scope).is_err());
                assert_eq!(path.missing(scope), words);
            });
        }
    }
}
