//! The walk over all open executions: those that rest by the index alone, the rows of the others
//! in the order in which they lie in the log.
//!
//! It reads what a restart needs some ten times faster than row by row. It does not know what
//! a row holds. Read [`Readers::walk_open`] first.

use asl::arn::ExecutionArn;
use rusqlite::Connection;

use super::chunk;
use super::index::{Index, Tracked};
use super::log::{self, read_chunk};
use super::read::Readers;
use crate::{Error, Found, OpenRow, Rest, Resting};

/// An open execution, and where its rows end.
struct Place {
    id: i64,
    execution: ExecutionArn,
    /// The sequence of its first row in the log; those before are in the archive.
    base: u64,
    /// The sequence of its last row.
    last: u64,
    rest: Option<Rest>,
}

impl Place {
    fn of((execution, tracked): (&ExecutionArn, &Tracked)) -> Self {
        Self {
            id: tracked.id,
            execution: execution.clone(),
            base: tracked.base,
            last: tracked.standing().next.saturating_sub(1),
            rest: tracked.rest,
        }
    }

    fn resting(&self) -> Option<Found<'_>> {
        let rest = self.rest?;
        Some(Found::Resting(Resting {
            execution: &self.execution,
            arrival: self.id,
            rows: self.last + 1,
            rest,
        }))
    }
}

/// The open executions at one moment, by id.
struct Stock {
    open: Vec<Place>,
    /// The chunks that hold rows of those that do not rest.
    chunks: Vec<i64>,
}

impl Stock {
    fn of(index: &Index) -> Self {
        let open = || index.tracked.iter().filter(|(_, one)| one.is_open());
        let awake = open().filter(|(_, one)| one.rest.is_none());
        let mut chunks: Vec<i64> = awake
            .flat_map(|(_, one)| one.positions.iter().copied())
            .collect();
        chunks.sort_unstable();
        chunks.dedup();
        let mut open: Vec<_> = open().map(Place::of).collect();
        open.sort_unstable_by_key(|place| place.id);
        Self { open, chunks }
    }
}

/// Whether the visitor wants more: outer error, the storage; inner, damage.
type Visited = Result<Result<bool, Error>, rusqlite::Error>;

impl Readers {
    /// Every open execution.
    pub(super) fn walk_open(&self, visit: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), Error> {
        self.with(|connection| {
            let Stock { open, chunks } = self.stock(connection)?;
            if !open.iter().filter_map(Place::resting).all(&mut *visit) {
                return Ok(Ok(()));
            }
            for position in chunks {
                let Some(chunk) = read_chunk(connection, position)? else {
                    return Ok(Err(log::torn(&self.path, position)));
                };
                match self.visit_chunk(connection, &open, position, &chunk, visit)? {
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
        visit: &mut dyn FnMut(Found<'_>) -> bool,
    ) -> Visited {
        for entry in chunk::entries(chunk) {
            let Ok(entry) = entry else {
                return Ok(Err(log::torn(&self.path, position)));
            };
            let Ok(place) = open.binary_search_by_key(&entry.execution, |place| place.id) else {
                continue;
            };
            let place = &open[place];
            if entry.sequence > place.last || place.rest.is_some() {
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
            if !visit(Found::Row(row)) {
                return Ok(Ok(false));
            }
        }
        Ok(Ok(true))
    }

    /// The open executions at the moment at which this connection's snapshot begins: what is
    /// committed while the index is looked at is published after it.
    fn stock(&self, connection: &Connection) -> Result<Stock, rusqlite::Error> {
        let index = self.index();
        connection
            .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM log LIMIT 1)")?
            .query_row([], |_| Ok(()))?;
        Ok(Stock::of(&index))
    }

    /// The rows that an execution has in the archive, since it was redriven.
    fn archived_rows_of(
        &self,
        connection: &Connection,
        place: &Place,
        visit: &mut dyn FnMut(Found<'_>) -> bool,
    ) -> Visited {
        let count = usize::try_from(place.base).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        if let Err(damage) = self.archived(connection, place.id, 0, count, &mut rows)? {
            return Ok(Err(damage));
        }
        let mut rows = rows.iter().map(|row| {
            Found::Row(OpenRow {
                execution: &place.execution,
                arrival: place.id,
                sequence: row.sequence,
                is_last: false,
                records: &row.records,
            })
        });
        Ok(Ok(rows.all(visit)))
    }
}
