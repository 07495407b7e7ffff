//! Where the rows of open executions are in the log: the only index they have.
//!
//! An index on disk would cost a page at a random place for every row; this one costs a
//! waiting execution some 340 bytes of memory (`benches/append.rs`) and is rebuilt at
//! open by one scan of the log, which holds no rows but those of open executions and of ended
//! ones not yet folded.
//! It does not know what a row holds. Read [`Index`] first.

use std::collections::HashMap;

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension};
use smallvec::SmallVec;

use super::chunk::{self, Entry};
use super::fold::archived_rows;
use super::forget::first_row;
use super::{error, log, status_of};
use crate::append::Standing;
use crate::open_counts::OpenCounts;
use crate::{Error, Rest, Status};

/// Where everything is that has rows in the log, and how much of it is open.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Every execution that has rows in the log.
    pub(super) tracked: ByArn<Tracked>,
    /// By the number of the state machine's ARN.
    pub(super) open: OpenCounts<i64>,
}

/// One execution that has rows in the log.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    /// Its id in table `executions`.
    pub(super) id: i64,
    /// The number of its state machine's ARN.
    pub(super) machine: i64,
    /// The sequence of its first row in the log: those before are in the archive, or forgotten.
    pub(super) base: u64,
    /// How it stands.
    pub(super) status: Status,
    /// As its last row said.
    pub(super) rest: Option<Rest>,
    /// In which chunks of the log its rows are, from sequence `base` on.
    pub(super) positions: Positions,
}

/// A table by ARN. They are a hundred bytes and more, so the hash must be fast.
pub(super) type ByArn<T> = HashMap<ExecutionArn, T, foldhash::fast::RandomState>;

/// Positions of chunks: most that wait have one or two rows.
pub(super) type Positions = SmallVec<[i64; 2]>;

impl Tracked {
    pub(super) fn is_open(&self) -> bool {
        self.status == Status::Running
    }

    /// Drops the places of rows before this sequence.
    pub(super) fn forget(&mut self, before: u64) {
        let gone = usize::try_from(before.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let gone = gone.min(self.positions.len());
        self.positions.drain(..gone);
        self.base += gone as u64;
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            next: self.base + self.positions.len() as u64,
            status: self.status,
        }
    }
}

/// Rebuilds the index, and checks on the way that no row is missing.
pub(super) fn rebuild(connection: &Connection, path: &str) -> Result<Index, Error> {
    let mut logged = scan(connection, path)?;
    let mut index = Index::default();
    index.tracked.reserve(logged.len());
    take_open(connection, path, &mut logged, &mut index)?;
    take_ended(connection, path, logged, &mut index)?;
    check_archive(connection, path, &index)?;
    Ok(index)
}

/// What the log has of an execution.
struct Rows {
    /// The sequence of the first.
    base: u64,
    /// Where they are.
    positions: Positions,
    /// What the last one says.
    rest: Option<Rest>,
}

/// By id of the execution.
type Logged = HashMap<i64, Rows, foldhash::fast::RandomState>;

fn scan(connection: &Connection, path: &str) -> Result<Logged, Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    let mut found = Logged::default();
    let mut log = connection
        .prepare("SELECT position, rows FROM log ORDER BY position")
        .map_err(refused)?;
    let mut log = log.query([]).map_err(refused)?;
    while let Some(row) = log.next().map_err(refused)? {
        let position: i64 = row.get(0).map_err(refused)?;
        let chunk = row.get_ref(1).map_err(refused)?.as_blob();
        let chunk = chunk.map_err(|error| error::damaged(path, error))?;
        for entry in chunk::entries(chunk) {
            let entry = entry.map_err(|_| log::torn(path, position))?;
            note(&mut found, &entry, position).map_err(|what| error::damaged(path, what))?;
        }
    }
    Ok(found)
}

/// Notes where a row is; it must be the next of its execution.
fn note(found: &mut Logged, entry: &Entry<'_>, position: i64) -> Result<(), String> {
    let (execution, sequence) = (entry.execution, entry.sequence);
    let rows = found.entry(execution).or_insert_with(|| Rows {
        base: sequence,
        positions: Positions::new(),
        rest: None,
    });
    let next = rows.base + rows.positions.len() as u64;
    if sequence != next {
        return Err(format!(
            "the log has row {sequence} of execution {execution} where {next} belongs"
        ));
    }
    rows.positions.push(position);
    rows.rest = entry.rest;
    Ok(())
}

/// The open executions: each must have rows in the log.
fn take_open(
    connection: &Connection,
    path: &str,
    logged: &mut Logged,
    index: &mut Index,
) -> Result<(), Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    let mut open = connection
        .prepare("SELECT id, arn, state_machine FROM executions WHERE status IN (0, 8)")
        .map_err(refused)?;
    let mut open = open.query([]).map_err(refused)?;
    while let Some(row) = open.next().map_err(refused)? {
        let id: i64 = row.get(0).map_err(refused)?;
        let arn = row.get_ref(1).map_err(refused)?.as_str();
        let arn = ExecutionArn::from(arn.map_err(|error| error::damaged(path, error))?);
        let Some(rows) = logged.remove(&id) else {
            let what = format_args!("the rows of {arn} are missing");
            return Err(error::damaged(path, what));
        };
        let machine = row.get(2).map_err(refused)?;
        let tracked = Tracked {
            id,
            machine,
            base: rows.base,
            status: Status::Running,
            rest: rows.rest,
            positions: rows.positions,
        };
        index.open.opened(machine);
        index.tracked.insert(arn, tracked);
    }
    Ok(())
}

/// The ended executions whose rows are not folded yet: none of those may be missing.
fn take_ended(
    connection: &Connection,
    path: &str,
    logged: Logged,
    index: &mut Index,
) -> Result<(), Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    let mut by_id = connection
        .prepare("SELECT arn, state_machine, status, row_count FROM executions WHERE id = ?1")
        .map_err(refused)?;
    for (id, rows) in logged {
        let ended = by_id
            .query_row([id], |row| {
                let arn = row.get::<_, String>(0)?;
                let status = row.get::<_, i64>(2)?;
                Ok((arn, row.get(1)?, status, row.get::<_, u64>(3)?))
            })
            .optional()
            .map_err(refused)?;
        let Some((arn, machine, status, row_count)) = ended else {
            let what = format_args!("the log has rows of an execution {id} that does not exist");
            return Err(error::damaged(path, what));
        };
        let tracked = Tracked {
            id,
            machine,
            base: rows.base,
            status: status_of(path, status)?,
            rest: None,
            positions: rows.positions,
        };
        if tracked.standing().next != row_count {
            let what = format_args!("{arn} has {row_count} rows, but the log ends before");
            return Err(error::damaged(path, what));
        }
        index.tracked.insert(arn.into(), tracked);
    }
    Ok(())
}

/// Whatever is not in the log must be in the archive, right up to where the log begins, or
/// forgotten.
fn check_archive(connection: &Connection, path: &str, index: &Index) -> Result<(), Error> {
    for (arn, tracked) in index.tracked.iter().filter(|(_, one)| one.base > 0) {
        let refused = |error: rusqlite::Error| error::storage(path, &error);
        let archived = archived_rows(connection, tracked.id).map_err(refused)?;
        let first = first_row(connection, tracked.id).map_err(refused)?;
        if archived.max(first) != tracked.base {
            let what = format_args!("{arn} lacks rows from {archived} to {}", tracked.base);
            return Err(error::damaged(path, what));
        }
    }
    Ok(())
}
