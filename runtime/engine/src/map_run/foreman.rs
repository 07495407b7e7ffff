//! One Map Run at work: opens children, as many at once as may be, and records how they end.
//!
//! Children are opened, their ends gathered and rows made durable side by side: nobody waits
//! for a commit but the verdict. What is in memory is bounded by the children that are open,
//! by the ends that wait for a row, and by what the source reads ahead.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use asl::interpreter::Kind;
use asl::map_run::{ChildEnd, ChildOutcome, MapRun, Passed, Record, RunEnd, Verdict};
use asl::{ErrorName, Failure, Timestamp};
use objects::Known;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use super::children::{Child, Cutter, Nursery};
use super::log::{Log, record_bytes};
use super::source;
use super::told::Update;
use crate::parts::Error;
use crate::slot::Slot;

/// A run at work.
pub(super) struct Foreman {
    pub(super) log: Log,
    nursery: Arc<Nursery>,
    parent: Arc<Mutex<Slot>>,
    at_work: JoinSet<ChildEnd>,
    /// The same, by number, with the moment at which each began.
    open: BTreeMap<u64, (Child, Timestamp)>,
    reading: Reading,
    /// Changes that are on their way to the journal, in order.
    updating: Vec<Update>,
    logged_at: Timestamp,
}

/// How far the source was read, and for which children that is recorded.
#[derive(Default)]
struct Reading {
    passed: Option<Passed>,
    /// Children that have begun.
    begun: u64,
    /// Those of them for whose ends it is recorded.
    recorded: u64,
}

/// Changes that are on their way at once; more wait for their turn. A row holds them all.
const UPDATES_MAX: usize = 64;

/// How often a log says how far a run is.
const LOGGED_EVERY_SECONDS: i64 = 10;

impl Foreman {
    pub(super) fn new(log: Log, nursery: Arc<Nursery>, parent: Arc<Mutex<Slot>>) -> Self {
        let logged_at = nursery.shared.workshop.clock.now();
        Self {
            log,
            nursery,
            parent,
            at_work: JoinSet::new(),
            open: BTreeMap::new(),
            reading: Reading::default(),
            updating: Vec::new(),
            logged_at,
        }
    }

    /// Goes on until the run comes to something. May be dropped on the way; then
    /// [`Foreman::stop`] ends it.
    pub(super) async fn work(
        &mut self,
        mut updates: mpsc::Receiver<Update>,
    ) -> Result<RunEnd, Error> {
        if let Some(end) = self.verdict().await? {
            return Ok(end);
        }
        if let Err(failure) = super::writing::has_place(&self.nursery).await {
            return Ok(RunEnd::Failed(failure));
        }
        let command = Arc::clone(&self.nursery.command);
        let known = self.log.run(|run| Known {
            pinned: run.pinned().map(str::to_owned),
            passed: run.passed(),
        });
        let is_pinned = known.pinned.is_some();
        let objects = Arc::clone(&self.nursery.shared.objects);
        let opened = source::open(&command.plan.source, &*objects, known).await;
        let mut cutter = match opened {
            Err(failure) => return Ok(RunEnd::Failed(failure)),
            Ok((items, pinned)) => {
                if let Some(state) = pinned.filter(|_| !is_pinned) {
                    self.log.push(Record::Pinned(state), 0);
                }
                Cutter::new(items)
            }
        };
        let first_to_do = self.log.run(MapRun::first_to_do);
        if let Err(failure) = cutter.skip(first_to_do, &command).await {
            return Ok(RunEnd::Failed(failure));
        }
        let mut is_exhausted = false;
        loop {
            if let Some(end) = self.verdict().await? {
                return Ok(end);
            }
            let concurrency = self.log.run(|run| run.settings().concurrency) as usize;
            let may_open = !is_exhausted && self.at_work.len() < concurrency && !self.log.is_full();
            if !may_open && self.at_work.is_empty() && !self.log.is_behind() {
                let run = &command.plan.arn;
                return Err(Error::Damaged(format!("{run} lost a child")));
            }
            let is_behind = self.log.is_behind();
            let may_end = !self.at_work.is_empty() && !self.log.is_full();
            tokio::select! {
                biased;
                settled = self.log.settle(), if is_behind => {
                    settled?;
                    self.tell();
                    self.tell_updated();
                }
                Some(ended) = self.at_work.join_next(), if may_end => self.ended(ended)?,
                Some(update) = updates.recv(), if self.updating.len() < UPDATES_MAX => {
                    self.log.push(Record::Updated(update.settings), 0);
                    self.updating.push(update);
                }
                next = cutter.next(&self.parent, &command), if may_open => match next {
                    Ok(Some(child)) => {
                        self.reading.passed = cutter.passed();
                        self.reading.begun = child.number + 1;
                        self.begin(child);
                    }
                    Ok(None) => {
                        is_exhausted = true;
                        let (children, items) = cutter.count();
                        if self.log.run(|run| run.total().is_none()) {
                            self.log.push(Record::Exhausted { children, items }, 0);
                        }
                    }
                    Err(failure) => return Ok(RunEnd::Failed(failure)),
                },
            }
        }
    }

    /// Tells those whose change holds now, or was overtaken by one that does.
    fn tell_updated(&mut self) {
        let settings = self.log.run(MapRun::settings);
        let holding = |update: &Update| update.settings == settings;
        let Some(last) = self.updating.iter().rposition(holding) else {
            return;
        };
        for update in self.updating.drain(..=last) {
            // Whoever asked may have gone.
            let _ = update.holds.send(());
        }
    }

    /// What the run comes to, if it comes to something.
    async fn verdict(&mut self) -> Result<Option<RunEnd>, Error> {
        Ok(match self.log.run(MapRun::verdict) {
            None => None,
            Some(Verdict::Failed(failure)) => Some(RunEnd::Failed(failure)),
            Some(Verdict::Succeeded(result)) => {
                if self.log.run(MapRun::is_written) {
                    self.log.forget().await?;
                }
                Some(RunEnd::Succeeded(result))
            }
            Some(Verdict::Write) => Some(match self.write().await? {
                Ok(result) => {
                    self.log.push(Record::Written(result.clone()), 0);
                    self.log.forget().await?;
                    RunEnd::Succeeded(result)
                }
                Err(failure) => RunEnd::Failed(failure),
            }),
        })
    }

    /// Runs a child, unless it has ended before.
    fn begin(&mut self, mut child: Child) {
        let number = child.number;
        let (is_done, redrive) = self.log.run(|run| {
            let again = run.redrives() > 0 && !run.is_done(number);
            (run.is_done(number), if again { run.redrives() } else { 0 })
        });
        if is_done {
            return;
        }
        child.redrive = redrive;
        let now = self.nursery.shared.workshop.clock.now();
        self.open.insert(number, (child.clone(), now));
        let mut live = self.log.live();
        live.running.0 += 1;
        live.running.1 += child.items;
        drop(live);
        self.at_work.spawn(Arc::clone(&self.nursery).run(child));
    }

    fn ended(&mut self, ended: Result<ChildEnd, JoinError>) -> Result<(), Error> {
        if self.nursery.shared.is_halted.load(Ordering::Acquire) {
            // That it could not go on is no end of its own.
            return Err(Error::Interrupted("the engine goes".into()));
        }
        let run = &self.nursery.command.plan.arn;
        let end = ended.map_err(|error| Error::Damaged(format!("a child of {run}: {error}")))?;
        self.record(end);
        Ok(())
    }

    fn record(&mut self, mut end: ChildEnd) {
        self.open.remove(&end.number);
        // Said once for all children that have begun by then.
        if end.number >= self.reading.recorded {
            end.passed = self.reading.passed;
            self.reading.recorded = self.reading.begun;
        }
        let mut live = self.log.live();
        live.running.0 = live.running.0.saturating_sub(1);
        live.running.1 = live.running.1.saturating_sub(end.items);
        drop(live);
        let record = Record::Child(end);
        let bytes = record_bytes(&record);
        self.log.push(record, bytes);
    }

    /// Tells who observes how far the run is.
    pub(super) fn tell(&mut self) {
        let now = self.nursery.shared.workshop.clock.now();
        let live = self.log.live();
        if now >= self.logged_at.plus_seconds(LOGGED_EVERY_SECONDS) {
            let (run, items) = (live.run.arn(), live.run.items());
            let total = live.run.total().map(|(_, items)| items);
            let (succeeded, failed) = (items.succeeded, items.ended() - items.succeeded);
            let running = live.running.1;
            tracing::info!(%run, succeeded, failed, running, total, "items of a Map Run");
            self.logged_at = now;
        }
        if let Some(observer) = &self.nursery.shared.observer {
            observer.map_run(&live.run, live.running.1);
        }
    }

    /// Ends the children that are open, and records that.
    pub(super) async fn stop(&mut self) -> Result<(), Error> {
        self.nursery.is_ending.store(true, Ordering::SeqCst);
        let command = Arc::clone(&self.nursery.command);
        match command.plan.children {
            // They end as they do: a few have, meanwhile.
            Kind::Standard => {
                self.nursery.shared.stop_children(&command).await?;
                while let Some(ended) = self.at_work.join_next().await {
                    self.ended(ended)?;
                    if self.log.is_full() {
                        self.log.settle_all().await?;
                    }
                }
            }
            Kind::Express => self.at_work.shutdown().await,
        }
        for (child, began) in std::mem::take(&mut self.open).into_values() {
            let outcome = ChildOutcome::Aborted(Failure::default());
            let end = self.nursery.end_of(&child, outcome, began);
            self.record(end);
        }
        self.log.settle_all().await
    }

    /// Writes the results of a run that failed or was aborted, as far as it came: what ended
    /// it stands, whether that can be done or not.
    pub(super) async fn write_the_rest(&mut self, end: &RunEnd) -> Result<(), Error> {
        let writing_failed = match end {
            RunEnd::Failed(failure) => failure.error_name() == ErrorName::RESULT_WRITER_FAILED,
            _ => false,
        };
        let (began, is_written) = self
            .log
            .run(|run| (run.children().ended() > 0, run.is_written()));
        if !began || writing_failed || is_written {
            return Ok(());
        }
        if let Err(failure) = self.write().await? {
            let run = &self.nursery.command.plan.arn;
            let cause = failure.cause.unwrap_or_default();
            tracing::warn!(%run, cause, "the results of a run that did not succeed are not written");
        }
        Ok(())
    }

    /// Writes results; of a run that failed, as far as it came.
    pub(super) async fn write(&mut self) -> Result<Result<asl::Payload, Failure>, Error> {
        self.log.settle_all().await?;
        let run = self.log.run(Clone::clone);
        super::writing::write(&self.nursery, run).await
    }
}
