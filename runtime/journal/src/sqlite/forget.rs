//! Rows that an execution no longer needs: taken out of the log and the archive, in the commit
//! that holds the row which stands for them.
//!
//! It does not know why they are not needed. Read [`Store::forget_all`].

use rusqlite::{Connection, OptionalExtension, params};

use super::fold::{Segment, first_of, read_segment, segment_id, write_segment};
use super::index::{Index, Tracked};
use super::log::{Chunks, Leaving, read_chunk};
use super::store::{Staged, Store};

/// The sequence of the first row that an execution has not forgotten.
pub(super) fn first_row(connection: &Connection, id: i64) -> Result<u64, rusqlite::Error> {
    let first = connection
        .prepare_cached("SELECT first_row FROM executions WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(first.unwrap_or(0))
}

impl Store {
    /// Deletes what this batch lets executions forget. All chunks of the batch are written.
    pub(super) fn forget_all(&self, index: &Index, staged: &Staged) -> Result<(), rusqlite::Error> {
        for (arn, before) in &staged.forgets {
            let known = [index.tracked.get(arn), staged.tracked.get(arn)];
            for tracked in known.into_iter().flatten() {
                self.forget_logged(tracked, *before)?;
            }
            if let Some(tracked) = known.into_iter().flatten().next() {
                self.forget_archived(tracked.id, *before)?;
                self.connection
                    .prepare_cached(
                        "UPDATE executions SET first_row = max(first_row, ?2) WHERE id = ?1",
                    )?
                    .execute(params![tracked.id, before])?;
            }
        }
        Ok(())
    }

    fn forget_logged(&self, tracked: &Tracked, before: u64) -> Result<(), rusqlite::Error> {
        let mut chunks = Chunks::new();
        for (sequence, position) in (tracked.base..).zip(&tracked.positions) {
            if sequence >= before {
                break;
            }
            if let Some(chunk) = read_chunk(&self.connection, *position)? {
                chunks.insert(*position, chunk);
            }
        }
        self.unlog(&chunks, &Leaving::from([(tracked.id, before)]))
    }

    /// Those are there of one that was redriven.
    fn forget_archived(&self, id: i64, before: u64) -> Result<(), rusqlite::Error> {
        let Some(last) = before.checked_sub(1) else {
            return Ok(());
        };
        let bounds = params![segment_id(id, 0), segment_id(id, last)];
        let straddling = self
            .connection
            .prepare_cached(
                "SELECT id, row_count, rows FROM archive WHERE id BETWEEN ?1 AND ?2
                 ORDER BY id DESC LIMIT 1",
            )?
            .query_row(bounds, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        let Some((segment, row_count, stored)) = straddling else {
            return Ok(());
        };
        let Some(rows) = read_segment(&stored, row_count) else {
            // A reader will be told; nothing may be lost that could be saved by hand.
            tracing::error!(id, segment, "a segment of the archive is torn");
            return Ok(());
        };
        self.connection
            .prepare_cached("DELETE FROM archive WHERE id BETWEEN ?1 AND ?2")?
            .execute(bounds)?;
        let mut left = Segment::default();
        let left_from = (first_of(segment)..).zip(rows);
        left_from
            .filter(|(sequence, _)| *sequence >= before)
            .for_each(|(_, records)| left.push(records));
        match left.is_empty() {
            true => Ok(()),
            false => write_segment(&self.connection, id, before, &left),
        }
    }
}
