//! Expressions: paths, calls of intrinsic functions, and JSONata in its braces.

use serde_json::Value;

use super::fields::Fields;
use super::place::{Place, Step};
use super::report::{Problem, SCHEMA, Spot};
use crate::definition::{Expression, Field, Query, QueryLanguage, ResultPath, Selector};
use crate::query::intrinsics::Intrinsic;
use crate::query::jsonata;
use crate::query::jsonpath::{Path, ReferencePath};

/// AWS's code for JSONata that is none of its own.
const UNSUPPORTED: &str = "UNSUPPORTED_JSONATA_EXPRESSION";

/// What may stand where a path is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Any path.
    Path,
    /// A path to a single place: no wildcards, no filters.
    Definite,
    /// The same, but not into the context object.
    OwnDefinite,
    /// A path to a single place, or a call of an intrinsic function.
    DefiniteOrCall,
}

/// What is between `{%` and `%}`, with its byte offset; `None` when the string is not so written.
pub(super) fn braced(text: &str) -> Option<(usize, &str)> {
    let inner = text.strip_prefix("{%")?.strip_suffix("%}")?;
    let trimmed = inner.trim_start();
    Some((2 + inner.len() - trimmed.len(), trimmed.trim_end()))
}

/// A `.$` value: a path or a call.
pub(super) fn path_or_call(text: &str) -> Result<Query, (usize, String)> {
    if text.starts_with("States.") {
        return Intrinsic::parse(text)
            .map(Query::Intrinsic)
            .map_err(|error| (error.offset, error.message.to_string()));
    }
    any_path(text)
}

/// Whether a literal is written as if it were to be evaluated.
pub(super) fn looks_like_query(text: &str) -> bool {
    let begins = ["$.", "$$.", "States."]
        .iter()
        .any(|head| text.starts_with(head));
    begins && path_or_call(text).is_ok()
}

fn any_path(text: &str) -> Result<Query, (usize, String)> {
    Path::parse(text)
        .map(Query::Path)
        .map_err(|error| (error.offset, error.message.to_string()))
}

/// How a parser's complaint becomes a hint.
pub(super) fn complaint(message: &str) -> String {
    format!("{message}, here")
}

impl Fields<'_> {
    /// A path field, such as `ItemsPath`.
    pub(super) fn path(&self, name: &str, kind: Kind) -> Option<Expression> {
        let text = self.string(name)?;
        let place = self.place.key(name);
        let parsed = match kind {
            Kind::DefiniteOrCall => path_or_call(text),
            Kind::Path | Kind::Definite | Kind::OwnDefinite => any_path(text),
        };
        let query = match parsed {
            Ok(query) => query,
            Err((offset, message)) => {
                let sentence = match kind {
                    Kind::Path => "Value must be a valid JSONPath.",
                    Kind::DefiniteOrCall => {
                        "Value must be a valid JSONPath or a valid intrinsic function call"
                    }
                    _ if !text.starts_with('$') => {
                        "Value is not a Reference Path: Reference path didn't start with '$'"
                    }
                    _ => "Value is not a Reference Path",
                };
                let problem = Problem::schema(&place, sentence).offset(offset);
                self.report(problem.hint(complaint(&message)));
                return None;
            }
        };
        if let Query::Path(path) = &query
            && kind != Kind::Path
            && (!path.is_reference() || kind == Kind::OwnDefinite && text.starts_with("$$"))
        {
            self.report(Problem::schema(&place, "Value is not a Reference Path"));
            return None;
        }
        Some(Expression {
            source: text.into(),
            field: Field(name.into()),
            query,
        })
    }

    /// Warns of a literal that would be a path if its field were called so.
    pub(super) fn warn_no_path(&self, name: &str, text: &str) {
        let looks = self.language == QueryLanguage::JsonPath && looks_like_query(text);
        if looks {
            let place = self.place.key(name);
            let message = "Field value looks like a path, but field name does not end with 'Path'";
            let problem = Problem::error("NO_PATH", place.steps(), message).warning();
            self.report(problem.hint(format!("to have it evaluated, call the field '{name}Path'")));
        }
    }

    /// `InputPath` or `OutputPath`.
    pub(super) fn selector(&self, name: &str) -> Selector {
        match self.value(name) {
            None => Selector::Whole,
            Some(Value::Null) => Selector::Nothing,
            Some(Value::String(text)) if text == "$" => Selector::Whole,
            Some(_) => self
                .path(name, Kind::Path)
                .map_or(Selector::Whole, Selector::Path),
        }
    }

    /// `ResultPath`.
    pub(super) fn result_path(&self) -> ResultPath {
        let name = "ResultPath";
        match self.value(name) {
            None => ResultPath::Replace,
            Some(Value::Null) => ResultPath::Discard,
            Some(Value::String(text)) if text == "$" => ResultPath::Replace,
            Some(_) => self.reference_path(name).unwrap_or_default(),
        }
    }

    fn reference_path(&self, name: &str) -> Option<ResultPath> {
        let text = self.string(name)?;
        match ReferencePath::parse(text) {
            Ok(path) => Some(ResultPath::Into(path)),
            Err(error) => {
                let place = self.place.key(name);
                let problem = Problem::schema(&place, "Value is not a Reference Path");
                self.report(
                    problem
                        .offset(error.offset)
                        .hint(complaint(&error.message.to_string())),
                );
                None
            }
        }
    }

    /// The JSONata of a string that may be in braces: `None` when it is not (and nothing is
    /// reported), `Some(None)` when it does not parse.
    pub(super) fn braced(&self, place: &Place<'_>, text: &str) -> Option<Option<Expression>> {
        let (offset, source) = braced(text)?;
        Some(self.jsonata(place, offset, source))
    }

    /// JSONata at this place; `offset` is where its source begins in the string.
    fn jsonata(&self, place: &Place<'_>, offset: usize, source: &str) -> Option<Expression> {
        match jsonata::Expression::parse(source) {
            Ok(expression) => {
                self.check_states(place, &expression);
                Some(Expression {
                    source: source.into(),
                    field: Field(place.below(self.state_depth).into()),
                    query: Query::Jsonata(expression),
                })
            }
            Err(error) => {
                // The engine's own code stays out: AWS gives the sentence alone. What has no
                // such code is JSONata, but not what AWS takes.
                let (code, sentence) = match error.message.split_once(": ") {
                    Some((code, sentence)) if is_engine_code(code) => {
                        ("INVALID_JSONATA_EXPRESSION", sentence)
                    }
                    _ => (UNSUPPORTED, error.message.as_str()),
                };
                let mut problem = Problem::error(code, place.steps(), sentence);
                if code == UNSUPPORTED {
                    problem =
                        problem.hint("begin with $states.input, $states.context or a variable");
                }
                self.report(problem.offset(offset + error.offset));
                None
            }
        }
    }

    /// `$states.result` is for the `Output` and `Assign` of a state that has one,
    /// `$states.errorOutput` for those of a Catcher.
    fn check_states(&self, place: &Place<'_>, expression: &jsonata::Expression) {
        let steps = place.steps();
        let field = steps.get(self.state_depth).copied();
        let reads_result = self.has_result && matches!(field, Some(Step::Key("Output" | "Assign")));
        let reads_error = matches!(field, Some(Step::Key("Catch")));
        for (used, allowed, name) in [
            (expression.uses_result(), reads_result, "result"),
            (expression.uses_error_output(), reads_error, "errorOutput"),
        ] {
            if used && !allowed {
                let message = format!("Field '$states.{name}' does not exist.");
                self.report(Problem::error(UNSUPPORTED, steps.clone(), message));
            }
        }
    }

    /// A field that in JSONata must be in braces.
    pub(super) fn jsonata_field(&self, name: &str) -> Option<Expression> {
        let text = self.string(name)?;
        let place = self.place.key(name);
        self.braced(&place, text).unwrap_or_else(|| {
            let problem = Problem::schema(&place, "Value must be a valid JSONata expression");
            self.report(problem.hint("write it as \"{% … %}\""));
            None
        })
    }

    /// A string in braces, in a JSONata state.
    pub(super) fn is_braced(&self, name: &str) -> bool {
        self.language == QueryLanguage::Jsonata
            && matches!(self.value(name), Some(Value::String(text)) if text.starts_with("{%"))
    }

    /// Reports a `.$` value that is neither a path nor a call. AWS names the object it
    /// stands in as the place.
    pub(super) fn report_dollar(
        &self,
        steps: Vec<Step<'_>>,
        key: &str,
        offset: usize,
        message: &str,
    ) {
        let sentence = format!(
            "The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
        );
        let problem = Problem::error(SCHEMA, steps, sentence).spot(Spot::ValueOf(key));
        self.report(problem.offset(offset).hint(complaint(message)));
    }
}

fn is_engine_code(code: &str) -> bool {
    let mut characters = code.chars();
    characters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && code.len() == 5
        && characters.all(|digit| digit.is_ascii_digit())
}
