//! An Express execution in memory: stepped where it stands, with nothing recorded.
//!
//! It is awaited ([`Engine::run_express`]), or started and left to itself (`asynchronous`).

mod asynchronous;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use asl::definition::StateMachine;
use asl::history::{Note, Record};
use asl::interpreter::{
    Command, End, Event, Execution, Identity, MapRunReport, Report, TaskCommand, TaskKey,
};
use asl::{ErrorName, Failure, Payload, Timestamp};
use tokio::task::{AbortHandle, JoinSet};

use crate::attempt::Workshop;
use crate::child;
use crate::clock::{Entropy, chance};
use crate::definition::Definition;
use crate::executor::Engine;
use crate::mock::Mocks;
use crate::parts::{Observer, Parts, StartRequest, StartedAs};
use crate::shared::Shared;
use crate::watch::{Beginning, Watcher};

pub(crate) use asynchronous::Running;

/// Runs an Express execution to its end. Dropping the future ends its attempts.
pub async fn run_express(
    parts: Parts,
    identity: Identity,
    definition: &Definition,
    input: Payload,
) -> End {
    let Parts {
        host,
        modules,
        clock,
        entropy,
        observer,
        services,
        ..
    } = parts;
    let workshop = Arc::new(Workshop {
        host,
        modules,
        clock,
        services,
    });
    let machine = Arc::clone(&definition.machine);
    let observer = observer.as_deref();
    let watcher = observer.and_then(|observer| {
        observer.watch(&Beginning {
            identity: &identity,
            started_as: &StartedAs::default(),
            past: &[],
        })
    });
    let seen = Seen { observer, watcher };
    run(workshop, &*entropy, seen, identity, machine, input).await
}

/// Who is told of an execution's steps.
pub(crate) struct Seen<'a> {
    pub(crate) observer: Option<&'a dyn Observer>,
    pub(crate) watcher: Option<Box<dyn Watcher>>,
}

impl Seen<'_> {
    fn recorded(&mut self, execution: &Execution, records: &[Record]) {
        if let Some(observer) = self.observer {
            observer.recorded(execution, records);
        }
        if let Some(watcher) = &mut self.watcher {
            watcher.recorded(records, 1);
        }
    }

    /// Nothing is kept, so what was recorded is as durable as it will be.
    fn durable(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            watcher.durable(1);
        }
    }
}

/// How an Express execution ended, and what it took.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How it ended.
    pub end: End,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub stopped_at: Timestamp,
    /// The most memory that one of its Tasks had, in bytes.
    pub memory_bytes_peak: u64,
}

/// The most memory that any attempt had, as the records tell.
#[derive(Debug, Default)]
struct Peak(std::sync::atomic::AtomicU64);

impl Observer for Peak {
    fn recorded(&self, _: &Execution, records: &[Record]) {
        for record in records {
            if let Record::Note(Note::Used { usage, .. }) = record {
                let bytes = usage.memory_bytes_peak;
                self.0
                    .fetch_max(bytes, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}

impl Engine {
    /// Runs an Express execution to its end, in memory: nothing of it is recorded. Dropping
    /// the future ends its attempts.
    pub async fn run_express(&self, request: StartRequest) -> Ended {
        let workshop = Arc::clone(&self.shared.workshop);
        let started_at = workshop.clock.now();
        let machine = Arc::clone(&request.definition.machine);
        let peak = Peak::default();
        let seen = Seen {
            observer: Some(&peak),
            watcher: self.shared.watcher(&Beginning {
                identity: &request.identity,
                started_as: &request.started_as,
                past: &[],
            }),
        };
        let run = Run::new(Arc::clone(&workshop), seen, request.identity, machine)
            .within(&self.shared, request.started_as.mocks);
        let end = run.carry_out(&*self.shared.entropy, request.input).await;
        Ended {
            end,
            started_at,
            stopped_at: workshop.clock.now(),
            memory_bytes_peak: peak.0.into_inner(),
        }
    }
}

/// The same, with an engine's own parts.
pub(crate) async fn run(
    workshop: Arc<Workshop>,
    entropy: &dyn Entropy,
    seen: Seen<'_>,
    identity: Identity,
    machine: Arc<StateMachine>,
    input: Payload,
) -> End {
    let run = Run::new(workshop, seen, identity, machine);
    run.carry_out(entropy, input).await
}

/// An Express execution that goes on in memory.
pub(crate) struct Run<'a> {
    execution: Execution,
    work: Work,
    seen: Seen<'a>,
    /// What the last step asked for.
    commands: Vec<Command>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        workshop: Arc<Workshop>,
        seen: Seen<'a>,
        identity: Identity,
        machine: Arc<StateMachine>,
    ) -> Self {
        let identity = Arc::new(identity);
        Self {
            execution: Execution::new(machine, Arc::clone(&identity)),
            work: Work {
                workshop,
                identity,
                here: None,
                deadline: None,
                events: JoinSet::new(),
                attempts: HashMap::new(),
                mocks: None,
                starter: None,
            },
            seen,
            commands: Vec::new(),
        }
    }

    /// The same, whose Tasks may start executions, and answer as this test says.
    pub(crate) fn within(mut self, starter: &Arc<Shared>, mocks: Option<Arc<Mocks>>) -> Self {
        self.work.starter = Some(Arc::clone(starter));
        self.work.mocks = mocks;
        self
    }

    async fn carry_out(mut self, entropy: &dyn Entropy, input: Payload) -> End {
        match self.begin(entropy, input) {
            Some(end) => {
                self.seen.durable();
                end
            }
            None => self.go_on(entropy).await,
        }
    }

    /// The first step: how it ended, if it did. Nothing is done before [`Self::go_on`].
    fn begin(&mut self, entropy: &dyn Entropy, input: Payload) -> Option<End> {
        self.step(entropy, Event::Start { input })
    }

    /// Goes on to the end.
    async fn go_on(mut self, entropy: &dyn Entropy) -> End {
        loop {
            self.seen.durable();
            for command in std::mem::take(&mut self.commands) {
                self.work.perform(command);
            }
            let event = self.work.next().await;
            if let Some(end) = self.step(entropy, event) {
                self.seen.durable();
                return end;
            }
        }
    }

    fn step(&mut self, entropy: &dyn Entropy, event: Event) -> Option<End> {
        let now = self.work.workshop.clock.now();
        let step = self.execution.step(event, now, chance(entropy));
        self.seen.recorded(&self.execution, &step.records);
        self.commands = step.commands;
        self.execution.end().cloned()
    }
}

/// Such a machine is refused at its creation; nobody could call its execution back.
fn cannot_wait() -> Failure {
    Failure::new(
        ErrorName::RUNTIME,
        "An Express execution cannot wait for a callback, an activity or a job.",
    )
}

/// Something that an execution waits for.
type Awaited<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What an Express execution waits for.
struct Work {
    workshop: Arc<Workshop>,
    identity: Arc<Identity>,
    /// An attempt that was the only one when it began: it is carried out where the execution
    /// stands. A short one then costs no task, no thread is woken, and no timer is set.
    here: Option<(TaskKey, Awaited<Event>)>,
    /// When the execution's time is up, and the wait for it.
    deadline: Option<(Timestamp, Awaited<()>)>,
    /// Timers, and the attempts beside that one.
    events: JoinSet<Event>,
    /// Those of them that run, by key; as many as the execution has open.
    attempts: HashMap<TaskKey, AbortHandle>,
    /// What its Tasks answer, if it is a test.
    mocks: Option<Arc<Mocks>>,
    /// Who starts what its Tasks want started, if anyone can.
    starter: Option<Arc<Shared>>,
}

impl Work {
    fn perform(&mut self, command: Command) {
        match command {
            Command::ScheduleTask(command)
            | Command::OfferTask(command)
            | Command::AwaitTask(command) => {
                let task = command.task;
                let attempt = self.attempt(command);
                if self.here.is_none() && self.attempts.is_empty() {
                    self.here = Some((task, Box::pin(attempt)));
                } else {
                    self.attempts.insert(task, self.events.spawn(attempt));
                }
            }
            Command::CancelTask(task) => {
                self.here.take_if(|(here, _)| *here == task);
                if let Some(attempt) = self.attempts.remove(&task) {
                    attempt.abort();
                }
            }
            // An Express machine may not have a Map in DISTRIBUTED mode; validation says so.
            Command::StartMapRun(command) => {
                let cause = "An Express execution cannot run a Map in DISTRIBUTED mode.";
                let failure = Failure::new(ErrorName::RUNTIME, cause);
                let report = MapRunReport::Failed(failure);
                let run = command.run;
                self.events
                    .spawn(async move { Event::MapRun { run, report } });
            }
            // An Express execution is never taken up: it begins again.
            Command::StopMapRun(_) | Command::InterruptTask(_) => {}
            Command::StartTimer(timer) => {
                let sleeping = self.until(timer.at);
                self.events.spawn(async move {
                    sleeping.await;
                    Event::Timer(timer)
                });
            }
            Command::StartDeadline(at) => self.deadline = Some((at, Box::pin(self.until(at)))),
            Command::Continue => {
                self.events.spawn(async { Event::Continue });
            }
        }
    }

    /// One attempt, and what it came to.
    fn attempt(&self, command: Box<TaskCommand>) -> impl Future<Output = Event> + Send + use<> {
        let (workshop, identity) = (Arc::clone(&self.workshop), Arc::clone(&self.identity));
        let mocks = self.mocks.as_ref();
        let mocked = mocks.and_then(|all| all.answer(&command.state_name, command.retry_count));
        let starter = self.starter.clone().filter(|_| child::is_start(&command));
        async move {
            let report = |answer: Result<Payload, Failure>| {
                (answer.map_or_else(Report::Failed, Report::Succeeded), None)
            };
            let (report, usage) = match (mocked, starter) {
                (Some(answer), _) => report(answer),
                _ if command.secret.is_some() => report(Err(cannot_wait())),
                (None, Some(shared)) => {
                    let started = shared.start_child(&identity, &command).await;
                    report(started.map(|(_, answer)| answer))
                }
                (None, None) => {
                    let plan = workshop.plan(&identity, &command);
                    workshop.run(&identity, &command, plan).await
                }
            };
            Event::Task {
                task: command.task,
                report,
                usage,
            }
        }
    }

    fn until(&self, at: Timestamp) -> impl Future<Output = ()> + Send + use<> {
        let clock = Arc::clone(&self.workshop.clock);
        async move {
            while clock.now() < at {
                clock.sleep_until(at).await;
            }
        }
    }

    /// The next thing that happens. An execution that has not ended waits for something.
    async fn next(&mut self) -> Event {
        // A machine may go round without ever having to wait: others have their turn all the
        // same, and its time passes.
        tokio::task::consume_budget().await;
        let now = self.workshop.clock.now();
        if self.deadline.take_if(|(at, _)| now >= *at).is_some() {
            return Event::Deadline;
        }
        tokio::select! {
            // In this order, so that a short attempt looks at nothing else.
            biased;
            event = awaited(self.here.as_mut().map(|(_, attempt)| attempt)) => {
                self.here = None;
                event
            }
            event = next_of(&mut self.events, &mut self.attempts) => event,
            () = awaited(self.deadline.as_mut().map(|(_, passing)| passing)) => {
                self.deadline = None;
                Event::Deadline
            }
        }
    }
}

/// Its outcome; never, when there is nothing to wait for.
async fn awaited<T>(what: Option<&mut Awaited<T>>) -> T {
    match what {
        Some(what) => what.await,
        None => std::future::pending().await,
    }
}

/// The next event of timers and attempts; never, when there are none.
async fn next_of(
    events: &mut JoinSet<Event>,
    attempts: &mut HashMap<TaskKey, AbortHandle>,
) -> Event {
    // Those that were cancelled no longer matter.
    while let Some(joined) = events.join_next().await {
        let Ok(event) = joined else { continue };
        if let Event::Task { task, .. } = &event {
            attempts.remove(task);
        }
        return event;
    }
    std::future::pending().await
}
