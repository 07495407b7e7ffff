//! Where the rows of open executions are in the log: the only index they have.
//!
//! An index on disk would cost a page at a random place for every row; this one costs a
//! waiting execution some 340 bytes of memory (`benches/append.rs`) and is rebuilt at open by one scan of the log,
//! which holds no rows but those of open executions and of ended ones not yet folded.
//! It does not know what a row holds. Read [`Index`] first.

use std::collections::HashMap;

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension};

use super::fold::archived_rows;
use super::{error, status_of};
use crate::append::Standing;
use crate::{Error, Status};

/// One execution that has rows in the log.
#[derive(Clone, Debug)]
pub(super) struct Tracked {
    /// Its id in table `executions`.
    pub(super) id: i64,
    /// How many of its rows are in the archive: the sequence of the first in the log.
    pub(super) base: u64,
    /// How it stands.
    pub(super) status: Status,
    /// Where its rows are in the log, from sequence `base` on.
    pub(super) positions: Vec<i64>,
}

impl Tracked {
    pub(super) fn standing(&self) -> Standing {
        Standing {
            next: self.base + self.positions.len() as u64,
            status: self.status,
        }
    }
}

/// Every execution that has rows in the log.
pub(super) type Index = HashMap<ExecutionArn, Tracked>;

/// Rebuilds the index, and checks on the way that no row is missing.
pub(super) fn rebuild(connection: &Connection, path: &str) -> Result<Index, Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    let mut found = scan(connection, path)?;
    let mut index = Index::with_capacity(found.len());
    let mut open = connection
        .prepare("SELECT id, arn FROM executions WHERE status = 0")
        .map_err(refused)?;
    let mut open = open.query([]).map_err(refused)?;
    while let Some(row) = open.next().map_err(refused)? {
        let id: i64 = row.get(0).map_err(refused)?;
        let arn = ExecutionArn::from(
            row.get_ref(1)
                .map_err(refused)?
                .as_str()
                .map_err(|error| error::damaged(path, error))?,
        );
        let Some((base, positions)) = found.remove(&id) else {
            return Err(error::damaged(
                path,
                format_args!("the rows of {arn} are missing"),
            ));
        };
        index.insert(
            arn,
            Tracked {
                id,
                base,
                status: Status::Running,
                positions,
            },
        );
    }
    for (id, (base, positions)) in found {
        let ended = connection
            .query_row(
                "SELECT arn, status, row_count FROM executions WHERE id = ?1",
                [id],
                |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, u64>(2)?,
                    ))
                },
            )
            .optional()
            .map_err(refused)?;
        let Some((arn, status, row_count)) = ended else {
            let what = format_args!("the log has rows of an execution {id} that does not exist");
            return Err(error::damaged(path, what));
        };
        let tracked = Tracked {
            id,
            base,
            status: status_of(path, status)?,
            positions,
        };
        if tracked.standing().next != row_count {
            let what = format_args!("{arn} has {row_count} rows, but the log ends before");
            return Err(error::damaged(path, what));
        }
        index.insert(arn.into(), tracked);
    }
    // Whatever is not in the log must be in the archive, right up to where the log begins.
    for (arn, tracked) in index.iter().filter(|(_, tracked)| tracked.base > 0) {
        let archived = archived_rows(connection, tracked.id).map_err(refused)?;
        if archived != tracked.base {
            let what = format_args!("{arn} lacks rows from {archived} to {}", tracked.base);
            return Err(error::damaged(path, what));
        }
    }
    Ok(index)
}

/// For each execution in the log its first sequence and the positions of its rows.
fn scan(connection: &Connection, path: &str) -> Result<HashMap<i64, (u64, Vec<i64>)>, Error> {
    let refused = |error: rusqlite::Error| error::storage(path, &error);
    let mut found: HashMap<i64, (u64, Vec<i64>)> = HashMap::new();
    let mut log = connection
        .prepare("SELECT position, execution, sequence FROM log ORDER BY position")
        .map_err(refused)?;
    let mut log = log.query([]).map_err(refused)?;
    while let Some(row) = log.next().map_err(refused)? {
        let position: i64 = row.get(0).map_err(refused)?;
        let execution: i64 = row.get(1).map_err(refused)?;
        let sequence: u64 = row.get(2).map_err(refused)?;
        let (base, positions) = found.entry(execution).or_insert((sequence, Vec::new()));
        let next = *base + positions.len() as u64;
        if sequence != next {
            let what = format_args!(
                "the log has row {sequence} of execution {execution} where {next} belongs"
            );
            return Err(error::damaged(path, what));
        }
        positions.push(position);
    }
    Ok(found)
}
