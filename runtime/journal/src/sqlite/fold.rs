//! The archive: the rows of ended executions, a segment of consecutive ones to a value.
//!
//! Folding moves rows there from the log, so that the log, and the scan of it at open, stays
//! as small as what is still running. It is done by the writer in slices: SQLite has one
//! writer, and a slice is short. Losing a slice to a crash loses nothing, so it does not wait
//! for the disk. Read [`Store::fold`] first.

use std::sync::PoisonError;

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension, params};

use super::store::{Fault, Store};
use crate::Status;

/// How many rows a slice moves before it ends: about a millisecond's work.
const SLICE_ROWS_MAX: usize = 512;
/// How many bytes of rows a segment, and so a slice, holds; one row alone may have more.
const SEGMENT_BYTES_MAX: usize = 1 << 20;
/// How many rows a segment holds.
const SEGMENT_ROWS_MAX: usize = 4096;
/// How many bits of an archive id number the row; the rest number the execution.
const SEQUENCE_BITS: u32 = 24;
/// Rows from here on stay in the log: far beyond the 25,000 events of AWS's history quota
/// (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
pub(super) const ARCHIVED_ROWS_MAX: u64 = 1 << SEQUENCE_BITS;

/// The archive id of the segment of `execution` that begins with row `sequence`.
pub(super) fn segment_id(execution: i64, sequence: u64) -> i64 {
    let sequence = sequence.min(ARCHIVED_ROWS_MAX - 1) as i64;
    (execution << SEQUENCE_BITS) | sequence
}

/// The sequence of the first row in a segment.
pub(super) fn first_of(segment_id: i64) -> u64 {
    segment_id as u64 & (ARCHIVED_ROWS_MAX - 1)
}

/// How many rows of an execution are in the archive.
pub(super) fn archived_rows(connection: &Connection, id: i64) -> Result<u64, rusqlite::Error> {
    let last = connection
        .prepare_cached(
            "SELECT id, row_count FROM archive WHERE id BETWEEN ?1 AND ?2
             ORDER BY id DESC LIMIT 1",
        )?
        .query_row([segment_id(id, 0), segment_id(id, u64::MAX)], |row| {
            Ok((row.get(0)?, row.get::<_, u64>(1)?))
        })
        .optional()?;
    Ok(last.map_or(0, |(segment, row_count)| first_of(segment) + row_count))
}

/// Adds a segment to the archive.
pub(super) fn write_segment(
    connection: &Connection,
    execution: i64,
    first: u64,
    rows: &[impl AsRef<[u8]>],
) -> Result<(), rusqlite::Error> {
    let bytes = rows.iter().map(|row| row.as_ref().len() + 4).sum();
    let mut segment = Vec::with_capacity(bytes);
    for row in rows {
        let row = row.as_ref();
        let length = u32::try_from(row.len()).expect("rows are bounded by ROW_BYTES_MAX");
        segment.extend_from_slice(&length.to_le_bytes());
        segment.extend_from_slice(row);
    }
    connection
        .prepare_cached("INSERT INTO archive (id, row_count, rows) VALUES (?1, ?2, ?3)")?
        .execute(params![segment_id(execution, first), rows.len(), segment])?;
    Ok(())
}

/// The rows in a segment, or `None` if it is not one of `row_count` rows.
pub(super) fn read_segment(mut segment: &[u8], row_count: usize) -> Option<Vec<&[u8]>> {
    let mut rows = Vec::new();
    while let Some((length, rest)) = segment.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (row, rest) = rest.split_at_checked(length)?;
        rows.push(row);
        segment = rest;
    }
    (segment.is_empty() && rows.len() == row_count).then_some(rows)
}

/// What a slice moved of one execution.
struct Moved {
    execution: ExecutionArn,
    rows: usize,
}

impl Store {
    /// Moves one slice of ended executions' rows to the archive.
    pub(super) fn fold(&mut self) -> Result<(), Fault> {
        let queue = std::mem::take(&mut self.ended);
        let outcome = self.unsynced(|store| {
            let mut moved: Vec<Moved> = Vec::new();
            let mut rows = 0;
            for execution in queue.iter().take(SLICE_ROWS_MAX) {
                if rows >= SLICE_ROWS_MAX {
                    break;
                }
                let segment = store.fold_segment(execution)?;
                rows += segment;
                moved.push(Moved {
                    execution: execution.clone(),
                    rows: segment,
                });
            }
            Ok(moved)
        });
        self.ended = queue;
        let moved = outcome?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        self.ended.drain(..moved.len());
        for Moved { execution, rows } in moved.into_iter().rev() {
            self.ended_rows = self.ended_rows.saturating_sub(rows);
            let Some(tracked) = index.tracked.get_mut(&execution) else {
                continue;
            };
            tracked.positions.drain(..rows);
            tracked.base += rows as u64;
            if tracked.positions.is_empty() {
                index.tracked.remove(&execution);
            } else if rows > 0 {
                // A long one: its next segment comes next.
                self.ended.push_front(execution);
            }
        }
        drop(index);
        if self.ended.is_empty() {
            self.ended_rows = 0;
        }
        Ok(())
    }

    /// Moves what fits a segment, and answers how many rows; none when it was redriven since,
    /// or when its rows are not what they should be, which a reader will be told.
    fn fold_segment(&self, execution: &ExecutionArn) -> Result<usize, rusqlite::Error> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let Some(tracked) = index.tracked.get(execution) else {
            return Ok(0);
        };
        if tracked.status == Status::Running {
            return Ok(0);
        }
        let mut rows: Vec<Vec<u8>> = Vec::new();
        let mut bytes = 0;
        let mut read = self
            .connection
            .prepare_cached("SELECT execution, sequence, records FROM log WHERE position = ?1")?;
        for (sequence, position) in (tracked.base..ARCHIVED_ROWS_MAX).zip(&tracked.positions) {
            let row = read
                .query_row([position], |row| {
                    Ok((
                        row.get::<_, i64>(0)?,
                        row.get::<_, u64>(1)?,
                        row.get::<_, Vec<u8>>(2)?,
                    ))
                })
                .optional()?
                .filter(|(id, found, _)| *id == tracked.id && *found == sequence);
            let Some((_, _, records)) = row else {
                tracing::error!(%execution, sequence, "a row is missing in the log");
                return Ok(0);
            };
            if rows.len() >= SEGMENT_ROWS_MAX
                || (bytes > 0 && bytes + records.len() > SEGMENT_BYTES_MAX)
            {
                break;
            }
            bytes += records.len();
            rows.push(records);
        }
        if rows.is_empty() {
            return Ok(0);
        }
        write_segment(&self.connection, tracked.id, tracked.base, &rows)?;
        let mut delete = self
            .connection
            .prepare_cached("DELETE FROM log WHERE position = ?1")?;
        for position in &tracked.positions[..rows.len()] {
            delete.execute([position])?;
        }
        Ok(rows.len())
    }
}
