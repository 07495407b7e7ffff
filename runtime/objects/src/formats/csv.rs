//! Text with delimiters, in the dialect of AWS.
//!
//! Ours, since no crate speaks it: a backslash escapes outside of quotes too, and a quote
//! that is doubled is one quote anywhere. Source: Step Functions developer guide, "How Step
//! Functions parses input CSV files".

use std::io::{BufReader, Read};

use serde_json::{Map, Value};

use super::hash_order::hash_order;
use super::json_lines::at_line;
use super::metered::Metered;
use super::{Bad, Bytes, Meter, Rows};
use crate::limits;

/// Where the names of the columns are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    /// `FIRST_ROW`
    FirstRow,
    /// `GIVEN`
    Given(Vec<String>),
}

/// Rows, as objects of strings.
pub(crate) struct Csv {
    bytes: std::io::Bytes<BufReader<Metered<Bytes>>>,
    meter: Meter,
    delimiter: u8,
    line: u64,
    /// A byte that was looked at and not taken.
    held: Option<u8>,
    names: Vec<String>,
    /// The places of the names, in the order of a row's fields.
    order: Vec<usize>,
}

impl Csv {
    pub(crate) fn open(bytes: Bytes, delimiter: u8, headers: Headers) -> Result<Self, Bad> {
        let meter = Meter::default();
        let mut csv = Self {
            bytes: BufReader::new(meter.read(bytes)).bytes(),
            meter,
            delimiter,
            line: 1,
            held: None,
            names: Vec::new(),
            order: Vec::new(),
        };
        csv.names = match headers {
            Headers::Given(names) => names,
            Headers::FirstRow => csv.row()?.unwrap_or_default(),
        };
        let bytes: usize = csv.names.iter().map(|name| name.len() + 1).sum();
        if bytes > limits::HEADER_BYTES_MAX {
            let most = limits::HEADER_BYTES_MAX;
            return Err(Bad::Other(format!("the header has more than {most} bytes")));
        }
        let mut sorted: Vec<&String> = csv.names.iter().collect();
        sorted.sort();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Bad::DuplicateHeaders);
        }
        csv.order = hash_order(&csv.names);
        Ok(csv)
    }

    /// The fields of the next row that is not blank.
    fn row(&mut self) -> Result<Option<Vec<String>>, Bad> {
        loop {
            self.meter.begin();
            let line = self.line;
            let row = self.fields().map_err(|bad| at_line(line, bad))?;
            match row {
                Some(fields) if fields.len() == 1 && fields[0].is_empty() => {}
                other => return Ok(other),
            }
        }
    }

    fn fields(&mut self) -> Result<Option<Vec<String>>, Bad> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            let (field, is_last) = self.field()?;
            let field = String::from_utf8(field)
                .map_err(|error| Bad::Other(format!("column {}: {error}", fields.len() + 1)))?;
            fields.push(field);
            if is_last {
                return Ok(Some(fields));
            }
        }
    }

    /// One field, and whether the row ends with it.
    fn field(&mut self) -> Result<(Vec<u8>, bool), Bad> {
        let mut field = Vec::new();
        let mut is_quoted = self.peek()? == Some(b'"');
        if is_quoted {
            self.take()?;
        }
        loop {
            let Some(byte) = self.take()? else {
                return match is_quoted {
                    true => Err(Bad::Other("a quotation mark is not closed".into())),
                    false => Ok((field, true)),
                };
            };
            match byte {
                b'\\' => {
                    // Before any other character it is dropped.
                    if let Some(escaped) = self.take()? {
                        field.push(escaped);
                    }
                }
                b'"' if self.peek()? == Some(b'"') => {
                    self.take()?;
                    field.push(b'"');
                }
                b'"' if is_quoted => is_quoted = false,
                b'\n' if !is_quoted => return Ok((field, true)),
                b'\r' if !is_quoted && self.peek()? == Some(b'\n') => {
                    self.take()?;
                    return Ok((field, true));
                }
                byte if byte == self.delimiter && !is_quoted => return Ok((field, false)),
                byte => field.push(byte),
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>, Bad> {
        if self.held.is_none() {
            self.held = self.bytes.next().transpose()?;
        }
        Ok(self.held)
    }

    fn take(&mut self) -> Result<Option<u8>, Bad> {
        let byte = self.peek()?;
        self.held = None;
        self.line += u64::from(byte == Some(b'\n'));
        Ok(byte)
    }
}

impl Rows for Csv {
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad> {
        let Some(mut fields) = self.row()? else {
            return Ok(None);
        };
        // As documented: what is missing is empty, and what is too much is passed over.
        fields.resize(self.names.len(), String::new());
        let bytes = fields.iter().map(|field| field.len() as u64 + 1).sum();
        let mut row = Map::new();
        for place in &self.order {
            let field = std::mem::take(&mut fields[*place]);
            row.insert(self.names[*place].clone(), field.into());
        }
        Ok(Some((row.into(), bytes)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor};

    use super::*;

    fn read(
        bytes: impl Read + Send + 'static,
        delimiter: u8,
        headers: Headers,
    ) -> Result<String, String> {
        let told = |bad: Bad| bad.to_string();
        let mut csv = Csv::open(Box::new(bytes), delimiter, headers).map_err(told)?;
        let mut rows = Vec::new();
        while let Some((row, _)) = csv.next().map_err(told)? {
            rows.push(row);
        }
        Ok(Value::from(rows).to_string())
    }

    fn check(text: &'static str, expected: &str) {
        let rows = read(Cursor::new(text), b',', Headers::FirstRow);
        assert_eq!(rows.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn rows_are_objects_of_strings() {
        check(
            "a,b\n1,x\r\n2,\n",
            r#"[{"a":"1","b":"x"},{"a":"2","b":""}]"#,
        );
        check("a,b\n1,x", r#"[{"a":"1","b":"x"}]"#);
        check("", "[]");
        check("a,b\n", "[]");
    }

    #[test]
    fn short_rows_are_filled_and_long_ones_cut() {
        check(
            "a,b\n1\n1,2,3\n\n,\n",
            r#"[{"a":"1","b":""},{"a":"1","b":"2"},{"a":"","b":""}]"#,
        );
    }

    #[test]
    fn quotes_and_backslashes_are_read_as_documented() {
        check(
            "a,b\n\"x,\n\"\"y\"\"\",1",
            "[{\"a\":\"x,\\n\\\"y\\\"\",\"b\":\"1\"}]",
        );
        check("a\n{\"\"k\"\":1}", r#"[{"a":"{\"k\":1}"}]"#);
        check("a,b\nC:\\\\x\\,y,\\z", r#"[{"a":"C:\\x,y","b":"z"}]"#);
        check("a\n\"p\\\"q\"", r#"[{"a":"p\"q"}]"#);
    }

    #[test]
    fn headers_may_be_given() {
        let given = Headers::Given(vec!["n".into(), "m".into()]);
        let rows = read(Cursor::new("1|2|3\n4"), b'|', given);
        assert_eq!(
            rows.as_deref(),
            Ok(r#"[{"m":"2","n":"1"},{"m":"","n":"4"}]"#)
        );
    }

    #[test]
    fn what_is_broken_is_told() {
        let why = |text: &'static str| read(Cursor::new(text), b',', Headers::FirstRow);
        assert_eq!(
            why("a,a\n1,2"),
            Err("CSV headers cannot contain duplicates.".into())
        );
        let open = "line 3: a quotation mark is not closed";
        assert_eq!(why("a,b\n1,2\n\"3,4"), Err(open.into()));
        let long = Cursor::new("a\n\"").chain(io::repeat(b'x'));
        let long = read(long, b',', Headers::FirstRow);
        assert_eq!(
            long,
            Err("line 2: an item is longer than 8388608 bytes".into())
        );
        let header = read(io::repeat(b'x').take(20_000), b',', Headers::FirstRow);
        assert_eq!(header, Err("the header has more than 10240 bytes".into()));
    }
}
