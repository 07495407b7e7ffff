//! The rows of a Map Run: written as it goes, read after a restart.

use std::sync::Arc;

use asl::arn::{ExecutionArn, StateMachineArn};
use asl::interpreter::MapRunCommand;
use asl::map_run::{self, MapRun, Record, RunEnd};
use journal::{Append, Change, Opened, Origin, Status};

use crate::parts::Error;
use crate::shared::Shared;

/// Rows that are read at once.
const ROWS_READ: usize = 1_000;

/// A run and its rows.
pub(super) struct Log {
    shared: Arc<Shared>,
    arn: ExecutionArn,
    sequence: u64,
    pub(super) run: MapRun,
}

impl Log {
    /// Begins a run's rows, or reads those that are there.
    pub(super) async fn open(
        shared: &Arc<Shared>,
        execution: &ExecutionArn,
        command: &MapRunCommand,
    ) -> Result<Self, Error> {
        let mut log = Self {
            shared: Arc::clone(shared),
            arn: ExecutionArn(Arc::clone(&command.plan.arn.0)),
            sequence: 0,
            run: MapRun::new(&command.plan),
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
            log.submit(vec![record], Change::Opened(opened)).await?;
        }
        Ok(log)
    }

    fn read(&mut self) -> Result<(), Error> {
        loop {
            let rows = self
                .shared
                .journal
                .rows(&self.arn, self.sequence, ROWS_READ);
            let rows = match rows {
                Err(journal::Error::NoSuchExecution(_)) => return Ok(()),
                rows => rows?,
            };
            let count = rows.len();
            for row in rows {
                let records = map_run::decode(&row.records).map_err(|error| {
                    Error::Damaged(format!("row {} of {}: {error}", row.sequence, self.arn))
                })?;
                for record in &records {
                    self.run.apply(record);
                }
                self.sequence = row.sequence + 1;
            }
            if count < ROWS_READ {
                return Ok(());
            }
        }
    }

    /// Appends a row, and folds it in once it is durable.
    pub(super) async fn append(&mut self, records: Vec<Record>) -> Result<(), Error> {
        if records.is_empty() {
            return Ok(());
        }
        let change = match records.last() {
            Some(Record::Ended { end, at }) => Change::Closed {
                status: match end {
                    RunEnd::Succeeded(_) => Status::Succeeded,
                    RunEnd::Failed(_) => Status::Failed,
                    RunEnd::Aborted => Status::Aborted,
                },
                stopped_at: *at,
            },
            _ => Change::None,
        };
        self.submit(records, change).await
    }

    async fn submit(&mut self, records: Vec<Record>, change: Change) -> Result<(), Error> {
        let append = Append {
            execution: self.arn.clone(),
            sequence: self.sequence,
            records: map_run::encode(&records),
            change,
        };
        self.shared.journal.append(append).await?;
        self.sequence += 1;
        for record in &records {
            self.run.apply(record);
        }
        Ok(())
    }
}
