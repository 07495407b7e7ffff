//! The archive: the rows of ended executions, a segment of consecutive ones to a value.
//!
//! Folding moves rows there from the log, so that the log, and the scan of it at open, stays
//! as small as what is still running. It is done by the writer in slices: SQLite has one
//! writer, and a slice is short. Losing a slice to a crash loses nothing, so it does not wait
//! for the disk. Read [`Store::fold`] first.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::sync::PoisonError;

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension, params};

use super::index::Tracked;
use super::log::{Chunks, Leaving, read_chunk, row_of};
use super::store::{Fault, Store};

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

/// Consecutive rows of one execution, on their way to the archive.
#[derive(Default)]
pub(super) struct Segment {
    rows: usize,
    /// For each row its length, four bytes, little end first; then its records.
    bytes: Vec<u8>,
}

impl Segment {
    fn has_room(&self, records: &[u8]) -> bool {
        let is_short = self.bytes.len() + records.len() <= SEGMENT_BYTES_MAX;
        self.rows == 0 || (self.rows < SEGMENT_ROWS_MAX && is_short)
    }

    /// Whether there is no row in it.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds a row.
    pub(super) fn push(&mut self, records: &[u8]) {
        let length = u32::try_from(records.len()).expect("rows are bounded by ROW_BYTES_MAX");
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(records);
        self.rows += 1;
    }
}

/// Adds a segment to the archive.
pub(super) fn write_segment(
    connection: &Connection,
    execution: i64,
    first: u64,
    segment: &Segment,
) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("INSERT INTO archive (id, row_count, rows) VALUES (?1, ?2, ?3)")?
        .execute(params![
            segment_id(execution, first),
            segment.rows,
            segment.bytes
        ])?;
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

/// What a slice moved: of which execution how many rows.
type Moved = Vec<(ExecutionArn, usize)>;

/// What a slice has done so far.
#[derive(Default)]
struct Slice {
    rows: usize,
    bytes: usize,
    chunks: Chunks,
    /// What is in the archive by now.
    leaving: Leaving,
}

impl Store {
    /// Moves one slice of ended executions' rows to the archive.
    pub(super) fn fold(&mut self) -> Result<(), Fault> {
        let queue = std::mem::take(&mut self.ended);
        let outcome = self.unsynced(|store| store.fold_slice(&queue));
        self.ended = queue;
        let moved = outcome?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        self.ended.drain(..moved.len());
        for (execution, rows) in moved.into_iter().rev() {
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

    /// Moves a segment each of the first in the queue, and answers how many rows that was.
    fn fold_slice(&self, queue: &VecDeque<ExecutionArn>) -> Result<Moved, rusqlite::Error> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let mut slice = Slice::default();
        let mut moved = Moved::new();
        for execution in queue.iter().take(SLICE_ROWS_MAX) {
            if slice.rows >= SLICE_ROWS_MAX || slice.bytes >= SEGMENT_BYTES_MAX {
                break;
            }
            let tracked = index.tracked.get(execution);
            let is_due = |one: &&Tracked| !one.is_open() && !slice.leaving.contains_key(&one.id);
            let rows = match tracked.filter(is_due) {
                // Redriven or deleted since, or it ended twice.
                None => 0,
                Some(tracked) => self.fold_segment(execution, tracked, &mut slice)?,
            };
            moved.push((execution.clone(), rows));
        }
        self.unlog(&slice.chunks, &slice.leaving)?;
        Ok(moved)
    }

    /// Copies what fits a segment to the archive, and answers how many rows; none when they
    /// are not what they should be, which a reader will be told.
    fn fold_segment(
        &self,
        execution: &ExecutionArn,
        tracked: &Tracked,
        slice: &mut Slice,
    ) -> Result<usize, rusqlite::Error> {
        let mut segment = Segment::default();
        for (sequence, position) in (tracked.base..ARCHIVED_ROWS_MAX).zip(&tracked.positions) {
            let chunk = match slice.chunks.entry(*position) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    new.insert(read_chunk(&self.connection, *position)?.unwrap_or_default())
                }
            };
            let Some(records) = row_of(chunk, tracked.id, sequence) else {
                tracing::error!(%execution, sequence, "a row is missing in the log");
                return Ok(0);
            };
            if !segment.has_room(records) {
                break;
            }
            segment.push(records);
        }
        if segment.rows > 0 {
            write_segment(&self.connection, tracked.id, tracked.base, &segment)?;
            let end = tracked.base + segment.rows as u64;
            slice.leaving.insert(tracked.id, end);
            slice.rows += segment.rows;
            slice.bytes += segment.bytes.len();
        }
        Ok(segment.rows)
    }
}
