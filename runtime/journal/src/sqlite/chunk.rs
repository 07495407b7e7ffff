//! How rows lie in a chunk of the log: one after the other, each behind a head that says whose
//! it is and how long.
//!
//! It knows no database. Read [`push`] and [`entries`].

/// How long a chunk may get, unless one row alone is longer: with what SQLite adds it fills a
/// page of 4,096 bytes and needs no other.
pub(super) const CHUNK_BYTES: usize = 4040;
/// Execution, sequence, length.
const HEAD_BYTES: usize = 8 + 8 + 4;

/// One row in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry<'c> {
    /// Whose row, by id.
    pub(super) execution: i64,
    /// Its number within the execution.
    pub(super) sequence: u64,
    /// The encoded records.
    pub(super) records: &'c [u8],
}

/// A chunk that does not end where its last row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Torn;

/// Whether a chunk has room for a row of this many bytes. An empty one has room for any.
pub(super) fn has_room(chunk: &[u8], records: usize) -> bool {
    chunk.is_empty() || chunk.len() + HEAD_BYTES + records <= CHUNK_BYTES
}

/// Adds a row to a chunk.
pub(super) fn push(chunk: &mut Vec<u8>, entry: Entry<'_>) {
    let length = u32::try_from(entry.records.len()).expect("rows are bounded by ROW_BYTES_MAX");
    chunk.extend_from_slice(&entry.execution.to_be_bytes());
    chunk.extend_from_slice(&entry.sequence.to_be_bytes());
    chunk.extend_from_slice(&length.to_be_bytes());
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
    let (length, rest) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (records, rest) = rest.split_at_checked(length)?;
    let entry = Entry {
        execution: i64::from_be_bytes(*execution),
        sequence: u64::from_be_bytes(*sequence),
        records,
    };
    Some((entry, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_torn_chunks_are_told() {
        let rows = [(1, 0, &b"one"[..]), (-2, u64::MAX, b""), (3, 7, b"three")];
        let rows = rows.map(|(execution, sequence, records)| Entry {
            execution,
            sequence,
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
        assert!(has_room(&[], 1 << 20));
        let mut chunk = Vec::new();
        let records = [7; 280];
        let mut count = 0;
        while has_room(&chunk, records.len()) {
            push(
                &mut chunk,
                Entry {
                    execution: 1,
                    sequence: count,
                    records: &records,
                },
            );
            count += 1;
        }
        assert_eq!(count, 13);
        assert!(chunk.len() <= CHUNK_BYTES);
    }
}
