//! A guest's clocks: they begin when the attempt was scheduled, and move on only by what
//! the guest itself does. Two runs of one attempt read the same times.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use asl::Timestamp;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use super::limits;

/// Nanoseconds a guest has lived, by its own count: shared by its two clocks and whatever
/// it waits for.
#[derive(Clone, Default)]
pub(super) struct GuestTime(Arc<AtomicU64>);

/// What reading a clock costs, in nanoseconds.
const STEP: u64 = limits::CLOCK_STEP.as_nanos() as u64;

impl GuestTime {
    /// Reads the time, which costs a step.
    pub(super) fn read(&self) -> u64 {
        self.0.fetch_add(STEP, Relaxed) + STEP
    }

    /// The moment `nanoseconds` from now, saturating.
    pub(super) fn after(&self, nanoseconds: u64) -> u64 {
        self.0.load(Relaxed).saturating_add(nanoseconds)
    }

    /// Waits until `moment`; for as long outside as inside.
    pub(super) async fn wait_until(&self, moment: u64) {
        let rest = moment.saturating_sub(self.0.load(Relaxed));
        if rest == 0 {
            // A guest that polls in a loop still lets others run.
            return tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_nanos(rest)).await;
        self.0.fetch_max(moment, Relaxed);
    }
}

/// The monotonic clock, which begins at zero.
pub(super) struct Monotonic(pub(super) GuestTime);

impl HostMonotonicClock for Monotonic {
    fn resolution(&self) -> u64 {
        STEP
    }

    fn now(&self) -> u64 {
        self.0.read()
    }
}

/// The wall clock, which begins when the attempt was scheduled.
pub(super) struct Wall {
    pub(super) started_at: Timestamp,
    pub(super) time: GuestTime,
}

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        limits::CLOCK_STEP
    }

    fn now(&self) -> Duration {
        epoch_offset(self.started_at).saturating_add(Duration::from_nanos(self.time.read()))
    }
}

/// A moment as WASI tells it; what lies before 1970 it cannot.
pub(super) fn epoch_offset(moment: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(moment.0).unwrap_or(0))
}

/// `wasi:clocks/monotonic-clock` over a [`GuestTime`].
pub(super) struct MonotonicView<'a> {
    pub(super) time: &'a GuestTime,
    pub(super) table: &'a mut ResourceTable,
}

/// Says where a guest's [`MonotonicView`] is.
pub(super) struct HasClock;

impl HasData for HasClock {
    type Data<'a> = MonotonicView<'a>;
}

impl monotonic_clock::Host for MonotonicView<'_> {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.time.read())
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(STEP)
    }

    fn subscribe_instant(&mut self, when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        let deadline = Deadline {
            moment: when,
            time: self.time.clone(),
        };
        let resource = self.table.push(deadline)?;
        subscribe(self.table, resource)
    }

    fn subscribe_duration(&mut self, wait: u64) -> wasmtime::Result<Resource<DynPollable>> {
        self.subscribe_instant(self.time.after(wait))
    }
}

/// A moment a guest waits for.
struct Deadline {
    moment: u64,
    time: GuestTime,
}

#[async_trait::async_trait]
impl Pollable for Deadline {
    async fn ready(&mut self) {
        self.time.wait_until(self.moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_moves_the_clock_by_one_step() {
        let time = GuestTime::default();
        assert_eq!((time.read(), time.read()), (STEP, 2 * STEP));
    }

    #[tokio::test]
    async fn waiting_moves_the_clock_by_what_was_waited() {
        let time = GuestTime::default();
        time.wait_until(3 * STEP).await;
        assert_eq!(time.read(), 4 * STEP);
        time.wait_until(0).await;
        assert_eq!(time.read(), 5 * STEP);
    }
}
