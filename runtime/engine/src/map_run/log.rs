//! The rows of a Map Run: written as it goes, read after a restart.
//!
//! Every so often one says how the run stands, and every row says which one that was: reading
//! begins there, so that it takes the same however many children have ended. Rows before it are
//! kept as long as there are results in them that are yet to be written, and no longer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::arn::{ExecutionArn, StateMachineArn};
use asl::interpreter::MapRunCommand;
use asl::map_run::{self, MapRun, Record, RunEnd, Standing};
use journal::{Append, Change, Durable, Opened, Origin, Row, Status};

use super::told::Live;
use crate::parts::Error;
use crate::shared::Shared;

/// Rows that are read at once, at most, and about how many bytes of them: short ones are read
/// many at a time, and of those that have [`ROW_BYTES_MAX`] few are held.
const ROWS_READ_MAX: usize = 256;
const ROWS_READ_BYTES: usize = 2 << 20;

/// Records that are taken into one row, at most.
const ROW_RECORDS_MAX: usize = 1_024;

/// Bytes of a row, more or less: so many that the commit costs little beside them.
const ROW_BYTES_MAX: usize = 1 << 20;

/// Bytes of rows after which a run says how it stands, so that whoever reads it, after a restart
/// or to describe it, reads no more than that: some hundredths of a second.
const STANDING_EVERY_BYTES: usize = 4 << 20;

/// The same in rows: a run whose children end one by one has short ones.
const STANDING_EVERY_ROWS: u64 = 1_024;

/// How the run stands is said again after so many times what that took: it costs little beside
/// the rows, however large it is.
const STANDING_SHARE: usize = 4;

/// Bytes of rows before its end for which a run says once more how it stood.
const STANDING_AT_END_BYTES: usize = 64 << 10;

/// Rows that are forgotten in one commit: so few that nobody who appends waits for it long.
const FORGOTTEN_AT_ONCE: u64 = 16;

/// A run and its rows.
pub(super) struct Log {
    shared: Arc<Shared>,
    arn: ExecutionArn,
    command: MapRunCommand,
    execution: ExecutionArn,
    sequence: u64,
    /// The row that begins the run, or says how it stood: where reading begins.
    base: u64,
    /// Bytes of that row, and of those after it.
    base_bytes: usize,
    since_bytes: usize,
    /// The first row that is not forgotten.
    first: u64,
    live: Arc<Mutex<Live>>,
    /// Not submitted yet.
    waiting: std::collections::VecDeque<Record>,
    waiting_bytes: usize,
    /// Submitted, and not durable yet.
    submitted: Option<(Durable<()>, Vec<Record>)>,
}

impl Log {
    /// Begins a run's rows, or reads those that are there.
    pub(super) async fn open(
        shared: &Arc<Shared>,
        execution: &ExecutionArn,
        command: &MapRunCommand,
        live: Arc<Mutex<Live>>,
    ) -> Result<Self, Error> {
        let mut log = Self {
            shared: Arc::clone(shared),
            arn: ExecutionArn(Arc::clone(&command.plan.arn.0)),
            command: command.clone(),
            execution: execution.clone(),
            sequence: 0,
            base: 0,
            base_bytes: 0,
            since_bytes: 0,
            first: 0,
            live,
            waiting: std::collections::VecDeque::new(),
            waiting_bytes: 0,
            submitted: None,
        };
        log.read()?;
        if log.sequence == 0 {
            let opened = Opened {
                // Listed under the execution whose Map it is.
                state_machine: StateMachineArn(Arc::clone(&execution.0)),
                name: command.plan.arn.name().to_owned(),
                started_at: command.started_at,
                origin: Origin::default(),
            };
            let record = Record::Opened {
                execution: execution.clone(),
                run: command.run,
                plan: Box::new(command.plan.clone()),
            };
            log.submit(vec![record], Change::Opened(opened));
            log.settle().await?;
        }
        Ok(log)
    }

    fn read(&mut self) -> Result<(), Error> {
        let live = Arc::clone(&self.live);
        let mut live = live.lock().unwrap_or_else(PoisonError::into_inner);
        let base = match base(&self.shared, &self.arn) {
            Err(Error::Journal(journal::Error::NoSuchExecution(_))) => {
                live.is_read = true;
                return Ok(());
            }
            base => base?,
        };
        let first = self.shared.journal.rows(&self.arn, 0, 1)?;
        self.first = first.first().map_or(0, |row| row.sequence);
        self.base = base;
        self.sequence = each_row(&self.shared, &self.arn, base, |row, records| {
            self.since_bytes += row.records.len();
            records.iter().for_each(|record| live.run.apply(record));
            Ok(())
        })?;
        live.is_read = true;
        Ok(())
    }

    /// The run as it stands; not across an await.
    pub(super) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something of the run, as it stands.
    pub(super) fn run<T>(&self, ask: impl FnOnce(&MapRun) -> T) -> T {
        ask(&self.live().run)
    }

    /// Takes a record that is to be stored, `bytes` long.
    pub(super) fn push(&mut self, record: Record, bytes: usize) {
        self.waiting.push_back(record);
        self.waiting_bytes += bytes;
    }

    /// Whether it has all that it should hold at once, and nothing more should be pushed.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= 2 * ROW_RECORDS_MAX || self.waiting_bytes >= 16 * ROW_BYTES_MAX
    }

    /// Whether anything is not durable yet.
    pub(super) fn is_behind(&self) -> bool {
        self.submitted.is_some() || !self.waiting.is_empty()
    }

    /// Submits what waits, if nothing is on its way, and resolves when what is on its way is
    /// durable and folded in. The future may be dropped and asked for anew.
    pub(super) async fn settle(&mut self) -> Result<(), Error> {
        if self.submitted.is_none() && !self.waiting.is_empty() {
            if self.is_standing_due() {
                self.submit_standing();
            } else {
                let records = self.next_row();
                let change = change(&records);
                self.submit(records, change);
            }
        }
        let Some((durable, _)) = &mut self.submitted else {
            return Ok(());
        };
        let done = durable.await;
        let submitted = self.submitted.take();
        done?;
        let mut live = self.live();
        for record in submitted.iter().flat_map(|(_, records)| records) {
            // It is what the run stands at anyway.
            if !matches!(record, Record::Standing(_)) {
                live.run.apply(record);
            }
        }
        Ok(())
    }

    /// The same, until nothing waits.
    pub(super) async fn settle_all(&mut self) -> Result<(), Error> {
        while self.is_behind() {
            self.settle().await?;
        }
        Ok(())
    }

    /// Forgets the rows of a run whose results are written: what is to be known of it is said
    /// once more, and then only that is kept.
    pub(super) async fn forget(&mut self) -> Result<(), Error> {
        self.settle_all().await?;
        if self.sequence - self.first < FORGOTTEN_AT_ONCE {
            return Ok(());
        }
        let standing = self.sequence;
        self.submit_standing();
        self.settle().await?;
        while self.first < standing {
            let before = (self.first + FORGOTTEN_AT_ONCE).min(standing);
            self.submit(Vec::new(), Change::Forgets { before });
            self.settle().await?;
            self.first = before;
        }
        Ok(())
    }

    fn is_standing_due(&self) -> bool {
        let ends = matches!(self.waiting.front(), Some(Record::Ended { .. }));
        let bytes_max = STANDING_EVERY_BYTES.max(STANDING_SHARE * self.base_bytes);
        let rows = self.sequence - self.base;
        self.since_bytes >= bytes_max
            || rows >= STANDING_EVERY_ROWS
            || ends && self.since_bytes >= STANDING_AT_END_BYTES.max(self.base_bytes)
    }

    /// Submits how the run stands; all rows before are folded in. Where none of them holds
    /// results that are yet to be written, they go.
    fn submit_standing(&mut self) {
        let (fold, has_target) =
            self.run(|run| (run.fold().clone(), run.writer().target.is_some()));
        let standing = Standing {
            execution: self.execution.clone(),
            run: self.command.run,
            plan: self.command.plan.clone(),
            fold,
        };
        self.base = self.sequence;
        let change = match has_target {
            // They have results, for as long as those are not written.
            true => Change::None,
            false => {
                self.first = self.base;
                Change::Forgets { before: self.base }
            }
        };
        self.since_bytes = 0;
        self.submit(vec![Record::Standing(Box::new(standing))], change);
        self.base_bytes = std::mem::take(&mut self.since_bytes);
    }

    fn next_row(&mut self) -> Vec<Record> {
        let (mut records, mut bytes) = (Vec::new(), 0);
        let each = self.waiting_bytes / self.waiting.len().max(1);
        while records.len() < ROW_RECORDS_MAX && bytes < ROW_BYTES_MAX {
            let Some(record) = self.waiting.pop_front() else {
                break;
            };
            bytes += each.max(record_bytes(&record));
            let is_last = matches!(record, Record::Ended { .. } | Record::Redriven { .. });
            records.push(record);
            if is_last {
                break;
            }
        }
        self.waiting_bytes = self.waiting.iter().map(record_bytes).sum();
        records
    }

    fn submit(&mut self, records: Vec<Record>, change: Change) {
        let row = map_run::encode(self.base, &records);
        self.since_bytes += row.len();
        let durable = self.shared.journal.append(Append {
            execution: self.arn.clone(),
            sequence: self.sequence,
            records: row,
            change,
            rest: None,
        });
        self.sequence += 1;
        self.submitted = Some((durable, records));
    }
}

/// About how long a record is when it is stored.
pub(super) fn record_bytes(record: &Record) -> usize {
    let Record::Child(end) = record else { return 0 };
    let output = match &end.outcome {
        map_run::ChildOutcome::Succeeded(output) => output.text().len(),
        _ => 0,
    };
    output + end.input.as_ref().map_or(0, |input| input.text().len()) + 100
}

fn change(records: &[Record]) -> Change {
    match records.last() {
        Some(Record::Ended { end, at }) => Change::Closed {
            status: match end {
                RunEnd::Succeeded(_) => Status::Succeeded,
                RunEnd::Failed(_) => Status::Failed,
                RunEnd::Aborted => Status::Aborted,
            },
            stopped_at: *at,
        },
        Some(Record::Redriven { at, .. }) => Change::Reopened { at: *at },
        _ => Change::None,
    }
}

/// The row from which on a run is to be read.
///
/// # Errors
/// [`journal::Error::NoSuchExecution`] when there is none; the journal's.
pub(super) fn base(shared: &Shared, arn: &ExecutionArn) -> Result<u64, Error> {
    let count = shared.journal.row_count(arn)?;
    let last = shared.journal.rows(arn, count.saturating_sub(1), 1)?.pop();
    let last = last.ok_or_else(|| Error::Damaged(format!("{arn} has no rows")))?;
    decoded(arn, &last).map(|(base, _)| base)
}

/// A row's records, and from where on a run is to be read.
pub(super) fn decoded(arn: &ExecutionArn, row: &Row) -> Result<(u64, Vec<Record>), Error> {
    map_run::decode(&row.records)
        .map_err(|error| Error::Damaged(format!("row {} of {arn}: {error}", row.sequence)))
}

/// Reads a run's rows from one on, a few at a time, and answers how many it has had.
pub(super) fn each_row(
    shared: &Shared,
    arn: &ExecutionArn,
    from: u64,
    mut take: impl FnMut(&Row, Vec<Record>) -> Result<(), Error>,
) -> Result<u64, Error> {
    let (mut next, mut at_once) = (from, 1);
    loop {
        let rows = shared.journal.rows(arn, next, at_once)?;
        let bytes: usize = rows.iter().map(|row| row.records.len()).sum();
        for row in &rows {
            let (_, records) = decoded(arn, row)?;
            take(row, records)?;
            next = row.sequence + 1;
        }
        if rows.len() < at_once {
            return Ok(next);
        }
        // As many as would have been right, and no more than twice as many as the last time.
        let right = ROWS_READ_BYTES / (bytes / rows.len()).max(1);
        at_once = right.clamp(1, ROWS_READ_MAX.min(2 * at_once));
    }
}
