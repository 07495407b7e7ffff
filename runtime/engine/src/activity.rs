//! Activities: tasks that wait for workers to ask for them.
//!
//! The queues are what executions offer, in the order in which they offer it: nothing of them
//! is stored, and a restart finds the same offers in the executions. First come, first served,
//! on both sides of a queue.
//!
//! Source: AWS, GetActivityTask; "Quotas related to API action throttling".

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::{Command, Event, Report, TaskCommand, TaskKey, TaskToken};
use tokio::sync::Semaphore;

use crate::executor::Engine;
use crate::shared::Shared;
use crate::slot::lock;

/// Workers that may wait for one activity at once (AWS).
pub const POLLERS_MAX: usize = 1_000;

/// A task that a worker took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityTask {
    /// Its token: how the worker says what came of it.
    pub token: String,
    /// Its input.
    pub input: Payload,
}

/// Why a worker may not wait for a task: as many wait already as may. AWS's
/// `ActivityWorkerLimitExceeded`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{POLLERS_MAX} workers wait for this activity already")]
pub struct TooManyPollers;

/// The queues of all activities, by ARN. A queue lives while something is offered or someone
/// waits.
#[derive(Default)]
pub(crate) struct Queues(Mutex<HashMap<Arc<str>, Arc<Queue>>>);

/// What one activity offers, and who waits for it.
struct Queue {
    offers: Mutex<Offers>,
    /// As many permits as offers; whoever waits longest gets the next.
    ready: Semaphore,
    pollers: AtomicUsize,
}

#[derive(Default)]
struct Offers {
    by_arrival: BTreeMap<i64, Offer>,
    arrivals: i64,
}

/// A task that no worker has.
#[derive(Clone, Debug)]
struct Offer {
    execution: ExecutionArn,
    task: TaskKey,
}

/// Where an offer stands, so that it can be withdrawn.
#[derive(Clone, Debug)]
pub(crate) struct OfferPlace {
    activity: Arc<str>,
    arrival: i64,
}

impl Queues {
    fn all(&self) -> MutexGuard<'_, HashMap<Arc<str>, Arc<Queue>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, activity: &str) -> Arc<Queue> {
        let mut all = self.all();
        if let Some(queue) = all.get(activity) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue {
            offers: Mutex::default(),
            ready: Semaphore::new(0),
            pollers: AtomicUsize::new(0),
        });
        all.insert(activity.into(), Arc::clone(&queue));
        queue
    }

    /// Offers a task.
    pub(crate) fn offer(&self, execution: ExecutionArn, command: &TaskCommand) -> OfferPlace {
        let task = command.task;
        let queue = self.of(&command.resource);
        OfferPlace {
            activity: Arc::clone(&command.resource),
            arrival: queue.push(Offer { execution, task }),
        }
    }

    /// Takes back what no worker has taken yet.
    pub(crate) fn withdraw(&self, place: &OfferPlace) {
        let queue = self.of(&place.activity);
        if queue.offers().by_arrival.remove(&place.arrival).is_some() {
            // Should a worker have the permit already, it finds nothing and waits again.
            queue.ready.forget_permits(1);
        }
        drop(queue);
        self.sweep(&place.activity);
    }

    /// Forgets a queue that nobody needs.
    fn sweep(&self, activity: &str) {
        let mut all = self.all();
        let idle = |queue: &Arc<Queue>| {
            Arc::strong_count(queue) == 1 && queue.offers().by_arrival.is_empty()
        };
        if all.get(activity).is_some_and(idle) {
            all.remove(activity);
        }
    }
}

impl Queue {
    fn offers(&self) -> MutexGuard<'_, Offers> {
        self.offers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, offer: Offer) -> i64 {
        let mut offers = self.offers();
        offers.arrivals += 1;
        let arrival = offers.arrivals;
        offers.by_arrival.insert(arrival, offer);
        self.ready.add_permits(1);
        arrival
    }

    /// Puts an offer before all others: the worker who took it went away.
    fn push_front(&self, offer: Offer) -> i64 {
        let mut offers = self.offers();
        let first = offers.by_arrival.first_key_value();
        let before = first.map_or(0, |(arrival, _)| (*arrival).min(1) - 1);
        offers.by_arrival.insert(before, offer);
        self.ready.add_permits(1);
        before
    }

    /// The next offer, when it is this caller's turn.
    async fn next(&self) -> Option<Offer> {
        let permit = self.ready.acquire().await.ok()?;
        permit.forget();
        let first = self.offers().by_arrival.pop_first();
        first.map(|(_, offer)| offer)
    }
}

/// A worker's place among those that wait.
struct Poller<'q> {
    queues: &'q Queues,
    activity: &'q str,
    /// Let go of before the queue is swept.
    queue: Option<Arc<Queue>>,
}

impl<'q> Poller<'q> {
    fn join(queues: &'q Queues, activity: &'q str) -> Result<(Self, Arc<Queue>), TooManyPollers> {
        let queue = queues.of(activity);
        let poller = Self {
            queues,
            activity,
            queue: Some(Arc::clone(&queue)),
        };
        if queue.pollers.fetch_add(1, Ordering::Relaxed) >= POLLERS_MAX {
            return Err(TooManyPollers);
        }
        Ok((poller, queue))
    }
}

impl Drop for Poller<'_> {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            queue.pollers.fetch_sub(1, Ordering::Relaxed);
        }
        self.queues.sweep(self.activity);
    }
}

/// A task on its way to a worker. Dropped before it arrives, it is offered again, first of all.
struct Handover<'s> {
    shared: &'s Shared,
    queue: Arc<Queue>,
    activity: Arc<str>,
    offer: Option<Offer>,
}

impl Handover<'_> {
    fn arrive(mut self) {
        self.offer = None;
    }
}

impl Drop for Handover<'_> {
    fn drop(&mut self) {
        let Some(offer) = self.offer.take() else {
            return;
        };
        let Some(slot) = self.shared.live(&offer.execution) else {
            return;
        };
        let mut locked = lock(&slot);
        if locked.execution.is_open(offer.task) {
            let place = OfferPlace {
                activity: Arc::clone(&self.activity),
                arrival: self.queue.push_front(offer.clone()),
            };
            locked.offers.insert(offer.task, place);
        }
    }
}

impl Engine {
    /// Waits for a task of this activity, at most for `patience`, and takes it for a worker.
    /// Resolves when ActivityStarted is durable. Tasks and workers are both served in the
    /// order in which they came.
    ///
    /// A caller that goes away, which drops the future, loses nothing: its task is given to
    /// the next worker. Whether the activity exists is for the caller to know.
    ///
    /// # Errors
    /// [`TooManyPollers`].
    pub async fn activity_task(
        &self,
        activity_arn: &str,
        worker: Option<&str>,
        patience: Duration,
    ) -> Result<Option<ActivityTask>, TooManyPollers> {
        let (_poller, queue) = Poller::join(&self.shared.queues, activity_arn)?;
        let milliseconds = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let clock = &self.shared.workshop.clock;
        let until = clock.now().plus_milliseconds(milliseconds);
        let activity: Arc<str> = activity_arn.into();
        let patience = async {
            while clock.now() < until {
                clock.sleep_until(until).await;
            }
        };
        tokio::select! {
            biased;
            task = self.next_task(&activity, &queue, worker) => Ok(Some(task)),
            () = patience => Ok(None),
            () = self.shared.attempts.retired() => Ok(None),
        }
    }

    /// The next task that is still wanted.
    async fn next_task(
        &self,
        activity: &Arc<str>,
        queue: &Arc<Queue>,
        worker: Option<&str>,
    ) -> ActivityTask {
        loop {
            let Some(offer) = queue.next().await else {
                continue;
            };
            let handover = Handover {
                shared: &self.shared,
                queue: Arc::clone(queue),
                activity: Arc::clone(activity),
                offer: Some(offer.clone()),
            };
            let task = self.shared.hand_over(&offer, worker).await;
            handover.arrive();
            if let Some(task) = task {
                return task;
            }
        }
    }
}

impl Shared {
    /// Records that a worker takes a task; nothing when nobody waits for the task any more.
    /// One that was taken for a worker who went away is not recorded twice.
    async fn hand_over(
        self: &Arc<Self>,
        Offer { execution, task }: &Offer,
        worker: Option<&str>,
    ) -> Option<ActivityTask> {
        let (mut commit, taken) = {
            let slot = self.live(execution)?;
            let mut locked = lock(&slot);
            locked.offers.remove(task);
            let event = Event::Task {
                task: *task,
                report: Report::Taken {
                    worker: worker.map(Into::into),
                },
                usage: None,
            };
            let commit = self.step(&slot, &mut locked, event, None);
            (commit, locked.execution.open_task(*task))
        };
        let Some(Command::AwaitTask(command)) = taken else {
            return None;
        };
        if let Err(why) = commit.durable().await {
            // That execution goes no further here.
            tracing::warn!(%execution, why, "a task could not be handed over");
            return None;
        }
        let token = TaskToken {
            execution: execution.clone(),
            task: *task,
            secret: command.secret?,
        };
        Some(ActivityTask {
            token: token.to_string(),
            input: command.input,
        })
    }
}
