//! Two lanes: an attempt begins on the threads of whoever asks for it, and goes on, once it has
//! shown that it takes long, on threads of its own kind that the system lets wait for all others.
//! A guest that computes for a minute, or for ever, then does not stand in the way of one that
//! computes for a moment.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::Poll;

use rustix::process::{Pid, setpriority_process};
use tokio::runtime::{Builder, Runtime};
use wasmtime_wasi::runtime::AbortOnDropJoinHandle;

use super::limits;

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
        ticks: Ticks,
    ) -> T {
        let ended = std::future::poll_fn(|context| match attempt.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if ticks.are_many() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        if let Some(ended) = ended.await {
            return ended;
        }
        let runtime = self.0.as_ref().expect("taken only when it is dropped");
        AbortOnDropJoinHandle::from(runtime.spawn(attempt)).await
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
    use super::*;

    #[tokio::test]
    async fn an_attempt_changes_lanes_when_it_took_long() {
        let lane = SlowLane::start().unwrap();
        let ticks = Ticks::default();
        let counted = ticks.clone();
        let name = || std::thread::current().name().unwrap_or_default().to_owned();
        let attempt = Box::pin(async move {
            let mut names = vec![name()];
            for _ in 0..2 * limits::TICKS_OF_SHORT_ATTEMPTS {
                counted.add();
                tokio::task::yield_now().await;
                names.push(name());
            }
            names
        });
        let names = lane.drive(attempt, ticks).await;
        let moved = names.iter().position(|name| name == "wasm-slow");
        assert_eq!(
            moved,
            Some(limits::TICKS_OF_SHORT_ATTEMPTS as usize),
            "{names:?}"
        );
        assert_eq!(names.last().unwrap(), "wasm-slow");
    }
}
