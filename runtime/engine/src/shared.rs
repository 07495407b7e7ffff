//! What all parts of an engine share: the live executions, and how one goes a step on.
//!
//! A live execution is a [`Slot`] behind a mutex that is never held across an await. Rows
//! are submitted under that mutex, so they reach the journal in order; whoever must not
//! run ahead of the journal waits for the row's [`Commit`]. Attempts do; timers need not.

use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use asl::arn::ExecutionArn;
use asl::history::{self, Record};
use asl::interpreter::{End, Event, Execution, Step, Surroundings};
use journal::{Append, Change, Journal, Opened, Origin, Status};
use objects::Objects;

use crate::activity::Queues;
use crate::attempt::Workshop;
use crate::child::Waiters;
use crate::clock::{Entropy, chance};
use crate::definitions::Definitions;
use crate::directory::{Directory, Known};
use crate::express::Running;
use crate::opening::{self, Opening};
use crate::parking::Parking;
use crate::parts::{Error, Observer, StartedAs};
use crate::progress::Commit;
use crate::retiring::Attempts;
use crate::slot::{ByArn, Slot, lock};
use crate::story::past;
use crate::timers::{Due, TimerKey, Timers, Wake};
use crate::watch::{Beginning, Watcher};

/// What all parts of an engine share.
pub(crate) struct Shared {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) workshop: Arc<Workshop>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) queues: Queues,
    pub(crate) waiters: Waiters,
    /// Set when the engine goes: nothing is started or taken up any more.
    pub(crate) is_halted: AtomicBool,
    pub(crate) definitions: Definitions,
    pub(crate) parking: Parking,
    /// The Express executions that were started and left to themselves.
    pub(crate) running: Running,
    pub(crate) attempts: Arc<Attempts>,
    /// Locked, if at all, by who has locked a slot: never the other way round.
    pub(crate) slots: Mutex<ByArn<Arc<Mutex<Slot>>>>,
}

/// Hands a due timer to whom it is for.
pub(crate) fn deliver(shared: &Weak<Shared>, timer: TimerKey, wake: Wake) {
    let Some(shared) = shared.upgrade() else {
        return;
    };
    if let Due::Parked = wake.due {
        return shared.parking.is_due(wake.execution);
    }
    let Some(slot) = shared.live(&wake.execution) else {
        return;
    };
    let mut locked = lock(&slot);
    locked.timers.remove(&timer);
    let event = match wake.due {
        Due::Timer(timer) => Event::Timer(timer),
        Due::Deadline => Event::Deadline,
        Due::Vigil(task) => match shared.look(&mut locked, task) {
            Some(report) => Event::Task {
                task,
                report,
                usage: None,
            },
            None => return,
        },
        Due::Parked => return,
    };
    shared.step(&slot, &mut locked, event, None);
}

impl Shared {
    pub(crate) fn slots(&self) -> MutexGuard<'_, ByArn<Arc<Mutex<Slot>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The execution of this ARN, if it is live here.
    pub(crate) fn live(&self, arn: &ExecutionArn) -> Option<Arc<Mutex<Slot>>> {
        self.slots().get(arn).cloned()
    }

    /// Takes an execution's place, unless another has it.
    pub(crate) fn claim(&self, arn: &ExecutionArn, slot: &Arc<Mutex<Slot>>) -> bool {
        if self.is_halted.load(Ordering::Acquire) {
            return false;
        }
        match self.slots().entry(arn.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(Arc::clone(slot));
                true
            }
        }
    }

    /// Who is to watch an execution.
    pub(crate) fn watcher(&self, beginning: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        self.observer.as_ref()?.watch(beginning)
    }

    /// Finds who watches an execution that is taken up again. They must know its past, which
    /// is read once more for them: nobody else pays for their memory.
    pub(crate) fn equip(&self, slot: &mut Slot) -> Result<(), Error> {
        if self.observer.is_some() {
            let (opening, past) = past(&*self.journal, &slot.arn())?;
            slot.watcher = self.watcher(&Beginning {
                identity: &opening.identity,
                started_as: &opening.started_as,
                past: &past,
            });
        }
        Ok(())
    }

    /// One step: the event in, the row out, the commands on their way.
    pub(crate) fn advance(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        event: Event,
        opening: Option<&Opening>,
    ) -> Commit {
        self.step(slot, &mut lock(slot), event, opening)
    }

    /// The same, by who has locked the slot already.
    pub(crate) fn step(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        event: Event,
        opening: Option<&Opening>,
    ) -> Commit {
        if locked.is_refused() {
            return locked.commit();
        }
        let heard = match &event {
            Event::Task { task, .. } => Some(*task),
            _ => None,
        };
        let step = locked.execution.step_in(
            event,
            Surroundings {
                now: self.workshop.clock.now(),
                chance: chance(&*self.entropy),
                activities: &Known(&*self.directory),
            },
        );
        if let Some(observer) = &self.observer {
            observer.recorded(&locked.execution, &step.records);
        }
        if !step.records.is_empty() {
            let rows = locked.sequence + 1;
            if let Some(watcher) = &mut locked.watcher {
                watcher.recorded(&step.records, rows);
            }
            self.append(slot, locked, &step, opening);
        }
        let commit = locked.commit();
        for command in step.commands {
            self.perform(slot, locked, command, &commit);
        }
        if let Some(task) = heard.filter(|task| !locked.execution.is_open(*task)) {
            self.end_vigil(locked, task);
            // One that is still there was not cut off, and is left alone.
            locked.children.remove(&task);
        }
        commit
    }

    /// Submits the row, and sees to what must wait for its commit.
    fn append(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        step: &Step,
        opening: Option<&Opening>,
    ) {
        let records = match opening {
            Some(opening) => opening::encode(opening, &step.records),
            None => history::encode(&step.records),
        };
        let change = match step.records.first() {
            Some(Record::Event(_, event)) if event.detail.reopens_execution() => Change::Reopened {
                at: event.timestamp,
            },
            _ => change(&locked.execution, opening, self.workshop.clock.now()),
        };
        let sequence = locked.sequence;
        locked.sequence += 1;
        let rows = locked.sequence;
        let end = locked.execution.end().cloned();
        let durable = self.journal.append(Append {
            execution: locked.arn(),
            sequence,
            records,
            change,
            rest: locked.rest(),
        });
        let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
        tokio::spawn(async move {
            match durable.await {
                Ok(()) => {
                    shared.committed(&slot, rows, end);
                    shared.park(&slot);
                }
                Err(error) => shared.interrupt(&slot, sequence, &error.to_string()),
            }
        });
    }

    /// The execution's first `rows` rows are durable.
    fn committed(self: &Arc<Self>, slot: &Mutex<Slot>, rows: u64, end: Option<End>) {
        let mut locked = lock(slot);
        if let Some(watcher) = &mut locked.watcher {
            watcher.durable(rows);
        }
        if end.is_some() {
            // Gone before its end is told, so that whoever is told finds it in the journal.
            self.slots().remove(&locked.arn());
            self.let_go(&mut locked);
            self.tell_parents(&locked.arn());
        }
        locked.progress.send_modify(|progress| {
            progress.rows = progress.rows.max(rows);
            if end.is_some() {
                progress.end = end;
            }
        });
    }

    /// Takes back whatever stands for the execution elsewhere.
    pub(crate) fn let_go(&self, locked: &mut Slot) {
        self.timers.remove(std::mem::take(&mut locked.timers));
        for place in std::mem::take(&mut locked.offers).into_values() {
            self.queues.withdraw(&place);
        }
    }

    /// A row was refused: the execution goes no further in this process.
    fn interrupt(&self, slot: &Mutex<Slot>, sequence: u64, why: &str) {
        let mut locked = lock(slot);
        let arn = locked.arn();
        tracing::error!(execution = %arn, why, "the journal refused a row");
        locked.abort_attempts();
        self.let_go(&mut locked);
        if sequence == 0 {
            // There is no such execution: the name may be tried again.
            self.slots().remove(&arn);
        }
        let refused = Some(why.to_owned());
        locked
            .progress
            .send_modify(|progress| progress.refused = refused);
    }
}

/// What an execution is listed under beside its state machine.
fn origin(started_as: &StartedAs) -> Origin {
    let shared = |arn: &Option<String>| arn.as_deref().map(Into::into);
    Origin {
        version: shared(&started_as.version_arn),
        alias: shared(&started_as.alias_arn),
        map_run: shared(&started_as.map_run_arn),
        item_count: started_as.item_count,
    }
}

/// What a row changes in the execution's summary.
fn change(execution: &Execution, opening: Option<&Opening>, now: asl::Timestamp) -> Change {
    let opened = opening.map(|opening| Opened {
        state_machine: opening.identity.state_machine_arn.clone(),
        name: opening.identity.name.clone(),
        started_at: execution.started_at(),
        origin: origin(&opening.started_as),
    });
    let status = execution.end().map(|end| match end {
        End::Succeeded(_) => Status::Succeeded,
        End::Failed(_) => Status::Failed,
        End::TimedOut(_) => Status::TimedOut,
        End::Aborted(_) => Status::Aborted,
    });
    match (opened, status) {
        (None, None) => Change::None,
        (Some(opened), None) => Change::Opened(opened),
        (None, Some(status)) => Change::Closed {
            status,
            stopped_at: now,
        },
        (Some(opened), Some(status)) => Change::OpenedAndClosed {
            opened,
            status,
            stopped_at: now,
        },
    }
}
