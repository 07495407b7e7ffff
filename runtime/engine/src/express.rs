//! An Express execution in memory: stepped where it stands, with nothing recorded.

use std::collections::HashMap;
use std::sync::Arc;

use asl::interpreter::{Command, End, Event, Execution, Identity, MapRunReport, Report, TaskKey};
use asl::{ErrorName, Failure, Payload};
use tokio::task::{AbortHandle, JoinSet};

use crate::attempt::Workshop;
use crate::clock::chance;
use crate::definition::Definition;
use crate::parts::Parts;

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
    let identity = Arc::new(identity);
    let mut execution = Execution::new(Arc::clone(&definition.machine), Arc::clone(&identity));
    let mut work = Work {
        workshop,
        identity,
        events: JoinSet::new(),
        attempts: HashMap::new(),
    };
    let mut event = Event::Start { input };
    loop {
        let step = execution.step(event, work.workshop.clock.now(), chance(&*entropy));
        if let Some(observer) = &observer {
            observer.recorded(&execution, &step.records);
        }
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
