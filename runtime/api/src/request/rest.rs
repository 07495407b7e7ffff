//! What requests of REST services have beside a body's plain fields: parameters from elsewhere,
//! maps, and bytes in base 64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::{Number, Request, Spelling, Text};
use crate::ApiError;

impl Request {
    /// Reads a request of a REST service: a body, and what its path, query and headers say.
    ///
    /// # Errors
    /// `SerializationException`.
    pub(crate) fn rest(body: &[u8], parameters: Map<String, Value>) -> Result<Self, ApiError> {
        let mut request = Self::parse(body)?;
        request.fields.extend(parameters);
        request.spelling = Spelling::Small;
        Ok(request)
    }

    /// Texts by name that may be there.
    pub(crate) fn map(
        &mut self,
        name: &str,
        keys: &Text,
        values: &Text,
    ) -> Option<BTreeMap<String, String>> {
        let fields = match self.take(name)? {
            Value::Object(fields) => fields,
            other => return self.mistyped(&other, "a map"),
        };
        let path = self.place(name);
        let mut all = BTreeMap::new();
        for (key, value) in fields {
            let Value::String(text) = value else {
                return self.mistyped(&value, "a String");
            };
            keys.check(&path, &key, &mut self.violations);
            values.check(&path, &text, &mut self.violations);
            all.insert(key, text);
        }
        Some(all)
    }

    /// Numbers by name that may be there.
    pub(crate) fn numbers(
        &mut self,
        name: &str,
        keys: &Text,
        values: &Number,
    ) -> Option<Vec<(String, f64)>> {
        let fields = match self.take(name)? {
            Value::Object(fields) => fields,
            other => return self.mistyped(&other, "a map"),
        };
        let path = self.place(name);
        let mut all = Vec::with_capacity(fields.len());
        for (key, value) in fields {
            let Some(number) = value.as_f64() else {
                return self.mistyped(&value, values.type_name());
            };
            keys.check(&path, &key, &mut self.violations);
            values.check(&path, number, &mut self.violations);
            all.push((key, number));
        }
        Some(all)
    }

    /// Bytes that may be there, in base 64.
    pub(crate) fn blob(&mut self, name: &str) -> Option<Vec<u8>> {
        let text = match self.take(name)? {
            Value::String(text) => text,
            other => return self.mistyped(&other, "a Blob"),
        };
        let bytes = STANDARD.decode(text.as_bytes());
        if bytes.is_err() {
            self.malformed
                .get_or_insert_with(|| ApiError::malformed(format!("{name} is not base 64")));
        }
        bytes.ok()
    }

    /// A field as it was given, to be told as it is.
    pub(crate) fn given(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }
}
