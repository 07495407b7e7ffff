//! One batch, one transaction: what the writer thread does to the database.
//!
//! Every submission is checked against what is in memory before anything of it is written,
//! so that a refused one needs no savepoint and harms no neighbour. It knows neither threads
//! nor futures. Read [`Store::commit`] first.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use asl::arn::{ExecutionArn, StateMachineArn};
use rusqlite::{Connection, OptionalExtension, params};

use super::error;
use super::fold::write_segment;
use super::index::{Index, Tracked, rebuild};
use super::queue::Work;
use super::{code_of, status_of};
use crate::append::Standing;
use crate::{Append, Change, Error, ROW_BYTES_MAX, Status};

/// How many state machines' ids are kept in memory; beyond that they are looked up anew.
const MACHINES_CACHED_MAX: usize = 10_000;

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
    machines: HashMap<StateMachineArn, i64>,
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
        let next_execution = next("executions", "id")?;
        let next_position = next("log", "position")?;
        let ended: VecDeque<_> = index
            .iter()
            .filter(|(_, tracked)| tracked.status != Status::Running)
            .map(|(arn, _)| arn.clone())
            .collect();
        let ended_rows = ended.iter().map(|arn| index[arn].positions.len()).sum();
        Ok(Self {
            connection,
            path,
            index: Arc::new(RwLock::new(index)),
            ended,
            ended_rows,
            machines: HashMap::new(),
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
                self.machines.clear();
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

    /// Lets readers and the next batch see what was committed.
    fn publish(&mut self, staged: Staged) {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        for (arn, new) in staged {
            if new.status != Status::Running && !new.positions.is_empty() {
                self.ended_rows += new.positions.len();
                self.ended.push_back(arn.clone());
            }
            match index.get_mut(&arn) {
                Some(tracked) => {
                    if new.status != Status::Running {
                        self.ended_rows += tracked.positions.len();
                    }
                    tracked.status = new.status;
                    tracked.positions.extend(new.positions);
                }
                // All of its rows are in the archive already.
                None if new.positions.is_empty() => {}
                None => {
                    index.insert(arn, new);
                }
            }
        }
    }

    fn apply(&mut self, work: Work, staged: &mut Staged) -> Applied {
        match work {
            Work::Append(append) => self.append(append, staged),
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
        let standing = stands.as_ref().map(|(_, standing)| *standing);
        let after = match append.admit(standing) {
            Ok(after) => after,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let id = match stands {
            Some((id, _)) => id,
            None => match self.open(&append)? {
                Some(id) => id,
                None => return Ok(Err(Error::Exists(append.execution))),
            },
        };
        let new = staged.entry(append.execution).or_insert_with(|| Tracked {
            id,
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
                        "UPDATE executions SET status = ?2, stopped_at = ?3, row_count = ?4
                         WHERE id = ?1",
                    )?
                    .execute(params![id, code_of(*status), stopped_at.0, next])?;
            }
            Change::Reopened => {
                self.connection
                    .prepare_cached(
                        "UPDATE executions SET status = 0, stopped_at = NULL, row_count = NULL
                         WHERE id = ?1",
                    )?
                    .execute([id])?;
            }
            Change::None | Change::Opened(_) | Change::OpenedAndClosed { .. } => {}
        }
        Ok(())
    }

    /// How the execution of a row stands: after this batch so far, by the index, or, when
    /// all its rows are folded, by the table. An opening row of sequence 0 skips the table,
    /// whose unique key then decides.
    #[allow(clippy::type_complexity)] // Told in the sentence above.
    fn stands(
        &self,
        append: &Append,
        staged: &Staged,
    ) -> Result<Result<Option<(i64, Standing)>, Error>, rusqlite::Error> {
        let known = |tracked: &Tracked| Ok(Ok(Some((tracked.id, tracked.standing()))));
        if let Some(tracked) = staged.get(&append.execution) {
            return known(tracked);
        }
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(tracked) = index.get(&append.execution) {
            return known(tracked);
        }
        drop(index);
        if append.opens() && append.sequence == 0 {
            return Ok(Ok(None));
        }
        let found = self
            .connection
            .prepare_cached("SELECT id, status, row_count FROM executions WHERE arn = ?1")?
            .query_row([append.execution.as_str()], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?))
            })
            .optional()?;
        Ok(found
            .map(|(id, status, next)| {
                let status = status_of(&self.path, status)?;
                Ok((id, Standing { next, status }))
            })
            .transpose())
    }

    /// Adds the execution that a row opens and answers its id, or `None` if there is one of
    /// this ARN.
    fn open(&mut self, append: &Append) -> Result<Option<i64>, rusqlite::Error> {
        let (opened, status, stopped_at) = match &append.change {
            Change::Opened(opened) => (opened, Status::Running, None),
            Change::OpenedAndClosed {
                opened,
                status,
                stopped_at,
            } => (opened, *status, Some(stopped_at.0)),
            _ => unreachable!("admitted without an execution, so it opens one"),
        };
        let state_machine = self.machine(&opened.state_machine)?;
        let id = self.next_execution;
        let added = self
            .connection
            .prepare_cached(
                "INSERT INTO executions
                     (id, arn, state_machine, name, started_at, status, stopped_at, row_count)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT (arn) DO NOTHING",
            )?
            .execute(params![
                id,
                append.execution.as_str(),
                state_machine,
                opened.name,
                opened.started_at.0,
                code_of(status),
                stopped_at,
                (status != Status::Running).then_some(1),
            ])?;
        if added == 0 {
            return Ok(None);
        }
        self.next_execution += 1;
        Ok(Some(id))
    }

    /// The id of a state machine; a new one gets one.
    fn machine(&mut self, arn: &StateMachineArn) -> Result<i64, rusqlite::Error> {
        if let Some(id) = self.machines.get(arn) {
            return Ok(*id);
        }
        let found = self
            .connection
            .prepare_cached("SELECT id FROM state_machines WHERE arn = ?1")?
            .query_row([arn.as_str()], |row| row.get(0))
            .optional()?;
        let id = match found {
            Some(id) => id,
            None => self
                .connection
                .prepare_cached("INSERT INTO state_machines (arn) VALUES (?1)")?
                .insert([arn.as_str()])?,
        };
        if self.machines.len() >= MACHINES_CACHED_MAX {
            self.machines.clear();
        }
        self.machines.insert(arn.clone(), id);
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
