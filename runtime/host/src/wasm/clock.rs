//! A guest's clocks: they begin when the attempt was scheduled, and move on only by what
//! the guest itself does. Two runs of one attempt read the same times; but for a guest that
//! is granted the real time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

use asl::Timestamp;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::clocks::monotonic_clock;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use super::limits;

/// Nanoseconds a guest has lived: shared by its two clocks and whatever it waits for.
#[derive(Clone)]
pub(super) struct GuestTime {
    /// What its wall clock showed when its life began.
    begun: Duration,
    moves: Moves,
}

/// What moves a guest's clocks.
#[derive(Clone)]
enum Moves {
    /// The guest itself.
    Own(Arc<AtomicU64>),
    /// The world, since this moment.
    Real(Instant),
}

/// What reading a clock costs, in nanoseconds.
const STEP: u64 = limits::CLOCK_STEP.as_nanos() as u64;

impl GuestTime {
    /// A time that the guest makes itself, from the moment its attempt was scheduled.
    pub(super) fn own(started_at: Timestamp) -> Self {
        Self {
            // What lies before 1970 WASI cannot tell.
            begun: Duration::from_millis(u64::try_from(started_at.0).unwrap_or(0)),
            moves: Moves::Own(Arc::default()),
        }
    }

    /// The real time, from now on.
    pub(super) fn real() -> Self {
        let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self {
            begun: begun.unwrap_or_default(),
            moves: Moves::Real(Instant::now()),
        }
    }

    /// What the wall clock showed at the beginning, as WASI tells it.
    pub(super) fn begun(&self) -> Duration {
        self.begun
    }

    /// Reads the time, which costs a step of one that the guest makes itself.
    pub(super) fn read(&self) -> u64 {
        match &self.moves {
            Moves::Own(lived) => lived.fetch_add(STEP, Relaxed) + STEP,
            Moves::Real(_) => self.lived(),
        }
    }

    /// The moment `nanoseconds` from now, saturating.
    pub(super) fn after(&self, nanoseconds: u64) -> u64 {
        self.lived().saturating_add(nanoseconds)
    }

    /// Waits until `moment`; for as long outside as inside.
    pub(super) async fn wait_until(&self, moment: u64) {
        let rest = moment.saturating_sub(self.lived());
        if rest == 0 {
            // A guest that polls in a loop still lets others run.
            return tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_nanos(rest)).await;
        if let Moves::Own(lived) = &self.moves {
            lived.fetch_max(moment, Relaxed);
        }
    }

    fn lived(&self) -> u64 {
        match &self.moves {
            Moves::Own(lived) => lived.load(Relaxed),
            Moves::Real(since) => u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
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

/// The wall clock.
pub(super) struct Wall(pub(super) GuestTime);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        limits::CLOCK_STEP
    }

    fn now(&self) -> Duration {
        let lived = Duration::from_nanos(self.0.read());
        self.0.begun().saturating_add(lived)
    }
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
        let time = GuestTime::own(Timestamp(0));
        assert_eq!((time.read(), time.read()), (STEP, 2 * STEP));
    }

    #[tokio::test]
    async fn the_real_time_is_waited_for_and_read() {
        let time = GuestTime::real();
        let moment = time.after(1_000_000);
        time.wait_until(moment).await;
        assert!(time.read() >= moment);
        assert!(Wall(time.clone()).now() > time.begun());
    }

    #[tokio::test]
    async fn waiting_moves_the_clock_by_what_was_waited() {
        let time = GuestTime::own(Timestamp(0));
        time.wait_until(3 * STEP).await;
        assert_eq!(time.read(), 4 * STEP);
        time.wait_until(0).await;
        assert_eq!(time.read(), 5 * STEP);
    }
}
