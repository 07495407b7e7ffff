//! The executor: steps an execution, appends what came of it, then acts.
//!
//! A live execution is a [`Slot`] behind a mutex that is never held across an await. Rows
//! are submitted under that mutex, so they reach the journal in order; whoever must not
//! run ahead of the journal waits for the row's commit. Attempts do; timers need not.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use asl::arn::ExecutionArn;
use asl::history;
use asl::interpreter::{
    Command, End, Event, Execution, MapRunCommand, MapRunReport, Step, TaskCommand,
};
use asl::{Failure, Payload};
use journal::{Append, Change, Journal, Opened, Origin, Status};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::attempt::Workshop;
use crate::clock::Entropy;
use crate::opening::{self, Opening};
use crate::parts::{Error, Observer, Parts, StartError, StartRequest, Started, StartedAs};
use crate::slot::Slot;
use crate::story::{Told, tell};
use crate::test_state::Crew;
use crate::timers::{Timers, Wake};

/// Keeps executions going.
pub struct Engine {
    shared: Arc<Shared>,
    timers: JoinHandle<()>,
}

struct Shared {
    journal: Arc<dyn Journal>,
    workshop: Workshop,
    entropy: Arc<dyn Entropy>,
    observer: Option<Arc<dyn Observer>>,
    timers: Arc<Timers>,
    slots: Mutex<HashMap<ExecutionArn, Arc<Mutex<Slot>>>>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.halt();
    }
}

impl Engine {
    /// An engine with no execution yet. Must be called on a tokio runtime.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            journal,
            host,
            modules,
            clock,
            entropy,
            observer,
        } = parts;
        let timers = Arc::new(Timers::default());
        let shared = Arc::new(Shared {
            journal,
            workshop: Workshop {
                host,
                modules,
                clock: Arc::clone(&clock),
            },
            entropy,
            observer,
            timers: Arc::clone(&timers),
            slots: Mutex::default(),
        });
        let weak = Arc::downgrade(&shared);
        let timers = tokio::spawn(timers.run(clock, move |wake| deliver(&weak, wake)));
        Self { shared, timers }
    }

    /// Starts an execution; resolves when its beginning is durable.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(&self, request: StartRequest) -> Result<Started, StartError> {
        let StartRequest {
            identity,
            definition,
            input,
            started_as,
        } = request;
        let arn = identity.execution_arn.clone();
        if let Some(answer) = self.running(&arn, &input).await? {
            return answer;
        }
        definition
            .keep(&*self.shared.journal)
            .await
            .map_err(Error::from)?;
        let opening = Opening {
            identity: identity.clone(),
            definition: definition.digest.to_string(),
            started_as,
        };
        let execution = Execution::new(Arc::clone(&definition.machine), Arc::new(identity));
        let slot = Arc::new(Mutex::new(Slot::beginning(execution, input.clone())));
        if self.shared.claim(&arn, &slot) {
            return self.begin(&slot, opening, input).await;
        }
        // Another start of this name won meanwhile: its input decides.
        self.running(&arn, &input).await?.unwrap_or_else(|| {
            let why = "another start of the same name was not recorded";
            Err(Error::Interrupted(why.into()).into())
        })
    }

    async fn begin(
        &self,
        slot: &Arc<Mutex<Slot>>,
        opening: Opening,
        input: Payload,
    ) -> Result<Started, StartError> {
        let mut commit = self
            .shared
            .advance(slot, Event::Start { input }, Some(&opening));
        committed(&mut commit).await.map_err(Error::Interrupted)?;
        Ok(Started {
            is_new: true,
            started_at: lock(slot).execution.started_at(),
        })
    }

    /// What a start of a name that is taken is answered.
    async fn running(
        &self,
        arn: &ExecutionArn,
        input: &Payload,
    ) -> Result<Option<Result<Started, StartError>>, Error> {
        let exists = |status| {
            Err(StartError::Exists {
                execution: arn.clone(),
                status,
            })
        };
        let running = |execution: &Execution| {
            Ok(Started {
                is_new: false,
                started_at: execution.started_at(),
            })
        };
        let live = self.shared.slots().get(arn).cloned();
        if let Some(slot) = live {
            let mut begun = match lock(&slot) {
                slot if slot.given.value() == input.value() => slot.begun.subscribe(),
                _ => return Ok(Some(exists(Status::Running))),
            };
            committed(&mut begun).await.map_err(Error::Interrupted)?;
            return Ok(Some(running(&lock(&slot).execution)));
        }
        match self.shared.journal.summary(arn) {
            Err(journal::Error::NoSuchExecution(_)) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(summary) if summary.status != Status::Running => Ok(Some(exists(summary.status))),
            Ok(_) => {
                let execution = self.tell(arn)?.replay();
                Ok(Some(match execution.input().value() == input.value() {
                    true => running(&execution),
                    false => exists(Status::Running),
                }))
            }
        }
    }

    /// Takes up every execution that has not ended, and answers how many.
    ///
    /// # Errors
    /// The journal's; an execution whose rows are damaged is left alone and logged.
    pub fn recover(&self) -> Result<usize, Error> {
        let mut open = Vec::new();
        self.shared.journal.open_rows(&mut |row| {
            if row.is_last {
                open.push(row.execution.clone());
            }
            true
        })?;
        let mut resumed = 0;
        for arn in open {
            match self.resume(&arn) {
                Ok(()) => resumed += 1,
                Err(error @ Error::Damaged(_)) => tracing::error!(%arn, %error, "left alone"),
                Err(error) => return Err(error),
            }
        }
        Ok(resumed)
    }

    /// Takes up one execution where the journal left it. One that runs or has ended is
    /// left as it is.
    ///
    /// # Errors
    /// [`Error`].
    pub fn resume(&self, arn: &ExecutionArn) -> Result<(), Error> {
        if let Some(slot) = self.take_up(arn)? {
            self.shared.act_pending(&slot);
        }
        Ok(())
    }

    /// Loads an execution that has not ended into a slot, unless it has one.
    fn take_up(&self, arn: &ExecutionArn) -> Result<Option<Arc<Mutex<Slot>>>, Error> {
        if self.shared.slots().contains_key(arn) {
            return Ok(None);
        }
        let told = self.tell(arn)?;
        let execution = told.replay();
        if execution.end().is_some() {
            return Ok(None);
        }
        let slot = Arc::new(Mutex::new(Slot::resumed(execution, told.rows)));
        self.shared.slots().insert(arn.clone(), Arc::clone(&slot));
        Ok(Some(slot))
    }

    /// Stops an execution; resolves when that is durable. One that has ended is left.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn stop(&self, arn: &ExecutionArn, failure: Failure) -> Result<(), Error> {
        self.take_up(arn)?;
        let live = self.shared.slots().get(arn).cloned();
        let Some(slot) = live else { return Ok(()) };
        let mut commit = self.shared.advance(&slot, Event::Stop(failure), None);
        committed(&mut commit).await.map_err(Error::Interrupted)
    }

    /// Resolves when the execution has ended and that is durable.
    ///
    /// # Errors
    /// [`Error`]; [`journal::Error::NoSuchExecution`] when there is none.
    pub async fn wait(&self, arn: &ExecutionArn) -> Result<End, Error> {
        let live = self.shared.slots().get(arn).cloned();
        if let Some(slot) = live {
            let mut outcome = lock(&slot).outcome.subscribe();
            drop(slot);
            let ended = outcome.wait_for(Option::is_some).await;
            if let Some(outcome) = ended.ok().and_then(|outcome| outcome.clone()) {
                return outcome.map_err(Error::Interrupted);
            }
        }
        let end = self.tell(arn)?.replay().end().cloned();
        end.ok_or_else(|| Error::Interrupted("it is not going on here".into()))
    }

    /// The whole story of an execution, as it is stored.
    ///
    /// # Errors
    /// [`Error`].
    pub fn tell(&self, arn: &ExecutionArn) -> Result<Told, Error> {
        tell(&*self.shared.journal, arn)
    }

    /// Whom a test of one state may need: those who work for executions.
    pub fn crew(&self) -> Crew {
        let shared = &self.shared;
        Crew {
            host: Arc::clone(&shared.workshop.host),
            modules: Arc::clone(&shared.workshop.modules),
            clock: Arc::clone(&shared.workshop.clock),
            entropy: Arc::clone(&shared.entropy),
        }
    }

    /// Stops going on, and resolves when everything that was recorded is durable.
    ///
    /// # Errors
    /// The journal's.
    pub async fn close(&self) -> Result<(), Error> {
        self.halt();
        self.shared.journal.close().await?;
        Ok(())
    }

    /// Ends attempts and timers; what they were for is in the journal.
    fn halt(&self) {
        self.timers.abort();
        self.shared.slots().clear();
    }
}

/// The fate of a row: nothing yet, durable, or refused and why.
type Commit = watch::Receiver<Option<Result<(), String>>>;

async fn committed(commit: &mut Commit) -> Result<(), String> {
    match commit.wait_for(Option::is_some).await {
        Ok(fate) => fate.clone().unwrap_or(Ok(())),
        Err(_) => Err("the engine was shut down".into()),
    }
}

fn lock(slot: &Mutex<Slot>) -> MutexGuard<'_, Slot> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

fn deliver(shared: &Weak<Shared>, wake: Wake) {
    let Some(shared) = shared.upgrade() else {
        return;
    };
    let slot = shared.slots().get(&wake.execution).cloned();
    if let Some(slot) = slot {
        shared.advance(&slot, wake.event, None);
    }
}

impl Shared {
    fn slots(&self) -> MutexGuard<'_, HashMap<ExecutionArn, Arc<Mutex<Slot>>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an execution's place, unless another start has it.
    fn claim(&self, arn: &ExecutionArn, slot: &Arc<Mutex<Slot>>) -> bool {
        match self.slots().entry(arn.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(vacant) => {
                vacant.insert(Arc::clone(slot));
                true
            }
        }
    }

    /// One step: the event in, the row out, the commands on their way.
    fn advance(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        event: Event,
        opening: Option<&Opening>,
    ) -> Commit {
        let mut locked = lock(slot);
        let (fate, commit) = watch::channel(None);
        if locked.failed {
            fate.send_replace(Some(Err("its journal could not be written".into())));
            return commit;
        }
        let step = locked
            .execution
            .step(event, self.workshop.clock.now(), self.entropy.draw());
        if let Some(observer) = &self.observer {
            observer.recorded(&locked.execution, &step.records);
        }
        if step.records.is_empty() {
            fate.send_replace(Some(Ok(())));
        } else {
            self.append(slot, &mut locked, &step, opening, fate);
        }
        for command in step.commands {
            self.perform(slot, &mut locked, command, &commit);
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
        fate: watch::Sender<Option<Result<(), String>>>,
    ) {
        let records = match opening {
            Some(opening) => opening::encode(opening, &step.records),
            None => history::encode(&step.records),
        };
        let change = change(&locked.execution, opening, self.workshop.clock.now());
        let sequence = locked.sequence;
        locked.sequence += 1;
        let end = locked.execution.end().cloned();
        let durable = self.journal.append(Append {
            execution: locked.arn(),
            sequence,
            records,
            change,
        });
        let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
        let opens = opening.is_some();
        tokio::spawn(async move {
            let outcome = durable.await.map_err(|error| error.to_string());
            if opens {
                lock(&slot).begun.send_replace(Some(outcome.clone()));
            }
            if let Err(why) = &outcome {
                shared.interrupt(&slot, why);
                if opens {
                    // There is no such execution: the name may be tried again.
                    let arn = lock(&slot).arn();
                    shared.slots().remove(&arn);
                }
            } else if let Some(end) = end {
                shared.finish(&slot, end);
            }
            fate.send_replace(Some(outcome));
        });
    }

    /// The execution ended, durably.
    fn finish(&self, slot: &Mutex<Slot>, end: End) {
        let locked = lock(slot);
        let arn = locked.arn();
        locked.outcome.send_replace(Some(Ok(end)));
        drop(locked);
        self.slots().remove(&arn);
    }

    /// A row was refused: the execution goes no further in this process.
    fn interrupt(&self, slot: &Mutex<Slot>, why: &str) {
        let mut locked = lock(slot);
        tracing::error!(execution = %locked.arn(), why, "the journal refused a row");
        locked.failed = true;
        for attempt in std::mem::take(&mut locked.attempts).into_values() {
            attempt.abort();
        }
        locked.outcome.send_replace(Some(Err(why.to_owned())));
    }

    fn perform(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        command: Command,
        commit: &Commit,
    ) {
        match command {
            Command::ScheduleTask(task) => self.attempt(slot, locked, task, commit.clone()),
            Command::CancelTask(task) => {
                if let Some(attempt) = locked.attempts.remove(&task) {
                    attempt.abort();
                }
            }
            Command::StartMapRun(command) => {
                let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
                let report = map_run_refused(&command);
                tokio::spawn(async move { shared.advance(&slot, report, None) });
            }
            Command::StopMapRun(_) => {}
            Command::StartTimer(timer) => {
                let wake = Wake {
                    execution: locked.arn(),
                    event: Event::Timer(timer),
                };
                self.timers.insert(timer.at, wake);
            }
            Command::StartDeadline(at) => {
                self.timers.insert(
                    at,
                    Wake {
                        execution: locked.arn(),
                        event: Event::Deadline,
                    },
                );
            }
            Command::Continue => {
                let (shared, slot) = (Arc::clone(self), Arc::clone(slot));
                tokio::spawn(async move { shared.advance(&slot, Event::Continue, None) });
            }
        }
    }

    /// Runs an attempt, once the row that scheduled it is durable.
    fn attempt(
        self: &Arc<Self>,
        slot: &Arc<Mutex<Slot>>,
        locked: &mut Slot,
        command: Box<TaskCommand>,
        mut commit: Commit,
    ) {
        let identity = Arc::clone(locked.execution.identity());
        let task = command.task;
        let (shared, owner) = (Arc::clone(self), Arc::downgrade(slot));
        let attempt = tokio::spawn(async move {
            if committed(&mut commit).await.is_err() {
                return;
            }
            let (report, usage) = shared.workshop.run(&identity, &command).await;
            let Some(slot) = owner.upgrade() else { return };
            // Taken out first: the step below must not abort the task it runs in.
            lock(&slot).attempts.remove(&task);
            shared.advance(
                &slot,
                Event::Task {
                    task,
                    report,
                    usage,
                },
                None,
            );
        });
        locked.attempts.insert(task, attempt.abort_handle());
    }

    /// Performs whatever is outstanding of an execution that was just loaded.
    fn act_pending(self: &Arc<Self>, slot: &Arc<Mutex<Slot>>) {
        let mut locked = lock(slot);
        let (fate, commit) = watch::channel(Some(Ok(())));
        for command in locked.execution.pending() {
            self.perform(slot, &mut locked, command, &commit);
        }
        drop(fate);
    }
}

/// What an execution is listed under beside its state machine.
fn origin(started_as: &StartedAs) -> Origin {
    let shared = |arn: &Option<String>| arn.as_deref().map(Into::into);
    Origin {
        version: shared(&started_as.version_arn),
        alias: shared(&started_as.alias_arn),
        ..Origin::default()
    }
}

/// Nothing here runs Map Runs yet: the state fails and says so.
fn map_run_refused(command: &MapRunCommand) -> Event {
    let cause = "This runtime does not run a Map in DISTRIBUTED mode yet.";
    let failure = Failure::new(asl::ErrorName::RUNTIME, cause);
    Event::MapRun {
        run: command.run,
        report: MapRunReport::Failed(failure),
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
