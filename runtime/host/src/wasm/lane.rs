//! Two lanes: an attempt begins on the threads of whoever asks for it, and goes on, once it has
//! shown that it takes long, on threads of its own kind that the system lets wait for all others.
//! A guest that computes for a minute, or for ever, then does not stand in the way of one that
//! computes for a moment. The next attempt of its module begins where this one ended: else a
//! guest that is begun again and again would have the first moments of each.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::Poll;

use asl::ErrorName;
use rustix::process::{Pid, setpriority_process};
use tokio::runtime::{Builder, Handle, Runtime};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use super::limits;
use crate::Outcome;

/// How often the clock found an attempt at work.
#[derive(Clone, Default)]
pub(super) struct Ticks(Arc<AtomicU32>);

impl Ticks {
    /// It was found at work once more.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn are_many(&self) -> bool {
        self.0.load(Relaxed) >= limits::TICKS_OF_SHORT_ATTEMPTS
    }
}

/// How the last attempt of a module went.
#[derive(Default)]
pub(super) struct Habit(AtomicBool);

impl Habit {
    /// An attempt ended. One that the host had to end is taken for one that takes long: what it
    /// costs to end it, a trace of half a megabyte of stack or the memory given back, is no tick.
    pub(super) fn learn(&self, outcome: &Outcome, ticks: &Ticks) {
        let failure = outcome.result.as_ref().err();
        let ended_by_host = failure
            .is_some_and(|failure| ErrorName::reserved_prefix(failure.error_name()).is_some());
        self.0.store(ticks.are_many() || ended_by_host, Relaxed);
    }

    fn is_to_take_long(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// The threads of attempts that take long.
pub(super) struct SlowLane(Option<Runtime>);

impl SlowLane {
    pub(super) fn start() -> std::io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name("wasm-slow")
            .on_thread_start(be_nice)
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Drives an attempt to its end. Dropping the future drops the attempt, at its next tick.
    pub(super) async fn drive<T: Send + 'static>(
        &self,
        mut attempt: Pin<Box<dyn Future<Output = T> + Send>>,
        ticks: &Ticks,
        habit: &Habit,
    ) -> T {
        if !habit.is_to_take_long()
            && let Some(ended) = Self::drive_short(&mut attempt, ticks).await
        {
            return ended;
        }
        let runtime = self.0.as_ref().expect("taken only when it is dropped");
        // Its timers and sockets stay with the runtime of whoever asked.
        let asked_by = Handle::current();
        let there = std::future::poll_fn(move |context| {
            let _entered = asked_by.enter();
            attempt.as_mut().poll(context)
        });
        AbortOnDropJoinHandle::from(runtime.spawn(there)).await
    }

    /// Drives an attempt where it stands, until it has ended or has shown that it takes long.
    async fn drive_short<T>(
        attempt: &mut Pin<Box<dyn Future<Output = T> + Send>>,
        ticks: &Ticks,
    ) -> Option<T> {
        std::future::poll_fn(|context| match attempt.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if ticks.are_many() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // May be dropped by one of its own attempts: nobody waits for the rest.
            runtime.shutdown_background();
        }
    }
}

/// Lets this thread run when others need not. Not being able to is no reason to fail.
pub(super) fn be_nice() {
    let thread = std::fs::read_link("/proc/thread-self").ok();
    let id = thread.and_then(|path| path.file_name()?.to_str()?.parse().ok());
    if let Some(id) = id.and_then(Pid::from_raw)
        && let Err(error) = setpriority_process(Some(id), limits::SLOW_LANE_NICENESS)
    {
        tracing::warn!(%error, "attempts that take long run like all others");
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use asl::{Failure, Payload};

    use super::*;
    use crate::Usage;

    fn thread_name() -> String {
        std::thread::current().name().unwrap_or_default().to_owned()
    }

    #[tokio::test]
    async fn an_attempt_changes_lanes_when_it_took_long() {
        let lane = SlowLane::start().unwrap();
        let ticks = Ticks::default();
        let counted = ticks.clone();
        let attempt = Box::pin(async move {
            let mut names = vec![thread_name()];
            for _ in 0..2 * limits::TICKS_OF_SHORT_ATTEMPTS {
                counted.add();
                tokio::task::yield_now().await;
                names.push(thread_name());
            }
            names
        });
        let names = lane.drive(attempt, &ticks, &Habit::default()).await;
        let moved = names.iter().position(|name| name == "wasm-slow");
        assert_eq!(
            moved,
            Some(limits::TICKS_OF_SHORT_ATTEMPTS as usize),
            "{names:?}"
        );
        assert_eq!(names.last().unwrap(), "wasm-slow");
    }

    #[tokio::test(start_paused = true)]
    async fn the_next_attempt_begins_where_the_last_one_ended() {
        let lane = SlowLane::start().unwrap();
        let habit = Habit::default();
        let (few, many) = (Ticks::default(), Ticks::default());
        for _ in 0..limits::TICKS_OF_SHORT_ATTEMPTS {
            many.add();
        }
        let ended = |error: Option<&str>| Outcome {
            result: error.map_or(Ok(Payload::from_text("1").unwrap()), |error| {
                Err(Failure::named(error))
            }),
            usage: Usage::default(),
            log_tail: String::new(),
        };
        for (error, ticks, is_slow) in [
            (None, &few, false),
            (None, &many, true),
            (Some("OutOfStock"), &few, false),
            (Some("Wasm.Trap"), &few, true),
            (None, &few, false),
        ] {
            habit.learn(&ended(error), ticks);
            let attempt = Box::pin(async {
                // Needs a clock, which is not the slow lane's own.
                tokio::time::sleep(Duration::from_millis(1)).await;
                thread_name()
            });
            let begun_on = lane.drive(attempt, &Ticks::default(), &habit).await;
            assert_eq!(begun_on == "wasm-slow", is_slow, "{error:?} on {begun_on}");
        }
    }
}
