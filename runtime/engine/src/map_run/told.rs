//! What is known of a Map Run, live or ended; and the changes that may be made to a live one.

use std::sync::Arc;

use asl::Timestamp;
use asl::arn::{ExecutionArn, MapRunArn};
use asl::interpreter::{MapRunPlan, TaskKey};
use asl::map_run::{self, MapRun, Record, Settings};
use journal::Status;
use tokio::sync::{mpsc, oneshot};

use crate::executor::Engine;
use crate::parts::Error;
use crate::shared::Shared;
use crate::slot::lock;

/// Rows that are read at once.
const ROWS_READ: usize = 1_000;

/// A Map Run, as it is stored.
#[derive(Clone, Debug)]
pub struct MapRunTold {
    /// The execution whose Map it is.
    pub execution: ExecutionArn,
    /// What it does.
    pub plan: MapRunPlan,
    /// How far it is.
    pub run: MapRun,
    /// How it stands.
    pub status: Status,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    pub(super) key: TaskKey,
}

/// How the engine reaches a run that runs.
#[derive(Debug)]
pub(crate) struct Reins {
    /// Ends it. Dropped unused when the engine is shut down: then it just goes no further.
    pub(crate) stop: oneshot::Sender<()>,
    /// Changes what it may do.
    pub(crate) settings: mpsc::Sender<Settings>,
}

/// Why a Map Run was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// It has ended.
    #[error("the Map Run has ended")]
    Ended,
    /// Anything else.
    #[error(transparent)]
    Engine(#[from] Error),
}

impl Engine {
    /// A Map Run as it stands.
    ///
    /// # Errors
    /// [`journal::Error::NoSuchExecution`] when there is none; the journal's.
    pub fn map_run(&self, arn: &MapRunArn) -> Result<MapRunTold, Error> {
        read(&self.shared, arn)
    }

    /// Changes what a Map Run that runs may do. The run takes it up at once, and records it.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update_map_run(
        &self,
        told: &MapRunTold,
        settings: Settings,
    ) -> Result<(), UpdateError> {
        let slot = self
            .shared
            .live(&told.execution)
            .ok_or(UpdateError::Ended)?;
        let reins = lock(&slot)
            .map_runs
            .get(&told.key)
            .map(|reins| reins.settings.clone());
        let reins = reins.ok_or(UpdateError::Ended)?;
        reins.send(settings).await.map_err(|_| UpdateError::Ended)
    }
}

/// Reads a run's rows.
pub(super) fn read(shared: &Shared, arn: &MapRunArn) -> Result<MapRunTold, Error> {
    let rows_of = ExecutionArn(Arc::clone(&arn.0));
    let summary = shared.journal.summary(&rows_of)?;
    let (mut told, mut next): (Option<MapRunTold>, u64) = (None, 0);
    loop {
        let rows = shared.journal.rows(&rows_of, next, ROWS_READ)?;
        let count = rows.len();
        for row in rows {
            let damaged = |why: String| Error::Damaged(format!("row {next} of {arn}: {why}"));
            let records = map_run::decode(&row.records).map_err(|e| damaged(e.to_string()))?;
            for record in &records {
                match (&mut told, record) {
                    (
                        None,
                        Record::Opened {
                            execution,
                            run,
                            plan,
                        },
                    ) => {
                        told = Some(MapRunTold {
                            execution: execution.clone(),
                            run: MapRun::new(plan),
                            plan: (**plan).clone(),
                            status: summary.status,
                            started_at: summary.opened.started_at,
                            stopped_at: summary.stopped_at,
                            key: *run,
                        });
                    }
                    (Some(told), record) => told.run.apply(record),
                    (None, _) => return Err(damaged("it does not begin".into())),
                }
            }
            next = row.sequence + 1;
        }
        if count < ROWS_READ {
            let nothing = || Error::Damaged(format!("{arn} has no rows"));
            return told.ok_or_else(nothing);
        }
    }
}
