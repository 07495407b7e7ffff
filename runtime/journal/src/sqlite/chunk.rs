//! How rows lie in a chunk of the log: one after the other, each behind a head that says whose
//! it is, how long, and whether the execution rests after it.
//!
//! It knows no database. Read [`push`] and [`entries`].

use asl::Timestamp;

use crate::{ROW_BYTES_MAX, Rest};

/// How long a chunk may get, unless one row alone is longer: with what SQLite adds it fills a
/// page of 4,096 bytes and needs no other.
pub(super) const CHUNK_BYTES: usize = 4040;
/// Execution, sequence, length.
const HEAD_BYTES: usize = 8 + 8 + 4;
/// The bit of the length that says that a moment follows the head, until which the execution
/// rests. No row is so long.
const RESTS: u32 = 1 << 31;
const _: () = assert!(ROW_BYTES_MAX < RESTS as usize);
/// The moment of one that rests until somebody asks for it.
const FOR_EVER: i64 = i64::MAX;

/// One row in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'c> {
    /// Whose row, by id.
    pub(super) execution: i64,
    /// Its number within the execution.
    pub(super) sequence: u64,
    /// Whether the execution rests after it.
    pub(super) rest: Option<Rest>,
    /// The encoded records.
    pub(super) records: &'c [u8],
}

impl Entry<'_> {
    fn bytes(&self) -> usize {
        let rest = if self.rest.is_some() { 8 } else { 0 };
        HEAD_BYTES + rest + self.records.len()
    }
}

/// A chunk that does not end where its last row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn;

/// Whether a chunk has room for a row. An empty one has room for any.
pub(super) fn has_room(chunk: &[u8], entry: &Entry<'_>) -> bool {
    chunk.is_empty() || chunk.len() + entry.bytes() <= CHUNK_BYTES
}

/// Adds a row to a chunk.
pub(super) fn push(chunk: &mut Vec<u8>, entry: Entry<'_>) {
    let length = u32::try_from(entry.records.len()).expect("rows are bounded by ROW_BYTES_MAX");
    chunk.extend_from_slice(&entry.execution.to_be_bytes());
    chunk.extend_from_slice(&entry.sequence.to_be_bytes());
    let rests = if entry.rest.is_some() { RESTS } else { 0 };
    chunk.extend_from_slice(&(length | rests).to_be_bytes());
    if let Some(Rest { until }) = entry.rest {
        let until = until.map_or(FOR_EVER, |until| until.0);
        chunk.extend_from_slice(&until.to_be_bytes());
    }
    chunk.extend_from_slice(entry.records);
}

/// The rows of a chunk, in order; ends with [`Torn`] where it is no chunk.
pub(super) fn entries(chunk: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, Torn>> {
    let mut rest = chunk;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let taken = take(rest);
        rest = taken.map_or(&[], |(_, rest)| rest);
        Some(taken.map(|(entry, _)| entry).ok_or(Torn))
    })
}

/// The first row of what is left of a chunk, and what is left after it.
fn take(chunk: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let (execution, rest) = chunk.split_first_chunk()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    let (length, mut rest) = rest.split_first_chunk()?;
    let length = u32::from_be_bytes(*length);
    let mut rests = None;
    if length & RESTS != 0 {
        let (until, after) = rest.split_first_chunk()?;
        let until = i64::from_be_bytes(*until);
        let until = (until != FOR_EVER).then_some(Timestamp(until));
        rests = Some(Rest { until });
        rest = after;
    }
    let length = usize::try_from(length & !RESTS).ok()?;
    let (records, rest) = rest.split_at_checked(length)?;
    let entry = Entry {
        execution: i64::from_be_bytes(*execution),
        sequence: u64::from_be_bytes(*sequence),
        rest: rests,
        records,
    };
    Some((entry, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_torn_chunks_are_told() {
        let until = |at| {
            Some(Rest {
                until: Some(Timestamp(at)),
            })
        };
        let for_ever = Some(Rest { until: None });
        let rows = [
            (1, 0, None, &b"one"[..]),
            (-2, u64::MAX, until(i64::MAX - 1), b""),
            (3, 7, None, b"three"),
            (3, 8, for_ever, b"four"),
            (4, 0, until(-1), b"five"),
        ];
        let rows = rows.map(|(execution, sequence, rest, records)| Entry {
            execution,
            sequence,
            rest,
            records,
        });
        let mut chunk = Vec::new();
        let mut ends = vec![0];
        for row in rows {
            push(&mut chunk, row);
            ends.push(chunk.len());
        }
        let read = |chunk| entries(chunk).collect::<Result<Vec<_>, _>>();
        for length in 0..=chunk.len() {
            let expected = ends.iter().position(|end| *end == length);
            let expected = expected.map(|count| rows[..count].to_vec()).ok_or(Torn);
            assert_eq!(read(&chunk[..length]), expected, "of {length} bytes");
        }
    }

    #[test]
    fn a_chunk_has_room_for_one_row_of_any_length() {
        let entry = |sequence, rest, records| Entry {
            execution: 1,
            sequence,
            rest,
            records,
        };
        assert!(has_room(&[], &entry(0, None, &[7; 1 << 20])));
        for (rest, expected) in [(None, 13), (Some(Rest { until: None }), 13)] {
            let mut chunk = Vec::new();
            let mut count = 0;
            while has_room(&chunk, &entry(count, rest, &[7; 280])) {
                push(&mut chunk, entry(count, rest, &[7; 280]));
                count += 1;
            }
            assert_eq!(count, expected);
            assert!(chunk.len() <= CHUNK_BYTES);
        }
    }
}
