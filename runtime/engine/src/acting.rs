//! Commands, carried out: attempts are run, timers set, tasks that others have are watched.

use std::sync::{Arc, Mutex, Weak};

use asl::interpreter::{Command, Event, Report, TaskCommand, TaskKey};
use asl::{ErrorName, Failure};
use host::OnHeartbeat;

use crate::child;
use crate::integration::Beginning;
use crate::progress::Commit;
use crate::shared::Shared;
use crate::slot::{Slot, lock};
use crate::timers::{Due, Wake};

impl Shared {
    /// Carries out one command of a step that made these rows.
    pub(crate) fn perform(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        command: Command,
        commit: &Commit,
    ) {
        let command = match self.mocked(slot, locked, command, commit) {
            Some(command) => command,
            None => return,
        };
        match command {
            Command::OfferTask(task) => {
                let place = self.queues.offer(locked.arn(), &task);
                locked.offers.insert(task.task, place);
            }
            Command::ScheduleTask(task) => {
                if task.secret.is_some() {
                    self.begin_vigil(locked, &task);
                }
                self.attempt(slot, locked, task, commit.clone());
            }
            Command::AwaitTask(task) => {
                self.begin_vigil(locked, &task);
                self.await_child(locked, &task);
            }
            Command::InterruptTask(task) => self.interrupted(slot, task),
            Command::CancelTask(task) => {
                self.end_vigil(locked, task);
                if let Some(child) = locked.children.remove(&task) {
                    self.stop_child(child, &locked.arn(), commit.clone());
                }
                if let Some(place) = locked.offers.remove(&task) {
                    self.queues.withdraw(&place);
                }
                if let Some(attempt) = locked.attempts.remove(&task) {
                    attempt.abort();
                }
            }
            Command::StartMapRun(command) => {
                self.start_map_run(slot, locked, *command, commit.clone());
            }
            Command::StopMapRun(run) => {
                if let Some(reins) = locked.map_runs.remove(&run) {
                    // One that has ended meanwhile needs no stopping.
                    let _ = reins.stop.send(());
                }
            }
            Command::StartTimer(timer) => self.set(locked, timer.at, Due::Timer(timer)),
            Command::StartDeadline(at) => self.set(locked, at, Due::Deadline),
            Command::Continue => {
                let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
                tokio::spawn(async move { shared.advance(&slot, Event::Continue, None) });
            }
        }
    }

    /// Answers a Task that is mocked; gives back every other command.
    fn mocked(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &Slot,
        command: Command,
        commit: &Commit,
    ) -> Option<Command> {
        let (task, is_offered) = match &command {
            Command::ScheduleTask(task) => (task, false),
            Command::OfferTask(task) => (task, true),
            _ => return Some(command),
        };
        let mocks = locked.mocks.as_ref();
        let answer = mocks.and_then(|mocks| mocks.answer(&task.state_name, task.retry_count));
        let Some(answer) = answer else {
            return Some(command);
        };
        let taken = is_offered.then_some(Report::Taken { worker: None });
        let ended = answer.map_or_else(Report::Failed, Report::Succeeded);
        let (shared, slot, task) = (Arc::clone(self), Arc::clone(slot), task.task);
        let mut commit = commit.clone();
        tokio::spawn(async move {
            if commit.durable().await.is_err() {
                return;
            }
            for report in taken.into_iter().chain([ended]) {
                let event = Event::Task {
                    task,
                    report,
                    usage: None,
                };
                shared.advance(&slot, event, None);
            }
        });
        None
    }

    fn set(&self, locked: &mut Slot, at: asl::Timestamp, due: Due) {
        let wake = Wake {
            execution: locked.arn(),
            due,
        };
        locked.timers.insert(self.timers.insert(at, wake));
    }

    /// Runs an attempt, once the row that scheduled it is durable; that of a pure module at once,
    /// so that its answer is made durable together with that row.
    fn attempt(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        command: Box<TaskCommand>,
        mut commit: Commit,
    ) {
        let Some(working) = self.attempts.begin() else {
            return;
        };
        let identity = Arc::clone(locked.execution.identity());
        let task = command.task;
        let starts = child::is_start(&command);
        let (shared, owner) = (Arc::clone(self), Arc::downgrade(slot));
        let attempt = tokio::spawn(async move {
            if starts {
                if commit.durable().await.is_ok() {
                    shared.start_for(&owner, &identity, &command).await;
                }
                return;
            }
            let plan = shared.workshop.plan(&identity, &command);
            let beginning = match &plan {
                // A token that somebody may send back is of an attempt that there is.
                Ok(plan) if command.secret.is_none() => plan.beginning(),
                Ok(plan) => plan.beginning().max(Beginning::Scheduled),
                Err(_) => Beginning::Scheduled,
            };
            if beginning >= Beginning::Scheduled && commit.durable().await.is_err() {
                return;
            }
            if beginning == Beginning::Once && !shared.begin_once(&owner, task).await {
                return;
            }
            let (report, usage) = if command.secret.is_some() {
                let beat = shared.beat_of(owner.clone(), task);
                let workshop = &shared.workshop;
                workshop.submit(&identity, &command, plan, beat).await
            } else {
                shared.workshop.run(&identity, &command, plan).await
            };
            let Some(slot) = owner.upgrade() else { return };
            // Taken out first: the step below must not abort the task it runs in.
            lock(&slot).attempts.remove(&task);
            let event = Event::Task {
                task,
                report,
                usage,
            };
            shared.advance(&slot, event, None);
            drop(working);
        });
        if !starts {
            locked.attempts.insert(task, attempt.abort_handle());
        }
    }

    /// Writes down that an attempt begins, so that it never begins again. False when it must not
    /// begin now either.
    async fn begin_once(self: &Arc<Self>, owner: &Weak<Mutex<Slot>>, task: TaskKey) -> bool {
        let Some(slot) = owner.upgrade() else {
            return false;
        };
        let event = Event::Task {
            task,
            report: Report::Begun,
            usage: None,
        };
        let mut begun = self.advance(&slot, event, None);
        drop(slot);
        begun.durable().await.is_ok()
    }

    /// Reports that an attempt was cut off which an earlier process had begun.
    fn interrupted(self: &Arc<Self>, slot: &Arc<Mutex<Slot>>, task: TaskKey) {
        let failure = Failure::new(
            ErrorName::TASK_INTERRUPTED,
            "The server stopped in the middle of this attempt. What the module is granted may \
             have let it do something already, so it is not repeated by itself: retry or catch \
             this error, or deploy the module with --on-interruption retry.",
        );
        let event = Event::Task {
            task,
            report: Report::Failed(failure),
            usage: None,
        };
        let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
        tokio::spawn(async move { shared.advance(&slot, event, None) });
    }

    /// What a guest's heartbeats reach when it works for a Task that waits on after it.
    fn beat_of(self: &Arc<Self>, owner: Weak<Mutex<Slot>>, task: TaskKey) -> OnHeartbeat {
        let clock = Arc::clone(&self.workshop.clock);
        Arc::new(move || {
            let Some(slot) = owner.upgrade() else { return };
            if let Some(vigil) = lock(&slot).vigils.get_mut(&task) {
                vigil.beat(clock.now());
            }
        })
    }

    /// Performs whatever is outstanding of an execution that was just loaded.
    pub(crate) fn act_pending(self: &Arc<Self>, slot: &Arc<Mutex<Slot>>) {
        let mut locked = lock(slot);
        let commit = locked.commit();
        for command in locked.execution.pending() {
            self.perform(slot, &mut locked, command, &commit);
        }
    }
}
