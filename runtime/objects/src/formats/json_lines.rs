//! JSON Lines: one value a line.

use std::io::{BufRead, BufReader};

use asl::Payload;
use serde_json::Value;

use super::metered::Metered;
use super::{Bad, Bytes, Meter, Rows};

/// Lines, read one at a time. Blank ones are passed over.
pub(crate) struct JsonLines {
    bytes: BufReader<Metered<Bytes>>,
    meter: Meter,
    line: u64,
    /// Kept, so that its room is used again.
    text: Vec<u8>,
}

impl JsonLines {
    pub(crate) fn new(bytes: Bytes) -> Self {
        let meter = Meter::default();
        Self {
            bytes: BufReader::new(meter.read(bytes)),
            meter,
            line: 0,
            text: Vec::new(),
        }
    }

    /// Reads the next line that is not blank; false at the end.
    fn advance(&mut self) -> Result<bool, Bad> {
        loop {
            self.meter.begin();
            self.text.clear();
            self.line += 1;
            let line = self.line;
            let bytes = self.bytes.read_until(b'\n', &mut self.text);
            let bytes = bytes.map_err(|error| at_line(line, error.into()))?;
            if bytes == 0 || !self.text.trim_ascii().is_empty() {
                return Ok(bytes > 0);
            }
        }
    }

    fn value(&self) -> Result<Value, String> {
        let text = std::str::from_utf8(self.text.trim_ascii());
        let text = text.map_err(|error| format!("not UTF-8: {error}"))?;
        let value = Payload::from_text(text);
        // The line that the parser means is this one.
        let value = value.map_err(|error| error.to_string().replace(" at line 1 ", " at "))?;
        Ok(value.into_value())
    }
}

impl Rows for JsonLines {
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad> {
        if !self.advance()? {
            return Ok(None);
        }
        let line = self.line;
        let value = self.value().map_err(|reason| Bad::Line { line, reason })?;
        Ok(Some((value, self.text.len() as u64)))
    }

    fn skip(&mut self, count: u64) -> Result<u64, Bad> {
        for skipped in 0..count {
            if !self.advance()? {
                return Ok(skipped);
            }
        }
        Ok(count)
    }
}

/// Says where it was read when a bound was reached or the bytes ended.
pub(super) fn at_line(line: u64, bad: Bad) -> Bad {
    match bad {
        Bad::TooMuch(_) | Bad::Bytes(_) | Bad::Other(_) => Bad::Line {
            line,
            reason: bad.to_string(),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read};

    use serde_json::json;

    use super::*;

    fn read(bytes: impl Read + Send + 'static) -> Result<Vec<Value>, String> {
        let mut rows = JsonLines::new(Box::new(bytes));
        let mut values = Vec::new();
        while let Some((value, _)) = rows.next().map_err(|bad| bad.to_string())? {
            values.push(value);
        }
        Ok(values)
    }

    #[test]
    fn lines_are_values() {
        let text = "{\"a\":1}\r\n\n[2]\n3";
        let values = read(Cursor::new(text)).unwrap();
        assert_eq!(values, [json!({"a": 1}), json!([2]), json!(3)]);
        assert_eq!(read(Cursor::new("")), Ok(vec![]));
    }

    #[test]
    fn a_bad_line_is_told_by_its_number() {
        let why = read(Cursor::new("1\n\n{\"a\"\n")).unwrap_err();
        let told = "line 3: not JSON: EOF while parsing an object at column 4";
        assert_eq!(why, told);
        let why = read(Cursor::new(b"1\n\"\xff\"")).unwrap_err();
        assert!(why.starts_with("line 2: not UTF-8: invalid utf-8"), "{why}");
    }

    #[test]
    fn a_line_without_end_is_cut_off() {
        let why = read(Cursor::new("1\n").chain(io::repeat(b'['))).unwrap_err();
        assert_eq!(why, "line 2: an item is longer than 8388608 bytes");
    }
}
