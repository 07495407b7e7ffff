//! The moments at which executions go on: one ordered table, one sleeper.
//!
//! Whoever is woken looks whether it still matters: a timer that does not gives an empty step.
//! Taking timers back only keeps the table as small as what is waited for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asl::Timestamp;
use asl::arn::ExecutionArn;
use asl::interpreter::{TaskKey, Timer};
use tokio::sync::Notify;

use crate::clock::Clock;

/// Whom to wake, and what for.
#[derive(Debug)]
pub(crate) struct Wake {
    pub(crate) execution: ExecutionArn,
    pub(crate) due: Due,
}

/// What is due.
#[derive(Debug)]
pub(crate) enum Due {
    /// A scope goes on.
    Timer(Timer),
    /// The execution's own time is over.
    Deadline,
    /// A look at the time of a task that someone outside has.
    Vigil(TaskKey),
    /// The execution is parked, and to be taken up again.
    Parked,
}

/// A timer's place in the table: its moment, then its arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TimerKey {
    at: Timestamp,
    arrival: u64,
}

/// The table. As many entries as open executions wait for.
#[derive(Default)]
pub(crate) struct Timers {
    table: Mutex<Table>,
    earlier: Notify,
}

#[derive(Default)]
struct Table {
    due: BTreeMap<TimerKey, Wake>,
    arrivals: u64,
}

impl Timers {
    /// Adds a timer.
    pub(crate) fn insert(&self, at: Timestamp, wake: Wake) -> TimerKey {
        let mut table = self.table();
        let first = table.due.first_key_value().map(|(key, _)| key.at);
        table.arrivals += 1;
        let arrival = table.arrivals;
        let key = TimerKey { at, arrival };
        table.due.insert(key, wake);
        drop(table);
        if first.is_none_or(|first| at < first) {
            self.earlier.notify_one();
        }
        key
    }

    /// Takes timers back.
    pub(crate) fn remove(&self, keys: impl IntoIterator<Item = TimerKey>) {
        let mut table = self.table();
        for key in keys {
            table.due.remove(&key);
        }
    }

    /// Sleeps, and hands each timer out when it is due; never ends.
    pub(crate) async fn run(
        self: Arc<Self>,
        clock: Arc<dyn Clock>,
        deliver: impl Fn(TimerKey, Wake),
    ) {
        loop {
            for (key, wake) in self.take_due(clock.now()) {
                deliver(key, wake);
            }
            match self.first() {
                None => self.earlier.notified().await,
                Some(at) => tokio::select! {
                    () = clock.sleep_until(at) => {}
                    () = self.earlier.notified() => {}
                },
            }
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn first(&self) -> Option<Timestamp> {
        self.table().due.first_key_value().map(|(key, _)| key.at)
    }

    fn take_due(&self, now: Timestamp) -> BTreeMap<TimerKey, Wake> {
        let mut table = self.table();
        let later = TimerKey {
            at: now.plus_milliseconds(1),
            arrival: 0,
        };
        let mut later = table.due.split_off(&later);
        std::mem::swap(&mut later, &mut table.due);
        later
    }
}
