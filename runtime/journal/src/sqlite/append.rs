//! One row: whether it is taken, and what it changes beside the log.
//!
//! It is checked against what is in memory before anything of it is written, so that a refused
//! one needs no savepoint and harms no neighbour. Read [`Store::append`].

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use super::chunk::Entry;
use super::fold::{Segment, write_segment};
use super::index::{Index, Positions, Tracked};
use super::store::{Applied, Staged, Store};
use super::{code_of, status_of};
use crate::append::Standing;
use crate::{Append, Change, Error, Status};

/// How many ARNs' numbers are kept in memory; beyond that they are looked up anew.
const ARNS_CACHED_MAX: usize = 10_000;

/// What is known of an execution before a row of it.
struct Known {
    id: i64,
    machine: i64,
    standing: Standing,
}

impl From<&Tracked> for Known {
    fn from(tracked: &Tracked) -> Self {
        Self {
            id: tracked.id,
            machine: tracked.machine,
            standing: tracked.standing(),
        }
    }
}

impl Store {
    /// Writes a row, unless the contract refuses it.
    pub(super) fn append(
        &mut self,
        append: &Append,
        index: &Index,
        staged: &mut Staged,
    ) -> Applied {
        let known = match self.known(append, index, staged)? {
            Ok(known) => known,
            Err(damage) => return Ok(Err(damage)),
        };
        let standing = known.as_ref().map(|known| known.standing);
        let after = match append.admit(standing) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (id, machine) = match known {
            Some(known) => (known.id, known.machine),
            None => match self.open(append)? {
                Some(new) => new,
                None => return Ok(Err(Error::Exists(append.execution.clone()))),
            },
        };
        let is_whole = append.sequence == 0 && after.status != Status::Running;
        let position = match is_whole {
            // Begun and ended in one row: it needs no place in the log.
            true => None,
            false => Some(self.log(Entry {
                execution: id,
                sequence: append.sequence,
                rest: append.rest,
                records: &append.records,
            })?),
        };
        match is_whole {
            true => self.archive_whole(id, &append.records)?,
            false => self.change(id, &append.change, after.next)?,
        }
        if let Some(before) = append.forgets() {
            let forgets = staged.forgets.entry(append.execution.clone()).or_default();
            *forgets = before.max(*forgets);
        }
        let execution = append.execution.clone();
        let new = staged.tracked.entry(execution).or_insert_with(|| Tracked {
            id,
            machine,
            base: if is_whole {
                after.next
            } else {
                append.sequence
            },
            status: after.status,
            rest: None,
            positions: Positions::new(),
        });
        new.status = after.status;
        new.rest = append.rest;
        new.positions.extend(position);
        Ok(Ok(0))
    }

    /// The one row of an execution that never waited.
    fn archive_whole(&self, id: i64, records: &[u8]) -> Result<(), rusqlite::Error> {
        let mut segment = Segment::default();
        segment.push(records);
        write_segment(&self.connection, id, 0, &segment)
    }

    /// What a row after the first changes in the summary.
    fn change(&self, id: i64, change: &Change, next: u64) -> Result<(), rusqlite::Error> {
        match change {
            Change::Closed { status, stopped_at } => {
                self.connection
                    .prepare_cached(
                        "UPDATE executions
                         SET status = (status & 8) | ?2, stopped_at = ?3, row_count = ?4
                         WHERE id = ?1",
                    )?
                    .execute(params![id, code_of(*status, false), stopped_at.0, next])?;
            }
            Change::Reopened { at } => {
                self.connection
                    .prepare_cached(
                        "UPDATE executions SET status = 8, stopped_at = NULL, row_count = NULL,
                             redrive_count = redrive_count + 1, redriven_at = ?2
                         WHERE id = ?1",
                    )?
                    .execute(params![id, at.0])?;
            }
            // What is forgotten is so at the end of the batch.
            Change::None
            | Change::Forgets { .. }
            | Change::Opened(_)
            | Change::OpenedAndClosed { .. } => {}
        }
        Ok(())
    }

    /// How the execution of a row stands: after this batch so far, by the index, or, when
    /// all its rows are folded, by the table. An opening row of sequence 0 skips the table,
    /// whose unique key then decides.
    fn known(
        &self,
        append: &Append,
        index: &Index,
        staged: &Staged,
    ) -> Result<Result<Option<Known>, Error>, rusqlite::Error> {
        let execution = &append.execution;
        let tracked = staged.tracked.get(execution);
        if let Some(tracked) = tracked.or_else(|| index.tracked.get(execution)) {
            return Ok(Ok(Some(tracked.into())));
        }
        if append.opens() && append.sequence == 0 {
            return Ok(Ok(None));
        }
        let found = self
            .connection
            .prepare_cached(
                "SELECT id, state_machine, status, row_count FROM executions WHERE arn = ?1",
            )?
            .query_row([append.execution.as_str()], |row| {
                let status = row.get::<_, i64>(2)?;
                Ok((row.get(0)?, row.get(1)?, status, row.get(3)?))
            })
            .optional()?;
        let known = found.map(|(id, machine, status, next)| {
            let status = status_of(&self.path, status)?;
            let standing = Standing { next, status };
            Ok(Known {
                id,
                machine,
                standing,
            })
        });
        Ok(known.transpose())
    }

    /// Adds the execution that a row opens and answers its id and its state machine's
    /// number, or `None` if there is one of this ARN.
    fn open(&mut self, append: &Append) -> Result<Option<(i64, i64)>, rusqlite::Error> {
        let (opened, status, stopped_at) = match &append.change {
            Change::Opened(opened) => (opened, Status::Running, None),
            Change::OpenedAndClosed {
                opened,
                status,
                stopped_at,
            } => (opened, *status, Some(stopped_at.0)),
            _ => unreachable!("admitted without an execution, so it opens one"),
        };
        let machine = self.number(&opened.state_machine.0)?;
        let origin = &opened.origin;
        let mut number = |arn: &Option<Arc<str>>| arn.as_ref().map(|arn| self.number(arn));
        let version = number(&origin.version).transpose()?;
        let alias = number(&origin.alias).transpose()?;
        let map_run = number(&origin.map_run).transpose()?;
        let id = self.next_execution;
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO executions
                     (id, arn, state_machine, name, started_at, status, stopped_at, row_count,
                      version, alias, map_run, item_count)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (arn) DO NOTHING",
            )?
            .execute(params![
                id,
                append.execution.as_str(),
                machine,
                opened.name,
                opened.started_at.0,
                code_of(status, false),
                stopped_at,
                (status != Status::Running).then_some(1),
                version,
                alias,
                map_run,
                origin.item_count,
            ])?;
        if added == 0 {
            return Ok(None);
        }
        self.next_execution += 1;
        Ok(Some((id, machine)))
    }

    /// The number of an ARN that executions are listed under; a new one gets one.
    fn number(&mut self, arn: &Arc<str>) -> Result<i64, rusqlite::Error> {
        if let Some(id) = self.arns.get(arn) {
            return Ok(*id);
        }
        let found = self
            .connection
            .prepare_cached("SELECT id FROM arns WHERE arn = ?1")?
            .query_row([arn], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => self
                .connection
                .prepare_cached("INSERT INTO arns (arn) VALUES (?1)")?
                .insert([arn])?,
        };
        if self.arns.len() >= ARNS_CACHED_MAX {
            self.arns.clear();
        }
        self.arns.insert(Arc::clone(arn), id);
        Ok(id)
    }
}
