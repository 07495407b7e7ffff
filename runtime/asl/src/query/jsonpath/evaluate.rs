//! From a path and a scope to what the path finds, or why it finds nothing.

use std::borrow::Cow;

use serde_json::Value;

use super::walk::{Walk, follow};
use super::{Path, Pick, Root};
use crate::query::Scope;
use crate::query::budget::Exhausted;

/// Why a path gave nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// A definite path leads nowhere: AWS's States.Runtime, and where IsPresent is false.
    #[error("the path `{path}` finds nothing")]
    PathNotFound {
        /// The path as written.
        path: String,
    },
    /// The path's variable has not been assigned.
    #[error("the variable `${name}` of the path `{path}` has no value")]
    VariableNotFound {
        /// The path as written.
        path: String,
        /// The variable, without its `$`.
        name: String,
    },
    /// The path and the others of its state visit or copy too much.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

impl Path {
    /// Finds what the path leads to: one value for a definite path, an array otherwise.
    ///
    /// Borrows whenever the value lies somewhere as it is. An indefinite path that leads
    /// through something missing gives an empty array, as AWS does.
    ///
    /// # Errors
    /// [`EvaluationError`] when a definite path finds nothing, when the variable it begins
    /// with has no value, or when it looks at too much.
    pub fn evaluate<'a>(&self, scope: &Scope<'a>) -> Result<Cow<'a, Value>, EvaluationError> {
        if let Some(found) = self.in_context(scope) {
            return found.map(Cow::Borrowed).ok_or_else(|| self.not_found());
        }
        let Some(document) = self.document(scope) else {
            return Err(EvaluationError::VariableNotFound {
                path: self.to_string(),
                name: self.variable().unwrap_or_default().to_owned(),
            });
        };
        let found = if self.is_reference() {
            follow(document, &self.route.steps).map(Cow::Borrowed)
        } else {
            Walk::new(scope, document).value(&self.route, None)?
        };
        found.ok_or_else(|| self.not_found())
    }

    /// What a Reference Path into the context object finds there. Only the field that it begins
    /// with is made. Nothing when the path is another.
    fn in_context<'a>(&self, scope: &Scope<'a>) -> Option<Option<&'a Value>> {
        let (first, rest) = self.route.steps.split_first()?;
        match (&self.route.root, &first.pick) {
            (Root::Context, Pick::Name(name)) if self.is_reference() => {
                let field = scope.context.field(name);
                Some(field.and_then(|field| follow(field, rest)))
            }
            _ => None,
        }
    }

    fn not_found(&self) -> EvaluationError {
        EvaluationError::PathNotFound {
            path: self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::*;
    use crate::query::sample;

    fn evaluate(path: &str, input: &Value) -> Result<Value, EvaluationError> {
        let path = Path::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        sample::scope(input, |scope| {
            let found = path.evaluate(scope)?;
            if path.is_reference() {
                assert!(matches!(found, Cow::Borrowed(_)), "{path} copies");
            }
            Ok(found.into_owned())
        })
    }

    fn check(input: &Value, cases: &[(&str, Option<Value>)]) {
        for (path, expected) in cases {
            assert_eq!(evaluate(path, input).ok(), *expected, "{path}");
        }
    }

    fn store() -> Value {
        json!({
            "book": [
                {"title": "A", "price": 8.95, "tags": ["x", "y"], "isbn": "1"},
                {"title": "B", "price": 12, "tags": []},
                {"title": "C", "price": "9", "tags": ["y"], "isbn": "3", "author": null},
                "scalar"
            ],
            "bicycle": {"price": 19.95, "color": "red"},
            "limit": 10
        })
    }

    #[test]
    fn definite_paths_give_the_value_itself() {
        check(
            &store(),
            &[
                ("$", Some(store())),
                ("$.bicycle.color", Some(json!("red"))),
                ("$.bicycle.['color']", Some(json!("red"))),
                ("$['book'][0]['title']", Some(json!("A"))),
                ("$.book[-1]", Some(json!("scalar"))),
                ("$.book[-5]", None),
                ("$.book[4]", None),
                ("$.book.title", None),
                ("$.bicycle[0]", None),
                ("$.limit.x", None),
                ("$.book.length()", None),
                ("$$.Execution.Name", Some(json!("n"))),
                ("$$.Nothing", None),
                ("$x.y[1]", Some(json!(2))),
                ("$größe", Some(json!(3))),
                ("$z", None),
                ("$.bicycle['color','weight']", Some(json!({"color": "red"}))),
                ("$.limit['a','b']", None),
                ("$.none['a','b']", None),
            ],
        );
        // Recorded from AWS: a backslash that escapes nothing stands for itself.
        let quoted = json!({r#"Test\""Name""#: 1, "it's": 2, r"a\b": 3});
        check(
            &quoted,
            &[
                (r#"$['Test\""Name"']"#, Some(json!(1))),
                (r"$['it\'s']", Some(json!(2))),
                (r#"$["it's"]"#, Some(json!(2))),
                (r"$['a\\b']", Some(json!(3))),
            ],
        );
    }

    #[test]
    fn indefinite_paths_give_arrays_in_document_order() {
        check(
            &store(),
            &[
                ("$.book[*].title", Some(json!(["A", "B", "C"]))),
                ("$.book[0,2].title", Some(json!(["A", "C"]))),
                ("$.book[2,0,9].title", Some(json!(["C", "A"]))),
                ("$.book[:2].title", Some(json!(["A", "B"]))),
                ("$.book[-2:].title", Some(json!(["C"]))),
                ("$.book[::2].title", Some(json!(["A", "C"]))),
                ("$.book[3:1]", Some(json!([]))),
                ("$.bicycle.*", Some(json!([19.95, "red"]))),
                ("$..price", Some(json!([8.95, 12, "9", 19.95]))),
                ("$..tags[0]", Some(json!(["x", "y"]))),
                ("$.book..[1]", Some(json!([store()["book"][1], "y"]))),
                ("$.bicycle..*", Some(json!([19.95, "red"]))),
                ("$['limit','bicycle'].color", Some(json!(["red"]))),
                (
                    "$.book[*]['title','isbn']",
                    Some(json!([
                        {"title": "A", "isbn": "1"}, {"title": "B"}, {"title": "C", "isbn": "3"}
                    ])),
                ),
                (
                    "$..['title','isbn']",
                    Some(json!([
                        {"title": "A", "isbn": "1"}, {"title": "C", "isbn": "3"}
                    ])),
                ),
                ("$x.y[*]", Some(json!([1, 2]))),
                ("$z[*]", None),
            ],
        );
        // Recorded from AWS: on an empty input each of these is an empty array.
        for path in [
            "$[*]",
            "$.items[*]",
            "$.items[1:]",
            "$.items[:1]",
            "$.item.items[*]",
            "$.item.items[1:]",
            "$.item.items[:1]",
            "$.item.items[1:5]",
            "$.items[*].itemValue",
            "$.items[1:].itemValue",
            "$.items[:1].itemValue",
            "$.item.items[1:5].itemValue",
        ] {
            check(&json!({}), &[(path, Some(json!([])))]);
        }
    }

    #[test]
    fn filters_choose() {
        let titles = |filter: &str| {
            let found = evaluate(&format!("$.book[?({filter})].title"), &store());
            let found = found.unwrap_or_else(|error| panic!("{filter}: {error}"));
            let titles = found.as_array().expect("an array").iter();
            titles
                .map(|title| title.as_str().expect("a title"))
                .collect::<String>()
        };
        for (filter, expected) in [
            ("@.isbn", "AC"),
            ("!@.isbn", "B"),
            ("@.price < 10", "A"),
            ("@.price <= $.limit", "A"),
            ("@.price > 10 && @.title != 'A'", "BC"),
            ("@.price == 9", "C"),
            ("@.price === 9", ""),
            ("@.price == 12.0", "B"),
            ("@.price >= 12 || @.title == \"A\"", "ABC"),
            ("@.title == 'A' || @.title == 'B' && @.isbn", "A"),
            ("(@.title == 'A' || @.title == 'B') && @.isbn", "A"),
            ("!(@.title == 'A' || @.price == 12)", "C"),
            ("@.isbn != '1'", "BC"),
            ("@.author == null", "C"),
            ("@.author", "C"),
            ("@.title =~ /[ab]/i", "AB"),
            ("@.title =~ /./", "ABC"),
            ("@.isbn =~ /\\d+/", "AC"),
            ("@.tags =~ /x|z/", "A"),
            ("@.title =~ /[AB]+\\/?/", "AB"),
            ("@.title in ['A', \"C\", 1]", "AC"),
            ("@.title nin ['A']", "BC"),
            ("'y' in @.tags", "AC"),
            ("@.tags contains 'x'", "A"),
            ("@.title contains 'B'", "B"),
            ("@.tags subsetof ['y', 'z']", "BC"),
            ("@.tags anyof ['x', 'z']", "A"),
            ("@.tags noneof ['x']", "BC"),
            ("@.tags all ['x', 'y']", "A"),
            ("@.tags size 1", "C"),
            ("@.tags empty true", "B"),
            ("@.tags[*]", "AC"),
            ("@.tags[?(@ == 'x')]", ""),
            ("@['title'] == 'A'", "A"),
            ("$x.wanted == 0 && @.isbn", "AC"),
            ("@.tags == []", "B"),
            ("@.isbn.length() == 1", ""),
        ] {
            assert_eq!(titles(filter), expected, "{filter}");
        }
        check(
            &store(),
            &[
                ("$.bicycle[?(@.color == 'red')].price", Some(json!([19.95]))),
                ("$..[?(@.price > 15)].color", Some(json!(["red"]))),
                ("$.none[?(@.a)]", Some(json!([]))),
            ],
        );
        // The developer guide's example, and the case recorded from AWS.
        check(
            &json!({"jar": [{"a": 1}, {"a": 5}, {"a": 2}, {"a": 7}, {"a": 3}]}),
            &[("$.jar[?(@.a >= 5)]", Some(json!([{"a": 5}, {"a": 7}])))],
        );
        check(
            &json!({"users": [{"year": 1997, "status": 0}, {"year": 1998, "status": 1}]}),
            &[(
                "$.users[?(@.status == 0)]",
                Some(json!([{"year": 1997, "status": 0}])),
            )],
        );
    }

    #[test]
    fn hostile_paths_end_soon() {
        let mut deep = json!([]);
        for _ in 0..120 {
            deep = json!([deep, {"a": 1, "t": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}]);
        }
        let wide =
            json!({"t": "x".repeat(200_000), "l": vec![json!({"t": "a".repeat(100)}); 1_000]});
        let long = format!("$[{}0]", "0,".repeat(30_000));
        let names = format!("$[{}'t']['t']", "'t',".repeat(10_000));
        for (path, input) in [
            ("$..*..*..*..*", &deep),
            ("$..*..*..*..*", &wide),
            ("$..[?(@..[?(@..a)])]..*", &deep),
            ("$..[?($ == $)]", &wide),
            ("$..[?(@.t =~ /(a|aa|a*)*b/)]", &deep),
            ("$.l[?($.t =~ /(x+x+)+y/)]", &wide),
            ("$.l[?($.t contains 'y')]", &wide),
            (&long, &deep),
            (&names, &wide),
        ] {
            let begun = Instant::now();
            let _ = evaluate(path, input);
            assert!(begun.elapsed() < Duration::from_secs(20), "{path}");
        }
        assert_eq!(
            evaluate("$..*..*..*..*", &deep),
            Err(EvaluationError::Exhausted(Exhausted))
        );
        assert!(Path::parse("$[?(@.a =~ /((a{100}){100}){100}/)]").is_err());
    }
}
