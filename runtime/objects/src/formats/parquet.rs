//! Parquet: rows, one row group after the other.
//!
//! What a file says of itself is checked before it is believed: the footer's length, the row
//! groups' sizes, and that each part lies inside of the file.

use std::io::Read;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::record::reader::RowIter;
use serde_json::Value;

use super::{Bad, Bytes, Rows, TooMuch};
use crate::limits;

/// A file of which any part can be read.
pub(crate) trait Parts: Send + Sync {
    /// Its length, in bytes.
    fn len(&self) -> u64;

    /// Its bytes from there on.
    fn from(&self, start: u64) -> Bytes;
}

/// The rows of a file.
pub(crate) struct Parquet {
    rows: RowIter<'static>,
    row: u64,
}

/// The length of the footer, and the four letters, stand at the end.
const TAIL_BYTES: u64 = 8;

impl Parquet {
    pub(crate) fn open(parts: Arc<dyn Parts>) -> Result<Self, Bad> {
        check_footer(&*parts)?;
        let file = SerializedFileReader::new(File(parts)).map_err(bad)?;
        let too_large = file.metadata().row_groups().iter().position(|group| {
            !is_sound(group.total_byte_size()) || !is_sound(group.compressed_size())
        });
        if let Some(group) = too_large {
            let most = limits::PARQUET_ROW_GROUP_BYTES_MAX;
            return Err(Bad::Other(format!(
                "row group {group} has more than {most} bytes"
            )));
        }
        let rows = RowIter::from_file_into(Box::new(file));
        Ok(Self { rows, row: 0 })
    }
}

fn is_sound(bytes: i64) -> bool {
    (0..=limits::PARQUET_ROW_GROUP_BYTES_MAX).contains(&bytes)
}

/// Before anything is made of it: the footer is as long as a footer may be.
fn check_footer(parts: &dyn Parts) -> Result<(), Bad> {
    let no_file = || Bad::Other("not a Parquet file".into());
    let start = parts.len().checked_sub(TAIL_BYTES).ok_or_else(no_file)?;
    let mut tail = [0; TAIL_BYTES as usize];
    parts.from(start).read_exact(&mut tail)?;
    let (length, letters) = tail.split_at(4);
    if letters != b"PAR1" {
        return Err(no_file());
    }
    let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
    match u64::from(length) > limits::PARQUET_FOOTER_BYTES_MAX {
        true => {
            let most = limits::PARQUET_FOOTER_BYTES_MAX;
            Err(Bad::Other(format!("the footer has more than {most} bytes")))
        }
        false => Ok(()),
    }
}

fn bad(error: ParquetError) -> Bad {
    Bad::Other(format!("not a sound Parquet file: {error}"))
}

impl Rows for Parquet {
    fn next(&mut self) -> Result<Option<(Value, u64)>, Bad> {
        let Some(row) = self.rows.next() else {
            return Ok(None);
        };
        let place = self.row;
        self.row += 1;
        let row = row.map_err(|error| Bad::Other(format!("row {place}: {error}")))?;
        let value = row.to_json_value();
        let bytes = value.to_string().len() as u64;
        match bytes > limits::ITEM_BYTES_MAX {
            true => Err(Bad::Other(format!("row {place}: {}", TooMuch::Item))),
            false => Ok(Some((value, bytes))),
        }
    }
}

/// The same file, as the library reads it.
struct File(Arc<dyn Parts>);

impl Length for File {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl ChunkReader for File {
    type T = Bytes;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Bytes> {
        Ok(self.0.from(start))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<bytes::Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.0.len()) {
            let why = format!("{length} bytes at {start} are beyond the end");
            return Err(ParquetError::EOF(why));
        }
        let mut bytes = vec![0; length];
        self.0.from(start).read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}
