//! A request's fields, read and checked as AWS's service front does: types first, then all
//! violated constraints at once.

mod constraint;
mod rest;
mod shape;

pub(crate) use constraint::{List, Number, Text};
pub(crate) use shape::*;

use serde_json::{Map, Value};

use crate::ApiError;

/// The fields of one structure. Reading never fails; [`Request::finish`] says what was wrong.
#[derive(Debug)]
pub(crate) struct Request {
    fields: Map<String, Value>,
    /// Where the structure is: empty at the top, `tags.1.member.` within.
    path: String,
    violations: Vec<String>,
    malformed: Option<ApiError>,
    spelling: Spelling,
}

/// How a service's front names a field in its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// As the request does.
    Same,
    /// With a small first letter, as fronts of REST services do.
    Small,
}

/// What stands in a field, in the words of the service front.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

impl Request {
    /// Reads a body.
    ///
    /// # Errors
    /// `SerializationException`.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::of(Map::new(), String::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self::of(fields, String::new())),
            Ok(other) => Err(ApiError::malformed(format!(
                "Unexpected token of type {} where a JSON object was expected",
                kind(&other)
            ))),
            Err(error) => Err(ApiError::malformed(format!(
                "The body is not JSON: {error}"
            ))),
        }
    }

    fn of(fields: Map<String, Value>, path: String) -> Self {
        Self {
            fields,
            path,
            violations: Vec::new(),
            malformed: None,
            spelling: Spelling::Same,
        }
    }

    /// A text that must be there.
    pub(crate) fn required(&mut self, name: &str, shape: &Text) -> String {
        let text = self.optional(name, shape);
        if text.is_none() {
            self.missing(name);
        }
        text.unwrap_or_default()
    }

    /// A text that may be there.
    pub(crate) fn optional(&mut self, name: &str, shape: &Text) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => {
                let path = self.place(name);
                shape.check(&path, &text, &mut self.violations);
                Some(text)
            }
            other => self.mistyped(&other, "a String"),
        }
    }

    /// A whole number that may be there.
    pub(crate) fn integer(&mut self, name: &str, shape: &Number) -> Option<i64> {
        let number = self.number(name, shape)?;
        Some(number as i64)
    }

    /// A number that may be there.
    pub(crate) fn number(&mut self, name: &str, shape: &Number) -> Option<f64> {
        let value = self.take(name)?;
        match value
            .as_f64()
            .filter(|number| !shape.whole || number.fract() == 0.0)
        {
            Some(number) => {
                let path = self.place(name);
                shape.check(&path, number, &mut self.violations);
                Some(number)
            }
            None => self.mistyped(&value, shape.type_name()),
        }
    }

    /// A switch that may be there.
    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        match self.take(name)? {
            Value::Bool(value) => Some(value),
            other => self.mistyped(&other, "a Boolean"),
        }
    }

    /// A structure that may be there, read by `read`.
    pub(crate) fn structure<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(&mut Request) -> T,
    ) -> Option<T> {
        match self.take(name)? {
            Value::Object(fields) => {
                let path = format!("{}.", self.place(name));
                Some(self.within(fields, path, read))
            }
            other => {
                self.malformed.get_or_insert_with(|| {
                    ApiError::malformed(format!("Unexpected token of type {}", kind(&other)))
                });
                None
            }
        }
    }

    /// A list of structures that may be there, each read by `read`.
    pub(crate) fn structures<T>(
        &mut self,
        name: &str,
        shape: &List,
        mut read: impl FnMut(&mut Request) -> T,
    ) -> Option<Vec<T>> {
        let elements = self.elements(name, shape)?;
        let mut all = Vec::with_capacity(elements.len());
        for (place, element) in elements.into_iter().enumerate() {
            match element {
                Value::Object(fields) => {
                    let path = format!("{}.{}.member.", self.place(name), place + 1);
                    all.push(self.within(fields, path, &mut read));
                }
                other => return self.mistyped(&other, "a structure"),
            }
        }
        Some(all)
    }

    /// A list of texts that may be there.
    pub(crate) fn texts(&mut self, name: &str, shape: &List, of: &Text) -> Option<Vec<String>> {
        let elements = self.elements(name, shape)?;
        let mut all = Vec::with_capacity(elements.len());
        for (place, element) in elements.into_iter().enumerate() {
            match element {
                Value::String(text) => {
                    let path = format!("{}.{}.member", self.place(name), place + 1);
                    of.check(&path, &text, &mut self.violations);
                    all.push(text);
                }
                other => return self.mistyped(&other, "a String"),
            }
        }
        Some(all)
    }

    /// Says that a field must be there.
    pub(crate) fn missing(&mut self, name: &str) {
        let path = self.place(name);
        self.violations.push(format!(
            "Value null at '{path}' failed to satisfy constraint: Member must not be null"
        ));
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// `SerializationException` for a wrong type, else `ValidationException` with all that
    /// was violated.
    pub(crate) fn finish(&mut self) -> Result<(), ApiError> {
        if let Some(error) = self.malformed.take() {
            return Err(error);
        }
        match self.violations.len() {
            0 => Ok(()),
            count => {
                let plural = if count == 1 { "" } else { "s" };
                let all = self.violations.join("; ");
                Err(ApiError::validation(format!(
                    "{count} validation error{plural} detected: {all}"
                )))
            }
        }
    }

    fn elements(&mut self, name: &str, shape: &List) -> Option<Vec<Value>> {
        match self.take(name)? {
            Value::Array(elements) => {
                let path = self.place(name);
                shape.check(&path, &elements, &mut self.violations);
                Some(elements)
            }
            other => self.mistyped(&other, "a list"),
        }
    }

    fn within<T>(
        &mut self,
        fields: Map<String, Value>,
        path: String,
        read: impl FnOnce(&mut Request) -> T,
    ) -> T {
        let mut inner = Self::of(fields, path);
        inner.spelling = self.spelling;
        let value = read(&mut inner);
        self.violations.append(&mut inner.violations);
        self.malformed = self.malformed.take().or(inner.malformed);
        value
    }

    /// A field's value; null is as good as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.fields
            .swap_remove(name)
            .filter(|value| !value.is_null())
    }

    fn place(&self, name: &str) -> String {
        let path = &self.path;
        match (self.spelling, name.split_at_checked(1)) {
            (Spelling::Small, Some((first, rest))) => {
                format!("{path}{}{rest}", first.to_ascii_lowercase())
            }
            _ => format!("{path}{name}"),
        }
    }

    fn mistyped<T>(&mut self, value: &Value, expected: &str) -> Option<T> {
        self.malformed.get_or_insert_with(|| {
            ApiError::malformed(format!(
                "{} can not be converted to {expected}",
                kind(value)
            ))
        });
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str, read: impl FnOnce(&mut Request)) -> String {
        let mut request = Request::parse(body.as_bytes()).unwrap();
        read(&mut request);
        request
            .finish()
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[test]
    fn all_violations_are_told_at_once() {
        let told = refusal(r#"{"name": "", "maxResults": 1001}"#, |request| {
            request.required("name", &NAME);
            request.required("stateMachineArn", &ARN);
            request.integer("maxResults", &PAGE_SIZE);
        });
        assert_eq!(
            told,
            "ValidationException: 3 validation errors detected: Value '' at 'name' failed to \
             satisfy constraint: Member must have length greater than or equal to 1; Value null \
             at 'stateMachineArn' failed to satisfy constraint: Member must not be null; Value \
             '1001' at 'maxResults' failed to satisfy constraint: Member must have value less \
             than or equal to 1000"
        );
    }

    #[test]
    fn a_wrong_type_comes_first() {
        let told = refusal(r#"{"name": 7, "maxResults": 1001}"#, |request| {
            request.required("name", &NAME);
            request.integer("maxResults", &PAGE_SIZE);
        });
        let expected = "SerializationException: NUMBER_VALUE can not be converted to a String";
        assert_eq!(told, expected);
    }

    #[test]
    fn bodies_that_are_no_object_are_refused() {
        for body in [&b"[]"[..], b"7", b"{", b"\xff\xfe", b"{\"a\": \"\xff\"}"] {
            let refused = Request::parse(body).unwrap_err();
            assert_eq!(refused.name, "SerializationException");
        }
        assert!(Request::parse(b"").is_ok());
    }
}
