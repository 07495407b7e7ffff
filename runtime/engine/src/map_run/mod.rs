//! Map Runs: reads items, opens children as many at once as may be, and records how they end.
//!
//! A run has rows of its own in the journal, under its ARN, listed under the execution whose
//! Map it is. What a run comes to is decided by [`asl::map_run::MapRun`], a value; here is
//! only what acts on it. After a crash the source is read again, and children that are
//! recorded as ended are passed over; Standard children that still run are found by name,
//! Express ones begin anew.

mod children;
mod foreman;
mod log;
mod source;
mod told;
mod writing;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use asl::Failure;
use asl::arn::MapRunArn;
use asl::interpreter::{Command, Event, MapRunCommand};
use asl::map_run::{MapRun, Record, RunEnd};
use journal::{Listing, Status, Under};
use tokio::sync::{mpsc, oneshot};

pub(crate) use told::Reins;
pub use told::{MapRunTold, UpdateError};

use crate::parts::Error;
use crate::progress::Commit;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::story::definition_of;
use children::Nursery;
use foreman::Foreman;
use log::Log;
use told::{Live, Update};

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
        let live = Arc::new(Mutex::new(Live::new(&command.plan)));
        let reins = Reins {
            stop,
            settings,
            live: Arc::clone(&live),
        };
        locked.map_runs.insert(command.run, reins);
        let (shared, slot) = (Arc::clone(self), Arc::downgrade(slot));
        let command = Arc::new(command);
        tokio::spawn(async move {
            if commit.durable().await.is_err() {
                return;
            }
            let Some(parent) = slot.upgrade() else { return };
            let done = shared
                .drive(&parent, &command, live, stopped, updates)
                .await;
            let end = match done {
                Ok(Some(end)) => end,
                // The engine is shut down; a restart goes on.
                Ok(None) => return,
                Err(_) if shared.is_halted.load(Ordering::Acquire) => return,
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
            redrives: told.run.redrives(),
        };
        self.stop_children(&command).await?;
        let live = Arc::new(Mutex::new(Live::new(&command.plan)));
        let mut log = Log::open(self, &told.execution, &command, live).await?;
        self.end_run(&mut log, RunEnd::Aborted).await
    }

    async fn end_run(&self, log: &mut Log, end: RunEnd) -> Result<(), Error> {
        let at = self.workshop.clock.now();
        log.push(Record::Ended { end, at }, 0);
        log.settle_all().await
    }

    /// Drives a run to its end; none when the engine is shut down meanwhile.
    async fn drive(
        self: &Arc<Self>,
        parent: &Arc<Mutex<Slot>>,
        command: &Arc<MapRunCommand>,
        live: Arc<Mutex<Live>>,
        stopped: oneshot::Receiver<()>,
        updates: mpsc::Receiver<Update>,
    ) -> Result<Option<RunEnd>, Error> {
        let identity = Arc::clone(lock(parent).execution.identity());
        let mut log = Log::open(self, &identity.execution_arn, command, live).await?;
        if log.run(MapRun::redrives) < command.redrives {
            let (count, run) = (command.redrives, command.run);
            let at = self.workshop.clock.now();
            log.push(Record::Redriven { count, run, at }, 0);
            log.settle_all().await?;
        }
        if let Some((end, _)) = log.run(|run| run.end().cloned()) {
            return Ok(Some(end));
        }
        let nursery = Arc::new(Nursery {
            shared: Arc::clone(self),
            definition: definition_of(&*self.journal, &identity.execution_arn)?,
            parent: identity,
            command: Arc::clone(command),
            writer: log.run(|run| run.writer().clone()),
            is_ending: AtomicBool::new(false),
        });
        let mut foreman = Foreman::new(log, nursery, Arc::clone(parent));
        let ended = tokio::select! {
            biased;
            stopped = stopped => match stopped {
                Ok(()) => Some(RunEnd::Aborted),
                Err(_) => None,
            },
            ended = foreman.work(updates) => Some(ended?),
        };
        let Some(end) = ended else { return Ok(None) };
        if !matches!(end, RunEnd::Succeeded(_)) {
            foreman.stop().await?;
            foreman.write_the_rest(&end).await?;
        }
        self.end_run(&mut foreman.log, end.clone()).await?;
        foreman.tell();
        Ok(Some(end))
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
            if self.is_halted.load(Ordering::Acquire) {
                return Err(Error::Interrupted("the engine goes".into()));
            }
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
