//! Executions that wait for long are parked: not held in memory, but known by name and by when
//! they go on. Whoever needs one takes it up again from the journal, as a restart would.
//!
//! So a waiting execution costs the same whatever it carries: its input may be 256 KiB, its
//! variables 10 MiB. Measured, a live one takes 5 KiB with a hundred bytes of input, a parked
//! one a tenth of that with its share of the journal (`benches/waiting.rs`); taking one of a
//! few rows up again takes some 30 µs, less than the commit of its next row.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Timestamp;
use asl::arn::ExecutionArn;
use asl::interpreter::{Command, Event, Execution};
use journal::Rest;
use tokio::sync::{Semaphore, mpsc};

use crate::loading::load;
use crate::opening::Parent;
use crate::parts::Error;
use crate::shared::Shared;
use crate::slot::{ByArn, Slot, lock};
use crate::timers::{Due, TimerKey, Wake};

/// The shortest wait that is worth it.
const WAIT_MILLISECONDS_MIN: i64 = 5_000;
/// How much longer the wait must be for each event of the history: reading one takes some
/// 5 µs, so an execution that polls spends no more than a two-thousandth of its time on it.
const WAIT_MILLISECONDS_PER_EVENT: i64 = 10;
/// How many may be taken up at once because their time has come: so many rows fill a commit,
/// and more would only wait for it in memory.
const WAKING_MAX: usize = 1_024;
/// When to try again after the journal could not be read.
const RETRY_MILLISECONDS: i64 = 5_000;

/// The executions that are parked.
pub(crate) struct Parking {
    /// Locked, if at all, by who has locked the slots.
    parked: Mutex<ByArn<Parked>>,
    /// To whom those are told whose time has come.
    due: mpsc::UnboundedSender<ExecutionArn>,
}

/// What is kept of one.
struct Parked {
    /// How many rows it has: tells one who read it before it went on and was parked again.
    rows: u64,
    /// What wakes it, if anything here does.
    timer: Option<TimerKey>,
}

impl Parking {
    /// A parking, and where those come out whose time has come.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<ExecutionArn>) {
        let (due, waking) = mpsc::unbounded_channel();
        let parked = Mutex::default();
        (Self { parked, due }, waking)
    }

    fn parked(&self) -> MutexGuard<'_, ByArn<Parked>> {
        self.parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this execution is parked here.
    pub(crate) fn holds(&self, arn: &ExecutionArn) -> bool {
        self.parked().contains_key(arn)
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        self.parked().clear();
    }

    /// The time of a parked execution has come.
    pub(crate) fn is_due(&self, arn: ExecutionArn) {
        // Nobody listens when the engine goes.
        let _ = self.due.send(arn);
    }
}

impl Shared {
    /// Parks an execution that is not live, to be woken then.
    pub(crate) fn park_loaded(&self, arn: ExecutionArn, rows: u64, until: Option<Timestamp>) {
        let slots = self.slots();
        if slots.contains_key(&arn) || self.is_halted.load(Ordering::Acquire) {
            return;
        }
        self.keep_parked(arn, rows, until);
        drop(slots);
    }

    /// For who has locked the slots.
    fn keep_parked(&self, arn: ExecutionArn, rows: u64, until: Option<Timestamp>) {
        let execution = arn.clone();
        let due = Due::Parked;
        let timer = until.map(|at| self.timers.insert(at, Wake { execution, due }));
        let before = self.parking.parked().insert(arn, Parked { rows, timer });
        self.timers.remove(before.and_then(|before| before.timer));
    }

    /// Parks a live execution if it is worth it and nobody is busy with it: the caller's must
    /// be the only hold on the slot beside the table's.
    pub(crate) fn park(&self, slot: &Arc<Mutex<Slot>>) {
        let mut locked = lock(slot);
        let now = self.workshop.clock.now();
        let Some(until) = locked.parkable(now) else {
            return;
        };
        let arn = locked.arn();
        let mut slots = self.slots();
        let is_alone = Arc::strong_count(slot) == 2;
        let is_known = slots
            .get(&arn)
            .is_some_and(|known| Arc::ptr_eq(known, slot));
        if !is_alone || !is_known {
            return;
        }
        // The key, so that one text serves all who hold it.
        let arn = slots.remove_entry(&arn).map_or(arn, |(known, _)| known);
        self.keep_parked(arn, locked.sequence, until);
        drop(slots);
        self.let_go(&mut locked);
    }

    /// The execution of this ARN, live: taken up, if it was not, and going on. Nothing if it
    /// has ended.
    pub(crate) fn enter(
        self: &Arc<Self>,
        arn: &ExecutionArn,
    ) -> Result<Option<Arc<Mutex<Slot>>>, Error> {
        loop {
            if let Some(slot) = self.live(arn) {
                return Ok(Some(slot));
            }
            if let Some(slot) = self.take_up(arn)? {
                self.act_pending(&slot);
                return Ok(Some(slot));
            }
            // Somebody else may have taken it up, and have parked it again.
            if self.live(arn).is_none() && !self.parking.holds(arn) {
                return Ok(None);
            }
        }
    }

    /// Loads an execution that has not ended into a slot, unless it is live. Nothing of it is
    /// performed yet.
    pub(crate) fn take_up(&self, arn: &ExecutionArn) -> Result<Option<Arc<Mutex<Slot>>>, Error> {
        loop {
            if self.live(arn).is_some() {
                return Ok(None);
            }
            let loaded = load(&self.definitions, &*self.journal, arn)?;
            if loaded.execution.end().is_some() {
                return Ok(None);
            }
            let rows = loaded.rows;
            let mut slot = loaded.into_slot();
            self.equip(&mut slot)?;
            let slot = Arc::new(Mutex::new(slot));
            if let Some(taken) = self.unpark(arn, rows, &slot) {
                return Ok(taken.then_some(slot));
            }
            // It went on, and was parked again, while it was read.
        }
    }

    /// Puts a loaded execution into its place. False if that is taken; nothing if it was
    /// loaded in vain.
    fn unpark(&self, arn: &ExecutionArn, rows: u64, slot: &Arc<Mutex<Slot>>) -> Option<bool> {
        let mut slots = self.slots();
        if slots.contains_key(arn) || self.is_halted.load(Ordering::Acquire) {
            return Some(false);
        }
        let mut parked = self.parking.parked();
        let mut arn = arn.clone();
        if let Some((known, place)) = parked.remove_entry(&arn) {
            if place.rows != rows {
                parked.insert(known, place);
                return None;
            }
            self.timers.remove(place.timer);
            arn = known;
        }
        slots.insert(arn, Arc::clone(slot));
        Some(true)
    }

    /// Takes up an execution whose time has come, and resolves when what it did is durable.
    async fn wake(self: &Arc<Self>, arn: ExecutionArn) {
        match self.take_up(&arn) {
            Ok(Some(slot)) => {
                let mut commit = {
                    let mut locked = lock(&slot);
                    self.go_on(&slot, &mut locked);
                    locked.commit()
                };
                self.park(&slot);
                drop(slot);
                // Its fate is told to those who ask for it.
                let _ = commit.durable().await;
            }
            Ok(None) => {}
            Err(error @ Error::Damaged(_)) => tracing::error!(%arn, %error, "left alone"),
            Err(error) => {
                tracing::warn!(%arn, %error, "tried again soon");
                let at = self.workshop.clock.now();
                let at = at.plus_milliseconds(RETRY_MILLISECONDS);
                let due = Due::Parked;
                self.timers.insert(
                    at,
                    Wake {
                        execution: arn,
                        due,
                    },
                );
            }
        }
    }

    /// Performs what is outstanding; what is due happens now.
    fn go_on(self: &Arc<Self>, slot: &Arc<Mutex<Slot>>, locked: &mut Slot) {
        let now = self.workshop.clock.now();
        let commit = locked.commit();
        let mut due = Vec::new();
        for command in locked.execution.pending() {
            match command {
                Command::StartTimer(timer) if timer.at <= now => due.push(Event::Timer(timer)),
                Command::StartDeadline(at) if at <= now => due.push(Event::Deadline),
                command => self.perform(slot, locked, command, &commit),
            }
        }
        for event in due {
            self.step(slot, locked, event, None);
        }
    }
}

/// Whether an execution, of this parent, only waits.
pub(crate) fn rest(execution: &Execution, parent: Option<&Parent>) -> Option<Rest> {
    // A child whose parent waits must be at hand to be stopped with it.
    if parent.is_some_and(|parent| parent.waits) {
        return None;
    }
    let until = execution.asleep()?.until;
    Some(Rest { until })
}

/// Wakes those whose time has come, so many at once; never ends.
pub(crate) async fn wake_all(
    shared: std::sync::Weak<Shared>,
    mut waking: mpsc::UnboundedReceiver<ExecutionArn>,
) {
    let places = Arc::new(Semaphore::new(WAKING_MAX));
    while let Some(arn) = waking.recv().await {
        let place = Arc::clone(&places).acquire_owned().await;
        let place = place.expect("nobody closes it");
        let Some(shared) = shared.upgrade() else {
            return;
        };
        tokio::spawn(async move {
            shared.wake(arn).await;
            drop(place);
        });
    }
}

impl Slot {
    /// Whether nothing need be done for it but to wait: then a restart parks it unread.
    pub(crate) fn rest(&self) -> Option<Rest> {
        rest(&self.execution, self.parent.as_ref())
    }

    /// Until when it may be parked, if it is worth it: `Some(None)` means until somebody asks
    /// for it.
    fn parkable(&self, now: Timestamp) -> Option<Option<Timestamp>> {
        let is_stored = {
            let progress = self.progress.borrow();
            progress.refused.is_none() && progress.rows == self.sequence
        };
        let is_watched = Arc::strong_count(&self.watched) > 1;
        let is_busy = !self.attempts.is_empty() || !self.offers.is_empty();
        if !is_stored || is_watched || is_busy {
            return None;
        }
        let until = self.rest()?.until;
        let events = i64::try_from(self.execution.last_event().0).unwrap_or(i64::MAX);
        let worth = WAIT_MILLISECONDS_MIN
            .saturating_add(events.saturating_mul(WAIT_MILLISECONDS_PER_EVENT));
        let is_long = until.is_none_or(|until| until >= now.plus_milliseconds(worth));
        is_long.then_some(until)
    }
}
