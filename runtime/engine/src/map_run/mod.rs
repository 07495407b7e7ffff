//! Map Runs: reads items, opens children as many at once as may be, and records how they end.
//!
//! A run has rows of its own in the journal, under its ARN, listed under the execution whose
//! Map it is. What a run comes to is decided by [`asl::map_run::MapRun`], a value; here is
//! only what acts on it. After a crash the source is read again, and children that are
//! recorded as ended are passed over; Standard children that still run are found by name,
//! Express ones begin anew.

mod children;
mod log;
mod source;
mod told;

use std::sync::{Arc, Mutex};

use asl::arn::MapRunArn;
use asl::interpreter::{Command, Event, MapRunCommand};
use asl::map_run::{ChildEnd, Record, RunEnd, Settings, Verdict};
use asl::{ErrorName, Failure};
use journal::{Listing, Status, Under};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

pub use source::{ItemReaders, Items, NextItem, NoReaders, OpeningItems, SourceItem};
pub(crate) use told::Reins;
pub use told::{MapRunTold, UpdateError};

use crate::parts::Error;
use crate::progress::Commit;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::definition_of;
use children::{Cutter, Nursery};
use log::Log;

/// Ends of children that are taken into one row, at most: what a row's size allows when each
/// has the largest output.
const ENDS_A_ROW_MAX: usize = 128;

/// Children that are stopped at once when a run ends early.
const STOPPED_AT_ONCE: usize = 100;

impl Shared {
    /// Runs a Map Run, once the row that started it is durable.
    pub(crate) fn start_map_run(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        command: MapRunCommand,
        mut commit: Commit,
    ) {
        let (stop, stopped) = oneshot::channel();
        let (settings, updates) = mpsc::channel(1);
        locked
            .map_runs
            .insert(command.run, Reins { stop, settings });
        let (shared, slot) = (Arc::clone(self), Arc::downgrade(slot));
        let command = Arc::new(command);
        tokio::spawn(async move {
            if commit.durable().await.is_err() {
                return;
            }
            let Some(parent) = slot.upgrade() else { return };
            let done = shared.drive(&parent, &command, stopped, updates).await;
            let end = match done {
                Ok(Some(end)) => end,
                // The engine is shut down; a restart goes on.
                Ok(None) => return,
                Err(error) => {
                    let run = &command.plan.arn;
                    tracing::error!(%run, %error, "a Map Run goes no further in this process");
                    return;
                }
            };
            lock(&parent).map_runs.remove(&command.run);
            if let Some(report) = end.report() {
                let run = command.run;
                shared.advance(&parent, Event::MapRun { run, report }, None);
            }
        });
    }

    /// After a restart: a run that its parent does not wait for is ended. The crash came after
    /// the parent's own end was recorded, and before the run's.
    pub(crate) fn end_orphan(self: &Arc<Self>, arn: MapRunArn) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = shared.end_if_orphan(&arn).await {
                tracing::error!(run = %arn, %error, "left alone");
            }
        });
    }

    async fn end_if_orphan(self: &Arc<Self>, arn: &MapRunArn) -> Result<(), Error> {
        let told = told::read(self, arn)?;
        let is_awaited = self.live(&told.execution).is_some_and(|slot| {
            let pending = lock(&slot).execution.pending();
            pending.iter().any(|command| match command {
                Command::StartMapRun(command) => command.plan.arn == *arn,
                _ => false,
            })
        });
        if is_awaited {
            return Ok(());
        }
        let command = MapRunCommand {
            run: told.key,
            plan: told.plan,
            started_at: told.started_at,
        };
        self.stop_children(&command).await?;
        let mut log = Log::open(self, &told.execution, &command).await?;
        let at = self.workshop.clock.now();
        log.append(vec![Record::Ended {
            end: RunEnd::Aborted,
            at,
        }])
        .await
    }

    /// Drives a run to its end; none when the engine is shut down meanwhile.
    async fn drive(
        self: &Arc<Self>,
        parent: &Arc<Mutex<Slot>>,
        command: &Arc<MapRunCommand>,
        stopped: oneshot::Receiver<()>,
        updates: mpsc::Receiver<Settings>,
    ) -> Result<Option<RunEnd>, Error> {
        let identity = Arc::clone(lock(parent).execution.identity());
        let mut log = Log::open(self, &identity.execution_arn, command).await?;
        if let Some((end, _)) = log.run.end() {
            return Ok(Some(end.clone()));
        }
        let nursery = Arc::new(Nursery {
            shared: Arc::clone(self),
            definition: definition_of(&*self.journal, &identity.execution_arn)?,
            parent: identity,
            command: Arc::clone(command),
        });
        let ended = tokio::select! {
            ended = self.run_children(&mut log, parent, &nursery, updates) => Some(ended?),
            stopped = stopped => match stopped {
                Ok(()) => Some(RunEnd::Aborted),
                Err(_) => None,
            },
        };
        let Some(end) = ended else { return Ok(None) };
        if !matches!(end, RunEnd::Succeeded(_)) {
            self.stop_children(command).await?;
        }
        let at = self.workshop.clock.now();
        log.append(vec![Record::Ended {
            end: end.clone(),
            at,
        }])
        .await?;
        Ok(Some(end))
    }

    /// Opens children and records their ends until the run comes to something.
    async fn run_children(
        self: &Arc<Self>,
        log: &mut Log,
        parent: &Mutex<Slot>,
        nursery: &Arc<Nursery>,
        mut updates: mpsc::Receiver<Settings>,
    ) -> Result<RunEnd, Error> {
        let plan = &nursery.command.plan;
        let items = match source::open(&plan.source, &*self.readers).await {
            Ok(items) => items,
            Err(failure) => return Ok(RunEnd::Failed(failure)),
        };
        let (mut cutter, mut open) = (Cutter::new(items), JoinSet::new());
        loop {
            while log.run.total().is_none() && open.len() < log.run.settings().concurrency as usize
            {
                match cutter.next(parent, &nursery.command).await {
                    Ok(Some(child)) if log.run.is_done(child.number) => {}
                    Ok(Some(child)) => {
                        open.spawn(Arc::clone(nursery).run(child));
                    }
                    Ok(None) => {
                        let (children, items) = cutter.count();
                        log.append(vec![Record::Exhausted { children, items }])
                            .await?;
                    }
                    Err(failure) => return Ok(RunEnd::Failed(failure)),
                }
            }
            match log.run.verdict() {
                None => {}
                Some(Verdict::Succeeded(result)) => return Ok(RunEnd::Succeeded(result)),
                Some(Verdict::Failed(failure)) => return Ok(RunEnd::Failed(failure)),
                Some(Verdict::Write) => return Ok(RunEnd::Failed(cannot_write())),
            }
            if open.is_empty() {
                let run = &plan.arn;
                return Err(Error::Damaged(format!(
                    "{run} lost a child that it had opened"
                )));
            }
            let records = tokio::select! {
                ends = ended(&mut open) => ends.into_iter().map(Record::Child).collect(),
                Some(settings) = updates.recv() => vec![Record::Updated(settings)],
            };
            log.append(records).await?;
        }
    }

    /// Stops the Standard children that still run; Express ones ended with their tasks.
    async fn stop_children(self: &Arc<Self>, command: &MapRunCommand) -> Result<(), Error> {
        let listing = Listing {
            under: Some(Under::MapRun(command.plan.arn.0.clone())),
            status: Some(Status::Running),
            limit: STOPPED_AT_ONCE,
            ..Listing::default()
        };
        loop {
            let running = self.journal.list(&listing)?.summaries;
            if running.is_empty() {
                return Ok(());
            }
            for child in running {
                self.stop(&child.execution, Failure::default()).await?;
            }
        }
    }
}

/// A ResultWriter needs somewhere to write.
fn cannot_write() -> Failure {
    let cause = "Nothing here can write results: no object store is configured.";
    Failure::new(ErrorName::RESULT_WRITER_FAILED, cause)
}

/// The next ends of children, one at least.
async fn ended(open: &mut JoinSet<ChildEnd>) -> Vec<ChildEnd> {
    let mut ends = Vec::new();
    while let Some(joined) = match ends.is_empty() {
        true => open.join_next().await,
        false => open.try_join_next(),
    } {
        // A child that was cancelled has no end; one that panicked is a bug of ours that
        // tokio has told already.
        ends.extend(joined.ok());
        if ends.len() >= ENDS_A_ROW_MAX {
            break;
        }
    }
    ends
}
