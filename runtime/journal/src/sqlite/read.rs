//! Reads: each on a connection of its own, in one snapshot, beside the writer.
//!
//! It never waits for the writer, nor the writer for it. Read [`Readers::rows`] first.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension, params};

use super::fold::{archived_rows, first_of, read_segment, segment_id};
use super::forget::first_row;
use super::index::Index;
use super::{Options, error, files, log};
use crate::{Entry, Error, Row};

/// How many idle connections are kept; more are opened when more threads read at once.
const IDLE_MAX: usize = 4;
/// Connections for reading, and the index that says where rows are.
#[derive(Debug)]
pub(super) struct Readers {
    pub(super) path: String,
    options: Options,
    index: Arc<RwLock<Index>>,
    idle: Mutex<Vec<Connection>>,
}

/// What a snapshot has of the rows that the index names.
enum Found {
    Rows(Vec<Row>),
    /// Some of them were forgotten since: it has those from this sequence on.
    Forgotten(u64),
}

impl Readers {
    pub(super) fn new(path: String, options: Options, index: Arc<RwLock<Index>>) -> Self {
        Self {
            path,
            options,
            index,
            idle: Mutex::default(),
        }
    }

    /// Closes the idle connections.
    pub(super) fn close(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Where rows are, as of the last commit.
    pub(super) fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `read` on a connection that nobody else uses, in one snapshot.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<Result<T, Error>, rusqlite::Error>,
    ) -> Result<T, Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = |error: rusqlite::Error| error::storage(&self.path, &error);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => files::open_reader(&self.path, &self.options).map_err(refused)?,
        };
        // Prepared once a connection. One that fails on the way is not kept, and its snapshot
        // goes with it.
        let run = |sql| connection.prepare_cached(sql)?.execute([]);
        run("BEGIN").map_err(refused)?;
        let outcome = read(&connection).map_err(refused)?;
        run("COMMIT").map_err(refused)?;
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        outcome
    }

    /// The rows of one execution: first those in the archive, then those in the log.
    pub(super) fn rows(
        &self,
        execution: &ExecutionArn,
        mut from: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        loop {
            match self.rows_from(execution, from, limit)? {
                Found::Rows(rows) => return Ok(rows),
                Found::Forgotten(before) => from = before,
            }
        }
    }

    /// Positions are taken from the index before the snapshot: what they name was committed
    /// by then, so the snapshot has each row, here or there, even if a fold moves it meanwhile;
    /// unless it is forgotten meanwhile.
    fn rows_from(&self, execution: &ExecutionArn, from: u64, limit: usize) -> Result<Found, Error> {
        let index = self.index();
        let tracked = index.tracked.get(execution).map(|tracked| {
            let skipped = usize::try_from(from.saturating_sub(tracked.base)).unwrap_or(usize::MAX);
            let positions = tracked.positions.iter().skip(skipped).take(limit);
            (
                tracked.id,
                from.max(tracked.base),
                positions.copied().collect::<Vec<_>>(),
            )
        });
        drop(index);
        self.with(|connection| {
            let (id, logged_from, positions) = match tracked {
                Some(tracked) => tracked,
                None => match folded_id(connection, execution)? {
                    Some(id) => (id, u64::MAX, Vec::new()),
                    None => return Ok(Err(Error::NoSuchExecution(execution.clone()))),
                },
            };
            let mut rows = Vec::new();
            if let Err(damage) = self.archived(connection, id, from, limit, &mut rows)? {
                return Ok(Err(damage));
            }
            let mut sequence = logged_from;
            for chunk in positions.chunk_by(i64::eq) {
                if rows.len() >= limit {
                    break;
                }
                let wanted = sequence..sequence + chunk.len() as u64;
                sequence = wanted.end;
                let missing = log::look_into_chunk(connection, chunk[0], |chunk| {
                    take_rows(chunk, id, wanted, limit, &mut rows)
                })?;
                let Some(sequence) = missing else { continue };
                let first = first_row(connection, id)?;
                if first > sequence {
                    return Ok(Ok(Found::Forgotten(first)));
                }
                let what = format_args!("row {sequence} of {execution} is missing");
                return Ok(Err(error::damaged(&self.path, what)));
            }
            Ok(Ok(Found::Rows(rows)))
        })
    }

    /// How many rows one execution has.
    pub(super) fn row_count(&self, execution: &ExecutionArn) -> Result<u64, Error> {
        let index = self.index();
        if let Some(tracked) = index.tracked.get(execution) {
            return Ok(tracked.standing().next);
        }
        drop(index);
        self.with(|connection| match folded_id(connection, execution)? {
            Some(id) => archived_rows(connection, id).map(Ok),
            None => Ok(Err(Error::NoSuchExecution(execution.clone()))),
        })
    }

    /// Reads rows from the archive.
    pub(super) fn archived(
        &self,
        connection: &Connection,
        id: i64,
        from: u64,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<Result<(), Error>, rusqlite::Error> {
        let mut archive = connection.prepare_cached(
            "SELECT id, row_count, rows FROM archive
             WHERE id <= ?3 AND id >= coalesce(
                 (SELECT id FROM archive WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1), ?1)
             ORDER BY id",
        )?;
        let mut segments = archive.query([
            segment_id(id, 0),
            segment_id(id, from),
            segment_id(id, u64::MAX),
        ])?;
        while let Some(segment) = segments.next()? {
            let first = first_of(segment.get(0)?);
            let stored = segment.get_ref(2)?.as_blob().unwrap_or_default();
            let Some(found) = read_segment(stored, segment.get(1)?) else {
                let what = format_args!("segment {first} of execution {id} in the archive");
                return Ok(Err(error::damaged(&self.path, what)));
            };
            for (sequence, records) in (first..).zip(found) {
                if rows.len() >= limit {
                    return Ok(Ok(()));
                }
                if sequence >= from {
                    rows.push(Row {
                        sequence,
                        records: records.to_vec(),
                    });
                }
            }
        }
        Ok(Ok(()))
    }

    /// One entry of the catalogue.
    pub(super) fn get(&self, kind: &str, key: &str) -> Result<Option<Entry>, Error> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT kind, key, revision, document FROM entries
                     WHERE kind = ?1 AND key = ?2",
                )?
                .query_row([kind, key], entry)
                .optional()
                .map(Ok)
        })
    }

    /// Entries of one kind whose key begins with `prefix`, after `after`.
    pub(super) fn entries(
        &self,
        kind: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT kind, key, revision, document FROM entries
                 WHERE kind = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3) ORDER BY key",
            )?;
            // Keys with a prefix stand together; which key ends them is simpler to see here
            // than to say in SQL.
            let mut found = Vec::new();
            // The later of the two lower bounds, so that a late page does not walk the first.
            let from = after.filter(|after| *after > prefix).unwrap_or(prefix);
            let mut rows = statement.query(params![kind, from, after])?;
            while found.len() < limit
                && let Some(row) = rows.next()?
            {
                let entry = entry(row)?;
                if !entry.key.starts_with(prefix) {
                    break;
                }
                found.push(entry);
            }
            Ok(Ok(found))
        })
    }
}

/// Takes an execution's rows out of a chunk, until there are enough of them; answers the first
/// that is not there.
fn take_rows(
    chunk: &[u8],
    execution: i64,
    wanted: Range<u64>,
    limit: usize,
    rows: &mut Vec<Row>,
) -> Option<u64> {
    for sequence in wanted {
        if rows.len() >= limit {
            return None;
        }
        let is_folded = rows.last().is_some_and(|row| sequence <= row.sequence);
        if is_folded {
            // Since the index was asked; it was found in the archive.
            continue;
        }
        let Some(records) = log::row_of(chunk, execution, sequence) else {
            return Some(sequence);
        };
        let records = records.to_vec();
        rows.push(Row { sequence, records });
    }
    None
}

/// The id of an execution whose rows are all in the archive. One that is there without any
/// was committed since the index was asked, and is nobody's to see yet.
fn folded_id(
    connection: &Connection,
    execution: &ExecutionArn,
) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached(
            "SELECT id FROM executions WHERE arn = ?1 AND EXISTS
                 (SELECT 1 FROM archive
                  WHERE archive.id BETWEEN executions.id << 24 AND (executions.id << 24) | 0xffffff)",
        )?
        .query_row([execution.as_str()], |row| row.get(0))
        .optional()
}

fn entry(row: &rusqlite::Row<'_>) -> Result<Entry, rusqlite::Error> {
    Ok(Entry {
        kind: row.get(0)?,
        key: row.get(1)?,
        revision: row.get(2)?,
        document: row.get(3)?,
    })
}
