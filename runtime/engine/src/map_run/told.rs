//! What is known of a Map Run, live or ended; and the changes that may be made to a live one.

use std::sync::{Arc, Mutex, PoisonError};

use asl::Timestamp;
use asl::arn::{ExecutionArn, MapRunArn};
use asl::interpreter::{MapRunPlan, TaskKey};
use asl::map_run::{MapRun, Record, Settings};
use journal::{Status, Summary};
use tokio::sync::{mpsc, oneshot};

use super::log::{base, decoded, each_row};
use crate::executor::Engine;
use crate::parts::Error;
use crate::shared::Shared;
use crate::slot::lock;

/// A Map Run, as it is stored.
#[derive(Clone, Debug)]
pub struct MapRunTold {
    /// The execution whose Map it is.
    pub execution: ExecutionArn,
    /// What it does.
    pub plan: MapRunPlan,
    /// How far it is.
    pub run: MapRun,
    /// Children that run now, and their items.
    pub running: (u64, u64),
    /// How it stands.
    pub status: Status,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
    /// When it was last redriven, if it was.
    pub redriven_at: Option<Timestamp>,
    pub(super) key: TaskKey,
}

/// A run that runs, as it stands.
#[derive(Debug)]
pub(crate) struct Live {
    /// What is durable of it.
    pub(crate) run: MapRun,
    /// Whether its rows were read: after a restart that takes a moment.
    pub(crate) is_read: bool,
    /// Children that run now, and their items.
    pub(crate) running: (u64, u64),
}

impl Live {
    pub(crate) fn new(plan: &MapRunPlan) -> Self {
        Self {
            run: MapRun::new(plan),
            is_read: false,
            running: (0, 0),
        }
    }
}

/// A change of what a run may do.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) settings: Settings,
    /// Told when the change holds, and is durable.
    pub(crate) holds: oneshot::Sender<()>,
}

/// How the engine reaches a run that runs.
#[derive(Debug)]
pub(crate) struct Reins {
    /// Ends it. Dropped unused when the engine is shut down: then it just goes no further.
    pub(crate) stop: oneshot::Sender<()>,
    /// Changes what it may do.
    pub(crate) settings: mpsc::Sender<Update>,
    /// How far it is.
    pub(crate) live: Arc<Mutex<Live>>,
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
        let (holds, held) = oneshot::channel();
        let update = Update { settings, holds };
        reins.send(update).await.map_err(|_| UpdateError::Ended)?;
        held.await.map_err(|_| UpdateError::Ended)
    }
}

/// Reads what a run's rows say; of one that runs here, what it is, and what its driver knows.
pub(super) fn read(shared: &Shared, arn: &MapRunArn) -> Result<MapRunTold, Error> {
    let rows_of = ExecutionArn(Arc::clone(&arn.0));
    let summary = shared.journal.summary(&rows_of)?;
    let base = base(shared, &rows_of)?;
    let first = shared.journal.rows(&rows_of, base, 1)?.pop();
    let first = first.ok_or_else(|| Error::Damaged(format!("{arn} has no rows")))?;
    let (_, records) = decoded(&rows_of, &first)?;
    let mut records = records.into_iter();
    let told = records.next().and_then(|first| begun(&summary, first));
    let mut told = told.ok_or_else(|| Error::Damaged(format!("{arn} does not begin")))?;
    let live = live(shared, &mut told);
    let live = live.as_ref().map(|live| live.lock());
    let live = live.map(|live| live.unwrap_or_else(PoisonError::into_inner));
    if let Some(live) = live.filter(|live| live.is_read) {
        told.run = live.run.clone();
        told.running = live.running;
    } else {
        told.go_on(records);
        each_row(shared, &rows_of, first.sequence + 1, |_, records| {
            told.go_on(records.into_iter());
            Ok(())
        })?;
    }
    told.redriven_at = told.run.redriven_at();
    Ok(told)
}

impl MapRunTold {
    fn go_on(&mut self, records: impl Iterator<Item = Record>) {
        for record in records {
            if let Record::Redriven { run, .. } = record {
                self.key = run;
            }
            self.run.apply(&record);
        }
    }
}

/// A run as the record says that reading begins with.
fn begun(summary: &Summary, record: Record) -> Option<MapRunTold> {
    let (execution, key, plan) = match &record {
        Record::Opened {
            execution,
            run,
            plan,
        } => (execution, *run, (**plan).clone()),
        Record::Standing(standing) => (&standing.execution, standing.run, standing.plan.clone()),
        _ => return None,
    };
    let mut run = MapRun::new(&plan);
    run.apply(&record);
    Some(MapRunTold {
        execution: execution.clone(),
        run,
        running: (0, 0),
        plan,
        status: summary.status,
        started_at: summary.opened.started_at,
        stopped_at: summary.stopped_at,
        redriven_at: None,
        key,
    })
}

/// A run that its parent drives here; sets the key under which it does.
fn live(shared: &Shared, told: &mut MapRunTold) -> Option<Arc<Mutex<Live>>> {
    let slot = shared.live(&told.execution)?;
    let locked = lock(&slot);
    let (key, reins) = locked.map_runs.iter().find(|(_, reins)| {
        let live = reins.live.lock().unwrap_or_else(PoisonError::into_inner);
        *live.run.arn() == told.plan.arn
    })?;
    told.key = *key;
    Some(Arc::clone(&reins.live))
}
