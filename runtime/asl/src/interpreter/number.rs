//! The numbers of a Map: MaxConcurrency, what is tolerated, and the limits of its reader and
//! batcher. Each stands in the definition, or a path or an expression leads to it.
//!
//! As recorded, AWS reads what a path leads to as text: a string of digits is a number, and so
//! `2.0` is no integer. The causes are AWS's, those of JSONata but for the type being ours.

use std::borrow::Cow;

use serde_json::Value;

use super::driver::Driver;
use super::fault::Fault;
use super::transition::Reading;
use crate::definition::{Expression, Field, Map, Number, Query, Template};
use crate::query::{jsonata, jsonpath};

/// What kind of number a field takes, in AWS's word.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Integer,
    Float,
}

impl Driver<'_> {
    /// `MaxConcurrency`; 0 where there is none.
    pub(super) fn concurrency_wanted(
        &self,
        reading: &Reading,
        map: &Map,
        input: &Value,
    ) -> Result<u64, Fault> {
        let number = map.max_concurrency.as_ref();
        let is_allowed = |number: f64| number >= 0.0;
        let found = self.number(
            reading,
            number,
            input,
            Kind::Integer,
            is_allowed,
            |number| {
                format!("Expected non-negative integer for MaxConcurrency, got '{number}' instead.")
            },
        )?;
        Ok(found.unwrap_or(0.0) as u64)
    }

    /// `ToleratedFailureCount`
    pub(super) fn tolerated_count(
        &self,
        reading: &Reading,
        map: &Map,
        input: &Value,
    ) -> Result<Option<u64>, Fault> {
        let number = map.tolerated_failure_count.as_ref();
        let is_allowed = |number: f64| number >= 0.0;
        let found = self.number(reading, number, input, Kind::Integer, is_allowed, |_| {
            "ToleratedFailureCount cannot be negative.".to_owned()
        })?;
        Ok(found.map(|count| count as u64))
    }

    /// `ToleratedFailurePercentage`
    pub(super) fn tolerated_percentage(
        &self,
        reading: &Reading,
        map: &Map,
        input: &Value,
    ) -> Result<Option<f64>, Fault> {
        let number = map.tolerated_failure_percentage.as_ref();
        let is_allowed = |number: f64| (0.0..=100.0).contains(&number);
        self.number(reading, number, input, Kind::Float, is_allowed, |_| {
            "ToleratedFailurePercentage must be between 0 and 100.".to_owned()
        })
    }

    fn number(
        &self,
        reading: &Reading,
        number: Option<&Number>,
        input: &Value,
        kind: Kind,
        is_allowed: impl Fn(f64) -> bool,
        refusal: impl Fn(f64) -> String,
    ) -> Result<Option<f64>, Fault> {
        let expression = match number {
            None => return Ok(None),
            Some(Number::Literal(number)) => return Ok(Some(*number)),
            Some(Number::Expression(expression)) => expression,
        };
        let value = self.evaluate(reading, expression, input)?;
        let number = number_of(expression, &value, kind)?;
        match is_allowed(number) {
            true => Ok(Some(number)),
            false => Err(refused(expression, refusal(number))),
        }
    }

    /// A limit `name` of an ItemBatcher or a ReaderConfig, as it stands or at its Path; nothing
    /// where there is none.
    pub(super) fn limit(
        &self,
        reading: &Reading,
        part: &Template,
        name: &str,
        input: &Value,
    ) -> Result<Option<i64>, Fault> {
        let path_name = format!("{name}Path");
        let expression = match (part.field(&path_name), part.field(name)) {
            (Some(path), _) => match &*path {
                Template::Constant(Value::String(text)) => Cow::Owned(path_of(&path_name, text)?),
                _ => return Ok(None),
            },
            (None, None) => return Ok(None),
            (None, Some(Cow::Borrowed(Template::Expression(expression)))) => {
                Cow::Borrowed(expression)
            }
            (None, Some(template)) => {
                return Ok(match &*template {
                    Template::Constant(value) => value.as_i64(),
                    _ => None,
                });
            }
        };
        let value = self.evaluate(reading, &expression, input)?;
        let number = number_of(&expression, &value, Kind::Integer)?;
        Ok(Some(number as i64))
    }
}

/// `MaxItemsPath` and its like, which parsing has checked.
fn path_of(name: &str, text: &str) -> Result<Expression, Fault> {
    let path = jsonpath::Path::parse(text)
        .map_err(|error| Fault::runtime(format!("Invalid path '{text}': {error}")))?;
    Ok(Expression {
        source: text.into(),
        field: Field(name.into()),
        query: Query::Path(path),
    })
}

/// A number out of its range: what an expression gives is always the expression's fault.
fn refused(expression: &Expression, what: String) -> Fault {
    match expression.query {
        Query::Jsonata(_) => Fault::query(expression, what),
        _ => Fault::runtime(what),
    }
}

fn number_of(expression: &Expression, value: &Value, kind: Kind) -> Result<f64, Fault> {
    let Expression {
        source,
        field,
        query,
    } = expression;
    if let Query::Jsonata(_) = query {
        let number = value.as_f64().ok_or_else(|| {
            let what = jsonata::unexpected_type(source, &field.0, "number", value);
            Fault::query(expression, what)
        })?;
        return match kind == Kind::Float || number.fract() == 0.0 {
            true => Ok(number),
            false => Err(Fault::query(
                expression,
                format!(
                    "The JSONata expression '{source}' specified for the field '{}' returned a \
                     value that is not a valid integer: {value}",
                    field.0
                ),
            )),
        };
    }
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.as_str()),
        other => Cow::Owned(other.to_string()),
    };
    let (number, word) = match kind {
        // A count beyond what a double holds exactly is as good as none.
        Kind::Integer => (text.parse().ok().map(|whole: i64| whole as f64), "integer"),
        Kind::Float => (
            text.parse().ok().filter(|float: &f64| float.is_finite()),
            "float",
        ),
    };
    number.ok_or_else(|| {
        Fault::runtime(format!(
            "The {} field refers to value \"{text}\" which is not a valid {word}: {source}",
            field.0
        ))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::history::EventId;

    fn check(kind: Kind, value: Value, expected: Result<f64, &str>) {
        let expression = path_of("NPath", "$.n").expect("a path");
        let found = number_of(&expression, &value, kind);
        let found = found.map_err(|fault| fault.into_failure("M", EventId(2)).cause);
        let head = "An error occurred while executing the state 'M' (entered at the event id #2).";
        let expected = expected.map_err(|what| {
            Some(format!(
                "{head} The NPath field refers to value {what}: $.n"
            ))
        });
        assert_eq!(found, expected, "{value}");
    }

    #[test]
    fn what_a_path_leads_to_is_read_as_text() {
        check(Kind::Integer, json!(3), Ok(3.0));
        check(Kind::Integer, json!("3"), Ok(3.0));
        check(Kind::Integer, json!(-1), Ok(-1.0));
        check(
            Kind::Integer,
            json!(2.0),
            Err("\"2.0\" which is not a valid integer"),
        );
        check(
            Kind::Integer,
            json!("x"),
            Err("\"x\" which is not a valid integer"),
        );
        check(
            Kind::Integer,
            json!({}),
            Err("\"{}\" which is not a valid integer"),
        );
        check(Kind::Float, json!(1.5), Ok(1.5));
        check(Kind::Float, json!("1.5"), Ok(1.5));
        check(
            Kind::Float,
            json!(null),
            Err("\"null\" which is not a valid float"),
        );
        check(
            Kind::Float,
            json!("inf"),
            Err("\"inf\" which is not a valid float"),
        );
    }
}
