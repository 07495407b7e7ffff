//! Text with delimiters, row by row: what it means is in `asl::csv`, how much of it is in
//! memory is counted here.

use asl::csv::{BadHeader, Broken, Columns, Lines, is_blank};
use serde_json::Value;

use super::json_lines::at_line;
use super::metered::Metered;
use super::{Bad, Bytes, Meter, Rows};

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
    lines: Lines<Metered<Bytes>>,
    meter: Meter,
    columns: Columns,
}

impl Csv {
    pub(crate) fn open(bytes: Bytes, delimiter: u8, headers: Headers) -> Result<Self, Bad> {
        let meter = Meter::default();
        let mut lines = Lines::new(meter.read(bytes), delimiter);
        let names = match headers {
            Headers::Given(names) => names,
            Headers::FirstRow => row(&mut lines, &meter)?.unwrap_or_default(),
        };
        Ok(Self {
            lines,
            meter,
            columns: Columns::new(names)?,
        })
    }
}

/// The fields of the next row that is not blank.
fn row(lines: &mut Lines<Metered<Bytes>>, meter: &Meter) -> Result<Option<Vec<String>>, Bad> {
    loop {
        meter.begin();
        let line = lines.number();
        let fields = lines
            .fields()
            .map_err(|broken| at_line(line, broken.into()))?;
        match fields {
            Some(fields) if is_blank(&fields) => {}
            other => return Ok(other),
        }
    }
}

impl From<Broken> for Bad {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Bytes(error) => error.into(),
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<BadHeader> for Bad {
    fn from(bad: BadHeader) -> Self {
        match bad {
            BadHeader::Duplicates => Self::DuplicateHeaders(bad),
            BadHeader::TooLong => Self::Other(bad.to_string()),
        }
    }
}

impl Rows for Csv {
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad> {
        let Some(fields) = row(&mut self.lines, &self.meter)? else {
            return Ok(None);
        };
        let bytes = fields.iter().map(|field| field.len() as u64 + 1).sum();
        Ok(Some((self.columns.row(fields), bytes)))
    }

    fn skip(&mut self, count: u64) -> Result<u64, Bad> {
        for skipped in 0..count {
            if row(&mut self.lines, &self.meter)?.is_none() {
                return Ok(skipped);
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read};

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

    #[test]
    fn headers_are_the_first_row_or_given() {
        let first = read(Cursor::new("\na,b\n1\n"), b',', Headers::FirstRow);
        assert_eq!(first.as_deref(), Ok(r#"[{"a":"1","b":""}]"#));
        let given = Headers::Given(vec!["n".into(), "m".into()]);
        let rows = read(Cursor::new("1|2|3\n4"), b'|', given);
        assert_eq!(
            rows.as_deref(),
            Ok(r#"[{"m":"2","n":"1"},{"m":"","n":"4"}]"#)
        );
    }

    #[test]
    fn what_is_broken_or_too_long_is_told() {
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
