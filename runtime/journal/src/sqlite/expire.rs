//! Retention: ended executions go, a few at a time, and what they held a little at a time.
//!
//! First an execution's summary goes, which frees its name and hides the rest; its id stays in
//! table `expired` until its rows are gone, too. A history may be gigabytes, so those go in
//! slices that are bounded by bytes. Both are done by the writer between batches, and neither
//! waits for the disk: what a crash brings back is found again. It does not know how long
//! executions are kept. Read [`Store::expire`] first.

use std::sync::PoisonError;

use asl::Timestamp;
use asl::arn::ExecutionArn;
use rusqlite::{OptionalExtension, params};

use super::fold::segment_id;
use super::log::{Chunks, Leaving, read_chunk};
use super::store::{Fault, Store};

/// The most executions in one slice: a few milliseconds' work, no more than appends may have
/// to wait for.
const EXPIRED_MAX: usize = 128;
/// The most segments of the archive in one slice, for the same reason.
const SWEPT_SEGMENTS_MAX: usize = 256;
/// The most bytes of the archive in one slice; one segment alone may have more.
const SWEPT_BYTES_MAX: usize = 1 << 20;

impl Store {
    /// Deletes executions that ended before `before`, at most `limit` and at most
    /// [`EXPIRED_MAX`], and answers how many. Their archived rows are left to [`Store::sweep`].
    pub(super) fn expire(&mut self, before: Timestamp, limit: usize) -> Result<u64, Fault> {
        let limit = limit.min(EXPIRED_MAX);
        let gone = self.unsynced(|store| {
            let gone = store.ended_before(before, limit)?;
            for (id, arn) in &gone {
                store.hide(*id, arn)?;
            }
            Ok(gone)
        })?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for (_, arn) in &gone {
            if let Some(tracked) = index.tracked.remove(arn) {
                self.ended_rows = self.ended_rows.saturating_sub(tracked.positions.len());
            }
        }
        drop(index);
        self.unswept |= !gone.is_empty();
        Ok(gone.len() as u64)
    }

    /// Those that ended first.
    fn ended_before(
        &self,
        before: Timestamp,
        limit: usize,
    ) -> Result<Vec<(i64, ExecutionArn)>, rusqlite::Error> {
        let mut ended = self.connection.prepare_cached(
            "SELECT id, arn FROM executions WHERE stopped_at < ?1
             ORDER BY stopped_at, id LIMIT ?2",
        )?;
        let found = ended.query_map(params![before.0, limit], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?.into()))
        })?;
        found.collect()
    }

    /// Takes an execution out of all that is found by name, and out of the log.
    fn hide(&self, id: i64, arn: &ExecutionArn) -> Result<(), rusqlite::Error> {
        let run = |sql: &str| self.connection.prepare_cached(sql)?.execute([id]);
        run("DELETE FROM executions WHERE id = ?1")?;
        run("INSERT INTO expired (id) VALUES (?1)")?;
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let Some(tracked) = index.tracked.get(arn) else {
            return Ok(());
        };
        // It ended so lately that it was not folded yet: few are.
        let mut chunks = Chunks::new();
        for position in &tracked.positions {
            if let Some(chunk) = read_chunk(&self.connection, *position)? {
                chunks.insert(*position, chunk);
            }
        }
        self.unlog(&chunks, &Leaving::from([(id, u64::MAX)]))
    }

    /// Deletes one slice of what expired executions left in the archive.
    pub(super) fn sweep(&mut self) -> Result<(), Fault> {
        self.unswept = self.unsynced(|store| {
            let (mut segments, mut bytes) = (0, 0);
            while segments < SWEPT_SEGMENTS_MAX && bytes < SWEPT_BYTES_MAX {
                let Some(id) = store.an_expired()? else {
                    return Ok(false);
                };
                match store.sweep_segment(id)? {
                    Some(swept) => bytes += swept,
                    None => store.forget(id)?,
                }
                segments += 1;
            }
            Ok(true)
        })?;
        Ok(())
    }

    /// Any execution that is expired and not swept.
    pub(super) fn an_expired(&self) -> Result<Option<i64>, rusqlite::Error> {
        self.connection
            .prepare_cached("SELECT id FROM expired LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()
    }

    /// Deletes a segment of an execution, if it has one, and answers its length.
    fn sweep_segment(&self, id: i64) -> Result<Option<usize>, rusqlite::Error> {
        // The length of a value is known without reading it.
        let found: Option<(i64, usize)> = self
            .connection
            .prepare_cached(
                "SELECT id, length(rows) FROM archive WHERE id BETWEEN ?1 AND ?2 LIMIT 1",
            )?
            .query_row([segment_id(id, 0), segment_id(id, u64::MAX)], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let Some((segment, bytes)) = found else {
            return Ok(None);
        };
        self.connection
            .prepare_cached("DELETE FROM archive WHERE id = ?1")?
            .execute([segment])?;
        Ok(Some(bytes))
    }

    /// Nothing of an expired execution is left.
    fn forget(&self, id: i64) -> Result<(), rusqlite::Error> {
        self.connection
            .prepare_cached("DELETE FROM expired WHERE id = ?1")?
            .execute([id])?;
        Ok(())
    }
}
