//! Reads: each on a connection of its own, in one snapshot, beside the writer.
//!
//! It never waits for the writer, nor the writer for it. Read [`Readers::rows`] first.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use asl::Timestamp;
use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension, params};

use super::fold::{first_of, read_segment, segment_id};
use super::index::Index;
use super::{Options, code_of, error, files, status_of};
use crate::listing::Cursor;
use crate::{Entry, Error, Listing, Opened, Page, Row, Status, Summary};

/// How many idle connections are kept; more are opened when more threads read at once.
const IDLE_MAX: usize = 4;
/// How many open executions are read at a time, so that no snapshot lasts long: an old one
/// keeps the write-ahead log from starting over.
const OPEN_PAGE: usize = 1000;

/// What every query for summaries selects, as [`summary`] reads it.
const SUMMARY: &str = "SELECT e.id, e.arn, m.arn, e.name, e.started_at, e.status, e.stopped_at
     FROM executions e JOIN state_machines m ON m.id = e.state_machine";

/// Connections for reading, and the index that says where rows are.
#[derive(Debug)]
pub(super) struct Readers {
    path: String,
    options: Options,
    pub(super) index: Arc<RwLock<Index>>,
    idle: Mutex<Vec<Connection>>,
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

    /// Runs `read` on a connection that nobody else uses, in one snapshot.
    fn with<T>(
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
        let snapshot = connection.unchecked_transaction().map_err(refused)?;
        let outcome = read(&snapshot).map_err(refused)?;
        snapshot.finish().map_err(refused)?;
        let mut idle = idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        outcome
    }

    /// The rows of one execution: first those in the archive, then those in the log.
    ///
    /// Positions are taken from the index before the snapshot: what they name was committed
    /// by then, so the snapshot has each row, here or there, even if a fold moves it meanwhile.
    pub(super) fn rows(
        &self,
        execution: &ExecutionArn,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let tracked = index.get(execution).map(|tracked| {
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
            let mut log = connection
                .prepare_cached("SELECT execution, records FROM log WHERE position = ?1")?;
            for (position, sequence) in positions.into_iter().zip(logged_from..) {
                if rows.len() >= limit {
                    break;
                }
                if rows
                    .last()
                    .is_some_and(|row: &Row| sequence <= row.sequence)
                {
                    // Folded since the index was asked.
                    continue;
                }
                let row = log
                    .query_row([position], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
                    .optional()?;
                match row {
                    Some((of, records)) if of == id => rows.push(Row { sequence, records }),
                    _ => {
                        let what = format_args!("row {sequence} of {execution} is missing");
                        return Ok(Err(error::damaged(&self.path, what)));
                    }
                }
            }
            Ok(Ok(rows))
        })
    }

    /// Reads rows from the archive.
    fn archived(
        &self,
        connection: &Connection,
        id: i64,
        from: u64,
        limit: usize,
        rows: &mut Vec<Row>,
    ) -> Result<Result<(), Error>, rusqlite::Error> {
        let mut archive = connection.prepare_cached(
            "SELECT id, row_count, rows FROM archive
             WHERE id <= ?3 AND id >=
                 (SELECT id FROM archive WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1)
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

    /// How one execution stands.
    pub(super) fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error> {
        self.with(|connection| {
            let found = connection
                .prepare_cached(&format!("{SUMMARY} WHERE e.arn = ?1"))?
                .query_row([execution.as_str()], |row| self.summary_of(row))
                .optional()?;
            Ok(match found {
                Some(found) => found.map(|(_, summary)| summary),
                None => Err(Error::NoSuchExecution(execution.clone())),
            })
        })
    }

    /// A page of a list: for each status that is wanted its newest, merged.
    pub(super) fn list(&self, listing: &Listing) -> Result<Page, Error> {
        let before = listing.before()?;
        let wanted = listing.limit.saturating_add(1);
        let machine = listing.state_machine.as_ref();
        let of_machine = if machine.is_some() {
            "e.state_machine = ?5 AND"
        } else {
            "?5 IS NULL AND"
        };
        let query = format!(
            "{SUMMARY} WHERE {of_machine} e.status = ?1 AND (e.started_at, e.id) < (?2, ?3)
             ORDER BY e.started_at DESC, e.id DESC LIMIT ?4"
        );
        self.with(|connection| {
            let mut machine_id: Option<i64> = None;
            if let Some(arn) = machine {
                machine_id = connection
                    .prepare_cached("SELECT id FROM state_machines WHERE arn = ?1")?
                    .query_row([arn.as_str()], |row| row.get(0))
                    .optional()?;
                if machine_id.is_none() {
                    return Ok(Ok(Page::default()));
                }
            }
            let mut newest = connection.prepare_cached(&query)?;
            let mut found = Vec::new();
            for status in Status::ALL {
                if listing.status.is_some_and(|only| only != status) {
                    continue;
                }
                let Cursor {
                    started_at,
                    arrival,
                } = before;
                let limit = i64::try_from(wanted).unwrap_or(i64::MAX);
                let mut rows = newest.query(params![
                    code_of(status),
                    started_at.0,
                    arrival,
                    limit,
                    machine_id
                ])?;
                while let Some(row) = rows.next()? {
                    match self.summary_of(row)? {
                        Ok(one) => found.push(one),
                        Err(damage) => return Ok(Err(damage)),
                    }
                }
            }
            found.sort_by_key(|(cursor, _)| std::cmp::Reverse(*cursor));
            Ok(Ok(listing.page(found)))
        })
    }

    /// Every open execution, oldest first, a page at a time.
    pub(super) fn open_executions(
        &self,
        visit: &mut dyn FnMut(Summary) -> bool,
    ) -> Result<(), Error> {
        let query = format!(
            "{SUMMARY} WHERE e.status = 0 AND (e.started_at, e.id) > (?1, ?2)
             ORDER BY e.started_at, e.id LIMIT ?3"
        );
        let mut after = Cursor {
            started_at: Timestamp(i64::MIN),
            arrival: i64::MIN,
        };
        loop {
            let page: Vec<(Cursor, Summary)> = self.with(|connection| {
                let mut oldest = connection.prepare_cached(&query)?;
                let after = params![after.started_at.0, after.arrival, OPEN_PAGE];
                let rows = oldest.query_map(after, |row| self.summary_of(row))?;
                let found: Vec<_> = rows.collect::<Result<_, _>>()?;
                Ok(found.into_iter().collect())
            })?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = *last;
            // No snapshot is held here, and `visit` may call this journal.
            if !page.into_iter().all(|(_, summary)| visit(summary)) {
                return Ok(());
            }
        }
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

    /// Reads a row of [`SUMMARY`]; the inner error is damage.
    fn summary_of(
        &self,
        row: &rusqlite::Row<'_>,
    ) -> Result<Result<(Cursor, Summary), Error>, rusqlite::Error> {
        let started_at = Timestamp(row.get(4)?);
        let cursor = Cursor {
            started_at,
            arrival: row.get(0)?,
        };
        let status = match status_of(&self.path, row.get(5)?) {
            Ok(status) => status,
            Err(damage) => return Ok(Err(damage)),
        };
        let opened = Opened {
            state_machine: row.get::<_, String>(2)?.into(),
            name: row.get(3)?,
            started_at,
        };
        let execution = row.get::<_, String>(1)?.into();
        let stopped_at = row.get::<_, Option<i64>>(6)?.map(Timestamp);
        Ok(Ok((
            cursor,
            Summary {
                execution,
                opened,
                status,
                stopped_at,
            },
        )))
    }
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
                 (SELECT 1 FROM archive WHERE archive.id = executions.id << 24)",
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
