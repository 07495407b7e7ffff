//! An Express execution in memory: stepped where it stands, with nothing recorded.

use std::collections::HashMap;
use std::sync::Arc;

use asl::definition::StateMachine;
use asl::history::{Note, Record};
use asl::interpreter::{Command, End, Event, Execution, Identity, MapRunReport, Report, TaskKey};
use asl::{ErrorName, Failure, Payload};
use tokio::task::{AbortHandle, JoinSet};

use crate::attempt::Workshop;
use crate::clock::{Entropy, chance};
use crate::definition::Definition;
use crate::executor::Engine;
use crate::parts::{Observer, Parts, StartRequest, StartedAs};
use crate::watch::{Beginning, Watcher};

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
    /// Nothing is kept, so what was recorded is as durable as it will be.
    fn step(&mut self, execution: &Execution, records: &[Record]) {
        if let Some(observer) = self.observer {
            observer.recorded(execution, records);
        }
        if let Some(watcher) = &mut self.watcher {
            watcher.recorded(records, 1);
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
    pub started_at: asl::Timestamp,
    /// When it ended.
    pub stopped_at: asl::Timestamp,
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
        let entropy = Arc::clone(&self.shared.entropy);
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
        let end = run(
            Arc::clone(&workshop),
            &*entropy,
            seen,
            request.identity,
            machine,
            request.input,
        )
        .await;
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
    mut seen: Seen<'_>,
    identity: Identity,
    machine: Arc<StateMachine>,
    input: Payload,
) -> End {
    let identity = Arc::new(identity);
    let mut execution = Execution::new(machine, Arc::clone(&identity));
    let mut work = Work {
        workshop,
        identity,
        events: JoinSet::new(),
        attempts: HashMap::new(),
    };
    let mut event = Event::Start { input };
    loop {
        let step = execution.step(event, work.workshop.clock.now(), chance(entropy));
        seen.step(&execution, &step.records);
        if let Some(end) = execution.end() {
            return end.clone();
        }
        for command in step.commands {
            work.perform(command);
        }
        event = work.next().await;
    }
}

/// Such a machine is refused at its creation; nobody could call its execution back.
fn cannot_wait() -> Failure {
    Failure::new(
        ErrorName::RUNTIME,
        "An Express execution cannot wait for a callback, an activity or a job.",
    )
}

/// What an Express execution waits for.
struct Work {
    workshop: Arc<Workshop>,
    identity: Arc<Identity>,
    events: JoinSet<Event>,
    /// Those that run, by key; as many as the execution has open.
    attempts: HashMap<TaskKey, AbortHandle>,
}

impl Work {
    fn perform(&mut self, command: Command) {
        match command {
            Command::ScheduleTask(command)
            | Command::OfferTask(command)
            | Command::AwaitTask(command) => {
                let (workshop, identity) = (Arc::clone(&self.workshop), Arc::clone(&self.identity));
                let task = command.task;
                let handle = self.events.spawn(async move {
                    let (report, usage) = match command.secret {
                        None => workshop.run(&identity, &command).await,
                        Some(_) => (Report::Failed(cannot_wait()), None),
                    };
                    Event::Task {
                        task,
                        report,
                        usage,
                    }
                });
                self.attempts.insert(task, handle);
            }
            Command::CancelTask(task) => {
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
            Command::StopMapRun(_) => {}
            Command::StartTimer(timer) => self.sleep(timer.at, Event::Timer(timer)),
            Command::StartDeadline(at) => self.sleep(at, Event::Deadline),
            Command::Continue => {
                self.events.spawn(async { Event::Continue });
            }
        }
    }

    fn sleep(&mut self, at: asl::Timestamp, event: Event) {
        let clock = Arc::clone(&self.workshop.clock);
        self.events.spawn(async move {
            while clock.now() < at {
                clock.sleep_until(at).await;
            }
            event
        });
    }

    /// The next thing that happens. An execution that has not ended waits for something.
    async fn next(&mut self) -> Event {
        loop {
            match self.events.join_next().await {
                Some(Ok(event)) => {
                    if let Event::Task { task, .. } = &event {
                        self.attempts.remove(task);
                    }
                    return event;
                }
                // Cancelled: what it waited for no longer matters.
                Some(Err(_)) => {}
                None => return Event::Continue,
            }
        }
    }
}
