//! Text with delimiters, in the dialect of AWS, as an ItemReader reads it.
//!
//! Ours, since no crate speaks it: a backslash escapes outside of quotes too, and a quote
//! that is doubled is one quote anywhere. It knows no object and bounds no length: whoever
//! hands in the bytes does. Source: Step Functions developer guide, "How Step Functions parses
//! input CSV files".

mod hash_order;

use std::io::{self, BufReader, Bytes, Read};

use serde_json::{Map, Value};

use crate::limits;
use hash_order::hash_order;

/// The lines of a text, each as its fields.
#[derive(Debug)]
pub struct Lines<R> {
    bytes: Bytes<BufReader<R>>,
    delimiter: u8,
    line: u64,
    /// A byte that was looked at and not taken.
    held: Option<u8>,
}

/// Why the fields of a line cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The bytes do not come.
    #[error(transparent)]
    Bytes(#[from] io::Error),
    /// They are no text.
    #[error("column {column} is not UTF-8: {why}")]
    Text {
        /// The field, from 1.
        column: usize,
        /// Where in it.
        why: std::string::FromUtf8Error,
    },
    /// The text ends within quotation marks.
    #[error("a quotation mark is not closed")]
    OpenQuote,
}

impl<R: Read> Lines<R> {
    /// Reads from `bytes`; `delimiter` stands between two fields.
    pub fn new(bytes: R, delimiter: u8) -> Self {
        Self {
            bytes: BufReader::new(bytes).bytes(),
            delimiter,
            line: 1,
            held: None,
        }
    }

    /// The number of the line that comes next, from 1.
    pub fn number(&self) -> u64 {
        self.line
    }

    /// The next line's fields. A blank line has one, which is empty: see [`is_blank`].
    ///
    /// # Errors
    /// [`Broken`].
    pub fn fields(&mut self) -> Result<Option<Vec<String>>, Broken> {
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let mut fields = Vec::new();
        loop {
            let (field, is_last) = self.field()?;
            let column = fields.len() + 1;
            let field = String::from_utf8(field).map_err(|why| Broken::Text { column, why })?;
            fields.push(field);
            if is_last {
                return Ok(Some(fields));
            }
        }
    }

    /// One field, and whether the line ends with it.
    fn field(&mut self) -> Result<(Vec<u8>, bool), Broken> {
        let mut field = Vec::new();
        let mut is_quoted = self.peek()? == Some(b'"');
        if is_quoted {
            self.take()?;
        }
        loop {
            let Some(byte) = self.take()? else {
                return match is_quoted {
                    true => Err(Broken::OpenQuote),
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

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.held.is_none() {
            self.held = self.bytes.next().transpose()?;
        }
        Ok(self.held)
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        self.held = None;
        self.line += u64::from(byte == Some(b'\n'));
        Ok(byte)
    }
}

/// Whether a line has nothing in it: such lines are passed over.
pub fn is_blank(fields: &[String]) -> bool {
    matches!(fields, [only] if only.is_empty())
}

/// What stands between two fields, by the words of `CSVDelimiter`.
pub fn delimiter(word: &str) -> Option<u8> {
    Some(match word {
        "COMMA" => b',',
        "PIPE" => b'|',
        "SEMICOLON" => b';',
        "SPACE" => b' ',
        "TAB" => b'\t',
        _ => return None,
    })
}

/// The columns: their names, and their order in a row's object.
#[derive(Debug)]
pub struct Columns {
    names: Vec<String>,
    order: Vec<usize>,
}

/// Why these cannot be the names of columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHeader {
    /// As AWS words it.
    #[error("CSV headers cannot contain duplicates.")]
    Duplicates,
    /// Longer than AWS takes.
    #[error("the header has more than {} bytes", limits::CSV_HEADER_BYTES_MAX)]
    TooLong,
}

impl Columns {
    /// Columns of these names, from the first row or from `CSVHeaders`.
    ///
    /// # Errors
    /// [`BadHeader`].
    pub fn new(names: Vec<String>) -> Result<Self, BadHeader> {
        let bytes: usize = names.iter().map(|name| name.len() + 1).sum();
        if bytes > limits::CSV_HEADER_BYTES_MAX {
            return Err(BadHeader::TooLong);
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(BadHeader::Duplicates);
        }
        let order = hash_order(&names);
        Ok(Self { names, order })
    }

    /// A line as an object of strings. As documented: what is missing is empty, and what is
    /// too much is passed over.
    pub fn row(&self, mut fields: Vec<String>) -> Value {
        fields.resize(self.names.len(), String::new());
        let mut row = Map::new();
        for place in &self.order {
            let field = std::mem::take(&mut fields[*place]);
            row.insert(self.names[*place].clone(), field.into());
        }
        row.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, delimiter: u8) -> Result<String, String> {
        let mut lines = Lines::new(text.as_bytes(), delimiter);
        let mut columns = None;
        let mut rows = Vec::new();
        loop {
            let line = lines.number();
            let fields = lines.fields();
            match fields.map_err(|broken| format!("line {line}: {broken}"))? {
                None => return Ok(Value::from(rows).to_string()),
                Some(fields) if is_blank(&fields) => {}
                Some(fields) => match &columns {
                    None => columns = Some(Columns::new(fields).map_err(|bad| bad.to_string())?),
                    Some(columns) => rows.push(columns.row(fields)),
                },
            }
        }
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(read(text, b',').as_deref(), Ok(expected), "{text}");
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
    fn what_is_broken_is_told() {
        let why = |text: &str| read(text, b',').unwrap_err();
        assert_eq!(why("a,a\n1,2"), "CSV headers cannot contain duplicates.");
        assert_eq!(
            why(&"x".repeat(20_000)),
            "the header has more than 10240 bytes"
        );
        let open = "line 3: a quotation mark is not closed";
        assert_eq!(why("a,b\n1,2\n\"3,4"), open);
    }
}
