//! JSON: an array, at the top or where a JSON Pointer leads, element by element.

use std::io::Read;

use asl::Payload;
use serde_json::Value;
use struson::reader::{
    JsonReader, JsonStreamReader, JsonSyntaxError, ReaderError, SyntaxErrorKind, TransferError,
    ValueType,
};
use struson::writer::{JsonStreamWriter, JsonWriter};

use super::metered::Metered;
use super::{Bad, Bytes, Meter, Rows};

/// The elements of an array.
pub(crate) struct Json {
    /// None at the end.
    json: Option<JsonStreamReader<Metered<Bytes>>>,
    meter: Meter,
    element: u64,
    /// Whether the array is all there is.
    is_whole: bool,
}

impl Json {
    /// Reads up to the array. `pointer` is `ItemsPointer`, a JSON Pointer (RFC 6901).
    pub(crate) fn open(bytes: Bytes, pointer: Option<&str>) -> Result<Self, Bad> {
        let meter = Meter::default();
        meter.before();
        let mut json = JsonStreamReader::new(meter.read(bytes));
        let pointer = pointer.unwrap_or_default();
        for step in pointer.split('/').skip(1) {
            let name = step.replace("~1", "/").replace("~0", "~");
            descend(&mut json, &name, pointer)?;
        }
        match json.peek().map_err(bad)? {
            ValueType::Array => json.begin_array().map_err(bad)?,
            _ => return Err(Bad::NotIterable),
        }
        meter.begin();
        Ok(Self {
            json: Some(json),
            meter,
            element: 0,
            is_whole: pointer.is_empty(),
        })
    }
}

/// The next element.
fn element(json: &mut JsonStreamReader<Metered<Bytes>>) -> Result<Value, String> {
    let mut text = Vec::new();
    let mut writer = JsonStreamWriter::new(&mut text);
    json.transfer_to(&mut writer).map_err(|error| match error {
        TransferError::ReaderError(error) => bad(error).to_string(),
        TransferError::WriterError(error) => error.to_string(),
    })?;
    writer
        .finish_document()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|error| error.to_string())?;
    let value = Payload::from_text(text).map_err(|error| error.to_string())?;
    Ok(value.into_value())
}

/// To the value of a field, or the element of a number.
fn descend<R: Read>(json: &mut JsonStreamReader<R>, name: &str, pointer: &str) -> Result<(), Bad> {
    let nothing = || Bad::Other(format!("the ItemsPointer '{pointer}' points at nothing"));
    match json.peek().map_err(bad)? {
        ValueType::Object => {
            json.begin_object().map_err(bad)?;
            while json.has_next().map_err(bad)? {
                if json.next_name().map_err(bad)? == name {
                    return Ok(());
                }
                json.skip_value().map_err(bad)?;
            }
            Err(nothing())
        }
        ValueType::Array => {
            let place: u64 = name.parse().map_err(|_| nothing())?;
            json.begin_array().map_err(bad)?;
            for _ in 0..place {
                if !json.has_next().map_err(bad)? {
                    return Err(nothing());
                }
                json.skip_value().map_err(bad)?;
            }
            match json.has_next().map_err(bad)? {
                true => Ok(()),
                false => Err(nothing()),
            }
        }
        _ => Err(nothing()),
    }
}

fn bad(error: ReaderError) -> Bad {
    match error {
        ReaderError::IoError { error, .. } => error.into(),
        other => Bad::Other(format!("not JSON: {}", said(&other))),
    }
}

/// What is wrong, and where. The reader counts lines from 0, and its paths are as long as what
/// it reads is deep.
fn said(error: &ReaderError) -> String {
    let (what, location) = match error {
        ReaderError::SyntaxError(JsonSyntaxError { kind, location }) => {
            let what = match kind {
                SyntaxErrorKind::IncompleteDocument => "the text ends too soon".to_owned(),
                SyntaxErrorKind::MalformedJson => "no value".to_owned(),
                SyntaxErrorKind::TrailingData => "something follows the value".to_owned(),
                other => other.to_string(),
            };
            (what, location)
        }
        ReaderError::MaxNestingDepthExceeded {
            max_nesting_depth,
            location,
        } => (format!("nested deeper than {max_nesting_depth}"), location),
        other => return other.to_string(),
    };
    match location.line_pos {
        Some(at) => format!("{what} at line {} column {}", at.line + 1, at.column + 1),
        None => what,
    }
}

impl Rows for Json {
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad> {
        let Some(json) = &mut self.json else {
            return Ok(None);
        };
        if !json.has_next().map_err(bad)? {
            json.end_array().map_err(bad)?;
            // What follows an array inside of the object is of no concern.
            return match self.json.take().filter(|_| self.is_whole) {
                Some(json) => json
                    .consume_trailing_whitespace()
                    .map_err(bad)
                    .map(|()| None),
                None => Ok(None),
            };
        }
        let place = self.element;
        self.element += 1;
        let value = element(json).map_err(|why| Bad::Other(format!("element {place}: {why}")))?;
        Ok(Some((value, self.meter.begin())))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;

    use super::*;

    fn read(
        bytes: impl Read + Send + 'static,
        pointer: Option<&str>,
    ) -> Result<Vec<Value>, String> {
        let told = |bad: Bad| bad.to_string();
        let mut rows = Json::open(Box::new(bytes), pointer).map_err(told)?;
        let mut values = Vec::new();
        while let Some((value, _)) = rows.next().map_err(told)? {
            values.push(value);
        }
        Ok(values)
    }

    #[test]
    fn an_array_is_its_elements() {
        let text = r#" [ {"b": 1.50, "a": "ü"}, 2, [] ] "#;
        let values = read(Cursor::new(text), None).unwrap();
        assert_eq!(values, [json!({"b": 1.5, "a": "ü"}), json!(2), json!([])]);
        assert_eq!(read(Cursor::new("[]"), None), Ok(vec![]));
    }

    #[test]
    fn a_pointer_leads_to_it() {
        let text = r#"{"x": [{"a/b": [7, 8]}], "y": "never read"#;
        let values = read(Cursor::new(text), Some("/x/0/a~1b")).unwrap();
        assert_eq!(values, [json!(7), json!(8)]);
        let why = read(Cursor::new(text), Some("/x/1")).unwrap_err();
        assert_eq!(why, "the ItemsPointer '/x/1' points at nothing");
    }

    #[test]
    fn what_is_no_array_is_refused_as_aws_does() {
        let why = read(Cursor::new(r#"{"a": 1}"#), None).unwrap_err();
        assert_eq!(why, "Attempting to map over non-iterable node.");
    }

    #[test]
    fn what_is_broken_is_told() {
        let cases = [
            ("", "not JSON: the text ends too soon at line 1 column 1"),
            (
                "[1,\n {\"a\": ",
                "element 1: not JSON: the text ends too soon at line 2 column 8",
            ),
            (
                "[1] 2",
                "not JSON: something follows the value at line 1 column 5",
            ),
            ("[1, x]", "not JSON: no value at line 1 column 5"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(Cursor::new(text), None), Err(expected.into()));
        }
        let why = read(Cursor::new("[".repeat(1_000)), None).unwrap_err();
        let deep = "element 0: not JSON: nested deeper than 128 at line 1 column 129";
        assert_eq!(why, deep);
        let why = read(Cursor::new("[\"").chain(std::io::repeat(b'a')), None).unwrap_err();
        assert!(why.starts_with("element 0: "), "{why}");
        assert!(
            why.contains("an item is longer than 8388608 bytes"),
            "{why}"
        );
        let before = Cursor::new("{\"a\": \"").chain(std::io::repeat(b'a'));
        let why = read(before, Some("/b")).unwrap_err();
        assert_eq!(why, "the array does not begin in the first 16777216 bytes");
    }
}
