//! JSON that passes between states: shared, and turned into text or value only when asked.

mod stored;

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

pub(crate) use stored::{Numbered, Repeated};

use crate::limits;

/// JSON text and the value it stands for, each made from the other on first use.
///
/// A clone shares. Text that passes through a state unchanged stays as it was written,
/// white space and all, as AWS's history shows it.
#[derive(Clone)]
pub struct Payload(Arc<Forms>);

struct Forms {
    text: OnceLock<Box<str>>,
    value: OnceLock<Value>,
}

/// Why text is not a payload.
#[derive(Debug, thiserror::Error)]
#[error("not JSON: {0}")]
pub struct NotJson(#[source] serde_json::Error);

impl Payload {
    /// Takes JSON text as it stands.
    ///
    /// # Errors
    /// [`NotJson`] when the text is not one JSON value, or nests deeper than
    /// [`limits::JSON_DEPTH_MAX`].
    pub fn from_text(text: impl Into<Box<str>>) -> Result<Self, NotJson> {
        let text = text.into();
        let value: Value = serde_json::from_str(&text).map_err(NotJson)?;
        let payload = Self::from_value(value);
        // The cell is new, so this always sets it.
        let _ = payload.0.text.set(text);
        Ok(payload)
    }

    /// Wraps a value; its text is printed when first asked for.
    pub fn from_value(value: Value) -> Self {
        let forms = Forms {
            text: OnceLock::new(),
            value: OnceLock::new(),
        };
        let _ = forms.value.set(value);
        Self(Arc::new(forms))
    }

    /// An array of payloads. Their texts are kept, so nothing is printed anew.
    pub fn array<'p>(elements: impl Iterator<Item = &'p Self>) -> Self {
        let mut text = String::from("[");
        for (place, element) in elements.enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.push_str(element.text());
        }
        text.push(']');
        Self::from_trusted(text)
    }

    /// Text that is known to be JSON; it is parsed when first read.
    fn from_trusted(text: impl Into<Box<str>>) -> Self {
        let forms = Forms {
            text: OnceLock::new(),
            value: OnceLock::new(),
        };
        let _ = forms.text.set(text.into());
        Self(Arc::new(forms))
    }

    /// The value.
    pub fn value(&self) -> &Value {
        self.0.value.get_or_init(|| {
            let text = self.0.text.get().map_or("null", |text| text);
            serde_json::from_str(text).unwrap_or(Value::Null)
        })
    }

    /// The text: as it came, or compact.
    pub fn text(&self) -> &str {
        self.0
            .text
            .get_or_init(|| self.value().to_string().into_boxed_str())
    }

    /// Whether the text is longer than [`limits::PAYLOAD_BYTES_MAX`].
    pub fn exceeds_limit(&self) -> bool {
        self.text().len() > limits::PAYLOAD_BYTES_MAX
    }

    /// The value alone, copied only when it is shared.
    pub fn into_value(self) -> Value {
        match Arc::try_unwrap(self.0) {
            Ok(mut forms) if forms.value.get().is_some() => {
                forms.value.take().unwrap_or(Value::Null)
            }
            Ok(forms) => Self(Arc::new(forms)).value().clone(),
            Err(shared) => Self(shared).value().clone(),
        }
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.text() == other.text()
    }
}

impl Eq for Payload {}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl From<Value> for Payload {
    fn from(value: Value) -> Self {
        Self::from_value(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_as_it_was_written() {
        let payload = Payload::from_text("[1,  2]").unwrap();
        assert_eq!(payload.text(), "[1,  2]");
        assert_eq!(payload.value(), &serde_json::json!([1, 2]));
        assert_eq!(Payload::from_value(payload.into_value()).text(), "[1,2]");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Payload::from_text(deep(limits::JSON_DEPTH_MAX)).is_ok());
        assert!(Payload::from_text(deep(limits::JSON_DEPTH_MAX + 1)).is_err());
    }
}
