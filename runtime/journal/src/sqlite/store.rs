//! One batch, one transaction: what the writer thread does to the database.
//!
//! It knows neither threads nor futures. Read [`Store::commit`] first; `append`, `log`,
//! `forget` and `entries` say what becomes of each submission, `fold` and `expire` what is done between
//! batches.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use asl::arn::ExecutionArn;
use rusqlite::Connection;

use super::error;
use super::index::{ByArn, Index, Tracked, rebuild};
use super::queue::Work;
use crate::{Error, Status};

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
    pub(super) arns: HashMap<Arc<str>, i64>,
    pub(super) next_execution: i64,
    /// The position of the chunk that fills.
    pub(super) next_position: i64,
    /// The chunk that fills; empty between batches.
    pub(super) chunk: Vec<u8>,
}

/// Why a batch was not kept.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nothing of it is there, and the next batch may fare better.
    Refused(Error),
    /// Whether it is there is unknown.
    Doubt(Error),
}

/// What a batch changes of what is known of executions, once it is committed.
#[derive(Debug, Default)]
pub(super) struct Staged {
    /// How those that it touches will stand: with the rows that it adds, and no others.
    pub(super) tracked: ByArn<Tracked>,
    /// Of those that forget rows, the sequence of the first that is left.
    pub(super) forgets: ByArn<u64>,
}

/// What a statement made of a submission: outer error, the storage; inner, the contract.
pub(super) type Applied = Result<Result<u64, Error>, rusqlite::Error>;

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
            chunk: Vec::new(),
        })
    }

    /// Writes a batch in one transaction, and answers each of its submissions.
    ///
    /// Nobody reads the index while one that forgets rows is committed: a snapshot that lacks
    /// rows which the index still names would be taken for damage.
    pub(super) fn commit<'w>(
        &mut self,
        batch: impl Iterator<Item = &'w Work> + Clone,
    ) -> Result<Vec<Result<u64, Error>>, Fault> {
        let shared = Arc::clone(&self.index);
        let lock = || shared.write().unwrap_or_else(PoisonError::into_inner);
        let forgets = batch.clone().any(Work::forgets);
        let mut alone = forgets.then(lock);
        let mut staged = Staged::default();
        let outcome = match &alone {
            Some(index) => self.write(batch, index, &mut staged),
            // Only this thread changes it, and not now.
            None => {
                let index = shared.read().unwrap_or_else(PoisonError::into_inner);
                self.write(batch, &index, &mut staged)
            }
        };
        if outcome.is_ok() {
            self.publish(&mut alone.take().unwrap_or_else(lock), staged);
        }
        outcome
    }

    /// The transaction of a batch.
    fn write<'w>(
        &mut self,
        batch: impl Iterator<Item = &'w Work>,
        index: &Index,
        staged: &mut Staged,
    ) -> Result<Vec<Result<u64, Error>>, Fault> {
        let before = (self.next_execution, self.next_position);
        let outcome = self.transact(|store| {
            let answers = batch
                .map(|work| store.apply(work, index, staged))
                .collect::<Result<_, _>>()?;
            store.end_chunk()?;
            store.forget_all(index, staged)?;
            Ok(answers)
        });
        match outcome {
            Ok(answers) => Ok(answers),
            Err(fault) => {
                (self.next_execution, self.next_position) = before;
                self.chunk.clear();
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
    fn publish(&mut self, index: &mut Index, staged: Staged) {
        for (arn, new) in staged.tracked {
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
                    known.rest = new.rest;
                    known.positions.extend(new.positions);
                }
                // All of its rows are in the archive already.
                None if new.positions.is_empty() => {}
                None => {
                    index.tracked.insert(arn, new);
                }
            }
        }
        for (arn, before) in staged.forgets {
            if let Some(tracked) = index.tracked.get_mut(&arn) {
                tracked.forget(before);
            }
        }
    }

    fn apply(&mut self, work: &Work, index: &Index, staged: &mut Staged) -> Applied {
        match work {
            Work::Append(append) => self.append(append, index, staged),
            Work::Put(put) => self.put(put),
            Work::Expire { .. } => unreachable!("the queue hands it out alone"),
        }
    }
}
