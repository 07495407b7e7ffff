//! One batch, one transaction: what the writer thread does to the database.
//!
//! Every submission is checked against what is in memory before anything of it is written,
//! so that a refused one needs no savepoint and harms no neighbour. It knows neither threads
//! nor futures. Read [`Store::commit`] first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use asl::arn::ExecutionArn;
use rusqlite::{Connection, OptionalExtension, params};

use super::error;
use super::fold::write_segment;
use super::index::{Index, Tracked, rebuild};
use super::queue::Work;
use super::{code_of, status_of};
use crate::append::Standing;
use crate::{Append, Change, Error, ROW_BYTES_MAX, Status};

/// How many ARNs' numbers are kept in memory; beyond that they are looked up anew.
const ARNS_CACHED_MAX: usize = 10_000;

/// The writer's side of the database.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) connection: Connection,
    pub(super) path: String,
    /// Shared with readers; only changed here, after a commit.
    pub(super) index: Arc<RwLock<Index>>,
    /// Ended executions whose rows are still in the log, oldest first.
    pub(super) ended: VecDeque<ExecutionArn>,
    /// How many rows those have, roughly.
    pub(super) ended_rows: usize,
    /// Whether expired executions have rows in the archive.
    pub(super) unswept: bool,
    /// The numbers of what executions are listed under.
    arns: HashMap<Arc<str>, i64>,
    next_execution: i64,
    next_position: i64,
}

/// Why a batch was not kept.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing of it is there, and the next batch may fare better.
    Refused(Error),
    /// Whether it is there is unknown.
    Doubt(Error),
}

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

/// How the executions that a batch touches will stand once it is committed.
type Staged = HashMap<ExecutionArn, Tracked>;

/// What a statement made of a submission: outer error, the storage; inner, the contract.
type Applied = Result<Result<u64, Error>, rusqlite::Error>;

impl Store {
    /// Reads what is there and gets ready to write.
    pub(super) fn new(connection: Connection, path: String) -> Result<Self, Error> {
        let index = rebuild(&connection, &path)?;
        let next = |table: &str, column: &str| {
            let newest = format!("SELECT coalesce(max({column}), 0) + 1 FROM {table}");
            connection
                .query_row(&newest, [], |row| row.get::<_, i64>(0))
                .map_err(|error| error::storage(&path, &error))
        };
        // The rows of expired ones are still in the archive under their ids.
        let next_execution = next("executions", "id")?.max(next("expired", "id")?);
        let next_position = next("log", "position")?;
        let ended: VecDeque<_> = index
            .tracked
            .iter()
            .filter(|(_, tracked)| tracked.status != Status::Running)
            .map(|(arn, _)| arn.clone())
            .collect();
        let ended_rows = ended
            .iter()
            .map(|arn| index.tracked[arn].positions.len())
            .sum();
        Ok(Self {
            connection,
            path,
            index: Arc::new(RwLock::new(index)),
            ended,
            ended_rows,
            // The first sweep finds out.
            unswept: true,
            arns: HashMap::new(),
            next_execution,
            next_position,
        })
    }

    /// Writes a batch in one transaction, and answers each of its submissions.
    pub(super) fn commit(
        &mut self,
        batch: impl Iterator<Item = Work>,
    ) -> Result<Vec<Result<u64, Error>>, Fault> {
        let before = (self.next_execution, self.next_position);
        let mut staged = Staged::new();
        match self.transact(|store| batch.map(|work| store.apply(work, &mut staged)).collect()) {
            Ok(answers) => {
                self.publish(staged);
                Ok(answers)
            }
            Err(fault) => {
                (self.next_execution, self.next_position) = before;
                // Some ids may have been of rows that are gone again.
                self.arns.clear();
                Err(fault)
            }
        }
    }

    /// Runs `write` in a transaction; when it fails, nothing of it is kept.
    pub(super) fn transact<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Fault> {
        let run = |store: &Self, sql| store.connection.prepare_cached(sql)?.execute([]);
        let outcome = run(self, "BEGIN IMMEDIATE")
            .and_then(|_| write(self))
            .and_then(|written| run(self, "COMMIT").map(|_| written));
        outcome.map_err(|failure| {
            let says = error::storage(&self.path, &failure);
            let rolled_back = self.connection.is_autocommit() || run(self, "ROLLBACK").is_ok();
            let in_doubt =
                failure.sqlite_error_code() == Some(rusqlite::ErrorCode::SystemIoFailure);
            if in_doubt || !rolled_back {
                Fault::Doubt(Error::Poisoned(says.to_string()))
            } else {
                Fault::Refused(says)
            }
        })
    }

    /// As [`Store::transact`], without waiting for the disk. That is safe for what may be done
    /// again: the next append's commit syncs this, too.
    pub(super) fn unsynced<T>(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Fault> {
        self.wait_for_disk(false)?;
        let outcome = self.transact(write);
        self.wait_for_disk(true)?;
        outcome
    }

    /// Whether a commit returns only when the disk has it.
    fn wait_for_disk(&self, wait: bool) -> Result<(), Fault> {
        let level = if wait { "FULL" } else { "NORMAL" };
        self.connection
            .pragma_update(None, "synchronous", level)
            .map_err(|error| {
                // An append that is not synced would be a promise broken in silence.
                Fault::Doubt(Error::Poisoned(error.to_string()))
            })
    }

    /// Lets readers and the next batch see what was committed.
    fn publish(&mut self, staged: Staged) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let index = &mut *index;
        for (arn, new) in staged {
            let known = index.tracked.get_mut(&arn);
            let was_open = known.as_ref().is_some_and(|known| known.is_open());
            match (was_open, new.is_open()) {
                (false, true) => index.open.opened(new.machine),
                (true, false) => index.open.ended(&new.machine),
                _ => {}
            }
            if !new.is_open() && !new.positions.is_empty() {
                self.ended_rows += new.positions.len();
                self.ended_rows += known.as_ref().map_or(0, |known| known.positions.len());
                self.ended.push_back(arn.clone());
            }
            match known {
                Some(known) => {
                    known.status = new.status;
                    known.positions.extend(new.positions);
                }
                // All of its rows are in the archive already.
                None if new.positions.is_empty() => {}
                None => {
                    index.tracked.insert(arn, new);
                }
            }
        }
    }

    fn apply(&mut self, work: Work, staged: &mut Staged) -> Applied {
        match work {
            Work::Append(append) => self.append(append, staged),
            Work::Expire { .. } => unreachable!("the queue hands it out alone"),
            Work::Put {
                kind,
                key,
                expected,
                document,
            } => self.put(kind, key, expected, document),
        }
    }

    fn append(&mut self, append: Append, staged: &mut Staged) -> Applied {
        let stands = match self.stands(&append, staged)? {
            Ok(stands) => stands,
            Err(damage) => return Ok(Err(damage)),
        };
        let standing = stands.as_ref().map(|known| known.standing);
        let after = match append.admit(standing) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (id, machine) = match stands {
            Some(known) => (known.id, known.machine),
            None => match self.open(&append)? {
                Some(new) => new,
                None => return Ok(Err(Error::Exists(append.execution))),
            },
        };
        let new = staged.entry(append.execution).or_insert_with(|| Tracked {
            id,
            machine,
            base: append.sequence,
            status: after.status,
            positions: Vec::new(),
        });
        new.status = after.status;
        if append.sequence == 0 && after.status != Status::Running {
            // Begun and ended in one row: it needs no place in the log.
            write_segment(&self.connection, id, 0, &[&append.records])?;
            new.base = after.next;
            return Ok(Ok(0));
        }
        self.change(id, &append.change, after.next)?;
        self.connection
            .prepare_cached(
                "INSERT INTO log (position, execution, sequence, records)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                self.next_position,
                id,
                append.sequence,
                append.records
            ])?;
        new.positions.push(self.next_position);
        self.next_position += 1;
        Ok(Ok(0))
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
            Change::None | Change::Opened(_) | Change::OpenedAndClosed { .. } => {}
        }
        Ok(())
    }

    /// How the execution of a row stands: after this batch so far, by the index, or, when
    /// all its rows are folded, by the table. An opening row of sequence 0 skips the table,
    /// whose unique key then decides.
    fn stands(
        &self,
        append: &Append,
        staged: &Staged,
    ) -> Result<Result<Option<Known>, Error>, rusqlite::Error> {
        if let Some(tracked) = staged.get(&append.execution) {
            return Ok(Ok(Some(tracked.into())));
        }
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(tracked) = index.tracked.get(&append.execution) {
            return Ok(Ok(Some(tracked.into())));
        }
        drop(index);
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

    fn put(&self, kind: String, key: String, expected: u64, document: Option<String>) -> Applied {
        let bytes = document.as_ref().map_or(0, String::len);
        if bytes > ROW_BYTES_MAX {
            return Ok(Err(Error::TooLarge {
                bytes,
                bytes_max: ROW_BYTES_MAX,
            }));
        }
        let actual = self
            .connection
            .prepare_cached("SELECT revision FROM entries WHERE kind = ?1 AND key = ?2")?
            .query_row([&kind, &key], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        if actual != expected {
            return Ok(Err(Error::Conflict {
                kind,
                key,
                expected,
                actual,
            }));
        }
        let Some(document) = document else {
            self.connection
                .prepare_cached("DELETE FROM entries WHERE kind = ?1 AND key = ?2")?
                .execute([&kind, &key])?;
            return Ok(Ok(0));
        };
        self.connection
            .prepare_cached(
                "INSERT INTO entries (kind, key, revision, document) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (kind, key) DO UPDATE SET revision = ?3, document = ?4",
            )?
            .execute(params![kind, key, expected + 1, document])?;
        Ok(Ok(expected + 1))
    }
}
