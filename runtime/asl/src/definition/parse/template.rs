//! Templates: JSON values with expressions in them.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::expression::{looks_like_query, path_or_call};
use super::fields::Fields;
use super::place::Place;
use super::report::{Problem, Spot};
use crate::definition::{Expression, Field, Query, QueryLanguage, Template};
use crate::limits;
use crate::query::jsonpath::is_variable_name;

impl Fields<'_> {
    /// A template field of the state's language. Depth is bounded by the JSON parser.
    pub(super) fn template(&self, name: &str) -> Option<Template> {
        let value = self.value(name)?;
        let place = self.place.key(name);
        self.template_at(&place, value)
    }

    /// The template that `value` is; `None` when something in it is wrong.
    pub(super) fn template_at(&self, place: &Place<'_>, value: &Value) -> Option<Template> {
        match (value, self.language) {
            (Value::Object(object), QueryLanguage::JsonPath) => self.path_object(place, object),
            (Value::Object(object), QueryLanguage::Jsonata) => {
                let fields = object.iter().map(|(key, value)| {
                    let field = self.template_at(&place.key(key), value);
                    field.map(|field| (key.clone(), field))
                });
                Some(folded_object(all(fields)?))
            }
            (Value::Array(items), _) => {
                let items = items.iter().enumerate();
                let items = items.map(|(index, item)| self.template_at(&place.index(index), item));
                Some(folded_array(all(items)?))
            }
            (Value::String(text), QueryLanguage::Jsonata) => self.jsonata_string(place, text),
            _ => Some(Template::Constant(value.clone())),
        }
    }

    fn jsonata_string(&self, place: &Place<'_>, text: &str) -> Option<Template> {
        match self.braced(place, text) {
            Some(expression) => expression.map(Template::Expression),
            None => {
                if text.starts_with("{%") || text.ends_with("%}") {
                    let message = "The string is only half in '{% %}', so it is taken as it stands";
                    self.report(
                        Problem::error("UNCLOSED_EXPRESSION", place.steps(), message).warning(),
                    );
                }
                Some(Template::Constant(Value::String(text.to_owned())))
            }
        }
    }

    /// An object whose `.$` keys hold paths and calls.
    fn path_object(&self, place: &Place<'_>, object: &Map<String, Value>) -> Option<Template> {
        let fields = object
            .iter()
            .map(|(key, value)| match key.strip_suffix(".$") {
                None => {
                    let place = place.key(key);
                    if let Value::String(text) = value
                        && !key.ends_with("Path")
                    {
                        self.warn_of_dollar(&place, text);
                    }
                    let field = self.template_at(&place, value)?;
                    Some((key.clone(), field))
                }
                Some(name) => {
                    if object.contains_key(name) {
                        let message =
                            format!("The fields '{name}' and '{key}' would be one in the output");
                        self.report(Problem::schema(place, message).spot(Spot::Key(key)));
                        return None;
                    }
                    let expression = self.dollar_field(place, key, value)?;
                    Some((name.to_owned(), Template::Expression(expression)))
                }
            });
        Some(folded_object(all(fields)?))
    }

    /// Warns of a string that would be an expression if its key said so. (`MaxItemsPath` of an
    /// ItemReader says so in its own way.)
    fn warn_of_dollar(&self, place: &Place<'_>, text: &str) {
        if looks_like_query(text) {
            let message = "No .$ on a field that appears to be a JSONPath or Intrinsic Function";
            let problem = Problem::error("NO_DOLLAR", place.steps(), message).warning();
            self.report(problem.hint("end the field's name in '.$' to have it evaluated"));
        }
    }

    fn dollar_field(&self, place: &Place<'_>, key: &str, value: &Value) -> Option<Expression> {
        let parsed: Result<(Query, &str), (usize, String)> = match value {
            Value::String(text) => path_or_call(text).map(|query| (query, text.as_str())),
            _ => Err((0, "a string is needed".to_owned())),
        };
        match parsed {
            Ok((query, text)) => Some(Expression {
                source: text.into(),
                field: Field(key.into()),
                query,
            }),
            Err((offset, message)) => {
                self.report_dollar(place.steps(), key, offset, &message);
                None
            }
        }
    }

    /// `Assign`: names without their `.$`, in the order of the text.
    pub(super) fn assign(&self) -> Vec<(Arc<str>, Template)> {
        let Some(value) = self.value("Assign") else {
            return Vec::new();
        };
        let place = self.place.key("Assign");
        let Value::Object(object) = value else {
            self.report(Problem::schema(&place, "Expected value of type [OBJECT]"));
            return Vec::new();
        };
        for key in object.keys() {
            self.check_variable(&place, key);
        }
        match self.template_at(&place, value) {
            Some(Template::Object(fields)) => {
                let named = fields.into_iter();
                named
                    .map(|(name, template)| (name.into(), template))
                    .collect()
            }
            Some(Template::Constant(Value::Object(fields))) => fields
                .into_iter()
                .map(|(name, value)| (name.into(), Template::Constant(value)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A variable's name: Unicode's identifiers, up to [`limits::NAME_CHARS_MAX`] characters,
    /// and not `states`.
    fn check_variable(&self, place: &Place<'_>, key: &str) {
        let name = match self.language {
            QueryLanguage::JsonPath => key.strip_suffix(".$").unwrap_or(key),
            QueryLanguage::Jsonata => key,
        };
        let (code, message) = if name == "states" {
            let message = "Cannot assign to reserved variable '$states'.".to_owned();
            ("RESERVED_VARIABLE_NAME", message)
        } else if is_variable_name(name) {
            return;
        } else {
            let max = limits::NAME_CHARS_MAX;
            let why = if name.chars().count() > max {
                format!("is longer than {max} characters")
            } else {
                "contains invalid characters".to_owned()
            };
            let message = format!("Invalid variable name '{name}': the variable name {why}.");
            ("INVALID_VARIABLE_NAME", message)
        };
        let steps = place.key(key).steps();
        self.report(Problem::error(code, steps, message).spot(Spot::Name));
    }
}

/// All of them, having looked at every one, so that each reports its problems.
fn all<T>(parts: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let parts: Vec<Option<T>> = parts.collect();
    parts.into_iter().collect()
}

/// A constant when all its fields are.
fn folded_object(fields: Vec<(String, Template)>) -> Template {
    if !fields
        .iter()
        .all(|(_, field)| matches!(field, Template::Constant(_)))
    {
        return Template::Object(fields);
    }
    let constants = fields.into_iter().filter_map(|(key, field)| match field {
        Template::Constant(value) => Some((key, value)),
        _ => None,
    });
    Template::Constant(Value::Object(constants.collect()))
}

/// A constant when all its elements are.
fn folded_array(items: Vec<Template>) -> Template {
    if !items
        .iter()
        .all(|item| matches!(item, Template::Constant(_)))
    {
        return Template::Array(items);
    }
    let constants = items.into_iter().filter_map(|item| match item {
        Template::Constant(value) => Some(value),
        _ => None,
    });
    Template::Constant(Value::Array(constants.collect()))
}
