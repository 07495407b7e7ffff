//! The formats of objects: from bytes to values, one after the other.
//!
//! All of it is synchronous and knows no store: it reads from whatever reads. Read [`Rows`]
//! first.

mod csv;
mod inflate;
mod json;
mod json_lines;
mod metered;
mod parquet;

use std::io::Read;

use asl::csv::BadHeader;
use serde_json::Value;

pub(crate) use csv::{Csv, Headers};
pub(crate) use inflate::inflate;
pub(crate) use json::Json;
pub(crate) use json_lines::JsonLines;
pub(crate) use metered::{Meter, TooMuch};
pub(crate) use parquet::{Parquet, Parts};

/// Bytes of an object, in order.
pub(crate) type Bytes = Box<dyn Read + Send>;

/// The values of one object, one after the other.
pub(crate) trait Rows: Send {
    /// The next one, and how many bytes of the object it took, or about so many.
    ///
    /// # Errors
    /// [`Bad`]: what is wrong, and where.
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad>;

    /// Passes over so many values, and answers how many there were.
    ///
    /// # Errors
    /// [`Bad`], as far as it is seen in passing.
    fn skip(&mut self, count: u64) -> Result<u64, Bad> {
        for skipped in 0..count {
            if self.next()?.is_none() {
                return Ok(skipped);
            }
        }
        Ok(count)
    }
}

/// Why an object cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Bad {
    /// As AWS words it.
    #[error("Attempting to map over non-iterable node.")]
    NotIterable,
    /// As AWS words it.
    #[error(transparent)]
    DuplicateHeaders(BadHeader),
    /// A line that is not what it should be.
    #[error("line {line}: {reason}")]
    Line {
        /// Its number, from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Something that has no line.
    #[error("{0}")]
    Other(String),
    /// A bound was reached.
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
    /// The bytes do not come.
    #[error("{0}")]
    Bytes(std::io::Error),
}

impl From<std::io::Error> for Bad {
    /// A bound that was reached while reading comes as an error of the reader.
    fn from(error: std::io::Error) -> Self {
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<TooMuch>())
        {
            Some(too_much) => Self::TooMuch(*too_much),
            None => Self::Bytes(error),
        }
    }
}
