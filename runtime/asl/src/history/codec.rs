//! The stored form of records: one format byte, then JSON.
//!
//! JSON, since a stored history must outlive this version: a field that is added later
//! is absent in what was written before, and both read. The byte tells formats apart
//! should that ever not suffice.

use super::Record;

/// The format this version writes.
const FORMAT: u8 = 1;

/// Why stored bytes are not records.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes at all.
    #[error("the row is empty")]
    Empty,
    /// Written by a newer version.
    #[error("the row has format {0}; this program knows {FORMAT}: use a newer stepwell")]
    UnknownFormat(u8),
    /// Not what was written.
    #[error("the row does not parse: {0}")]
    Damaged(#[source] serde_json::Error),
}

/// The stored form of one step's records.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + 160 * records.len());
    bytes.push(FORMAT);
    serde_json::to_writer(&mut bytes, records)
        .expect("records are plain data, and a Vec takes all");
    bytes
}

/// The records of one stored row.
///
/// # Errors
/// [`DecodeError`] when the bytes are not what [`encode`] wrote.
pub fn decode(bytes: &[u8]) -> Result<Vec<Record>, DecodeError> {
    match bytes.split_first() {
        None => Err(DecodeError::Empty),
        Some((&FORMAT, json)) => serde_json::from_slice(json).map_err(DecodeError::Damaged),
        Some((&format, _)) => Err(DecodeError::UnknownFormat(format)),
    }
}
