//! The walk over all open executions: one scan of the log, in the order in which rows lie.
//!
//! It reads what a restart needs some ten times faster than row by row. It does not know what
//! a row holds. Read [`Readers::open_rows`] first.

use asl::arn::ExecutionArn;
use rusqlite::Connection;

use super::read::Readers;
use super::{chunk, log};
use crate::{Error, OpenRow};

/// Where the rows of an open execution end.
struct Place {
    id: i64,
    execution: ExecutionArn,
    /// The sequence of its first row in the log; those before are in the archive.
    base: u64,
    /// The sequence of its last row.
    last: u64,
}

/// Whether the visitor wants more: outer error, the storage; inner, damage.
type Visited = Result<Result<bool, Error>, rusqlite::Error>;

impl Readers {
    /// Every row of every open execution.
    pub(super) fn open_rows(
        &self,
        visit: &mut dyn FnMut(OpenRow<'_>) -> bool,
    ) -> Result<(), Error> {
        self.with(|connection| {
            let open = self.places(connection)?;
            let mut log = connection.prepare("SELECT position, rows FROM log ORDER BY position")?;
            let mut log = log.query([])?;
            while let Some(row) = log.next()? {
                let position = row.get(0)?;
                let chunk = row.get_ref(1)?.as_blob()?;
                match self.visit_chunk(connection, &open, position, chunk, visit)? {
                    Ok(true) => {}
                    Ok(false) => return Ok(Ok(())),
                    Err(damage) => return Ok(Err(damage)),
                }
            }
            Ok(Ok(()))
        })
    }

    /// Shows the rows of one chunk; false when that is enough.
    fn visit_chunk(
        &self,
        connection: &Connection,
        open: &[Place],
        position: i64,
        chunk: &[u8],
        visit: &mut dyn FnMut(OpenRow<'_>) -> bool,
    ) -> Visited {
        for entry in chunk::entries(chunk) {
            let Ok(entry) = entry else {
                return Ok(Err(log::torn(&self.path, position)));
            };
            let Ok(place) = open.binary_search_by_key(&entry.execution, |place| place.id) else {
                continue;
            };
            let place = &open[place];
            if entry.sequence > place.last {
                continue;
            }
            if entry.sequence > 0 && entry.sequence == place.base {
                match self.archived_rows_of(connection, place, visit)? {
                    Ok(true) => {}
                    enough => return Ok(enough),
                }
            }
            let row = OpenRow {
                execution: &place.execution,
                arrival: place.id,
                sequence: entry.sequence,
                is_last: entry.sequence == place.last,
                records: entry.records,
            };
            if !visit(row) {
                return Ok(Ok(false));
            }
        }
        Ok(Ok(true))
    }

    /// The open executions, by id, at the moment at which this connection's snapshot begins:
    /// what is committed while the index is looked at is published after it.
    fn places(&self, connection: &Connection) -> Result<Vec<Place>, rusqlite::Error> {
        let index = self.index();
        connection
            .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM log LIMIT 1)")?
            .query_row([], |_| Ok(()))?;
        let open = index
            .tracked
            .iter()
            .filter(|(_, tracked)| tracked.is_open());
        let mut open: Vec<Place> = open
            .map(|(execution, tracked)| Place {
                id: tracked.id,
                execution: execution.clone(),
                base: tracked.base,
                last: tracked.standing().next.saturating_sub(1),
            })
            .collect();
        drop(index);
        open.sort_unstable_by_key(|place| place.id);
        Ok(open)
    }

    /// The rows that an execution has in the archive, since it was redriven.
    fn archived_rows_of(
        &self,
        connection: &Connection,
        place: &Place,
        visit: &mut dyn FnMut(OpenRow<'_>) -> bool,
    ) -> Visited {
        let count = usize::try_from(place.base).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        if let Err(damage) = self.archived(connection, place.id, 0, count, &mut rows)? {
            return Ok(Err(damage));
        }
        let mut rows = rows.iter().map(|row| OpenRow {
            execution: &place.execution,
            arrival: place.id,
            sequence: row.sequence,
            is_last: false,
            records: &row.records,
        });
        Ok(Ok(rows.all(visit)))
    }
}
