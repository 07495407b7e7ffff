//! The rows of a Map Run: written as it goes, read after a restart.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::arn::{ExecutionArn, StateMachineArn};
use asl::interpreter::MapRunCommand;
use asl::map_run::{self, MapRun, Record, RunEnd};
use journal::{Append, Change, Durable, Opened, Origin, Status};

use super::told::Live;
use crate::parts::Error;
use crate::shared::Shared;

/// Rows that are read at once. Each has [`ROW_BYTES_MAX`] bytes, or one child's end.
const ROWS_READ: usize = 16;

/// Records that are taken into one row, at most.
const ROW_RECORDS_MAX: usize = 1_024;

/// Bytes of a row, more or less: so many that the commit costs little beside them.
const ROW_BYTES_MAX: usize = 1 << 20;

/// A run and its rows.
pub(super) struct Log {
    shared: Arc<Shared>,
    arn: ExecutionArn,
    sequence: u64,
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
            sequence: 0,
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
        let read = each_row(&self.shared, &self.arn, |records| {
            records.iter().for_each(|record| live.run.apply(record));
            Ok(())
        });
        match read {
            Err(Error::Journal(journal::Error::NoSuchExecution(_))) => {}
            rows => self.sequence = rows?,
        }
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
            let records = self.next_row();
            let change = change(&records);
            self.submit(records, change);
        }
        let Some((durable, _)) = &mut self.submitted else {
            return Ok(());
        };
        let done = durable.await;
        let submitted = self.submitted.take();
        done?;
        let mut live = self.live();
        for record in submitted.iter().flat_map(|(_, records)| records) {
            live.run.apply(record);
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
        let durable = self.shared.journal.append(Append {
            execution: self.arn.clone(),
            sequence: self.sequence,
            records: map_run::encode(&records),
            change,
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

/// Reads a run's rows, a few at a time, and answers how many there are.
pub(super) fn each_row(
    shared: &Shared,
    arn: &ExecutionArn,
    mut take: impl FnMut(Vec<Record>) -> Result<(), Error>,
) -> Result<u64, Error> {
    let mut next = 0;
    loop {
        let rows = shared.journal.rows(arn, next, ROWS_READ)?;
        let count = rows.len();
        for row in rows {
            let records = map_run::decode(&row.records).map_err(|error| {
                Error::Damaged(format!("row {} of {arn}: {error}", row.sequence))
            })?;
            take(records)?;
            next = row.sequence + 1;
        }
        if count < ROWS_READ {
            return Ok(next);
        }
    }
}
