//! The moments at which executions go on: one ordered table, one sleeper.
//!
//! A timer is never taken back: one that no longer matters gives an empty step.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use asl::Timestamp;
use asl::arn::ExecutionArn;
use asl::interpreter::Event;
use tokio::sync::Notify;

use crate::clock::Clock;

/// Whom to wake, and with what.
#[derive(Debug)]
pub(crate) struct Wake {
    pub(crate) execution: ExecutionArn,
    pub(crate) event: Event,
}

/// The table. One entry a waiting scope: bounded by what executions may have open.
#[derive(Default)]
pub(crate) struct Timers {
    table: Mutex<Table>,
    earlier: Notify,
}

#[derive(Default)]
struct Table {
    /// By moment, then by arrival.
    due: BTreeMap<(Timestamp, u64), Wake>,
    arrivals: u64,
}

impl Timers {
    /// Adds a timer.
    pub(crate) fn insert(&self, at: Timestamp, wake: Wake) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let first = table.due.first_key_value().map(|((at, _), _)| *at);
        table.arrivals += 1;
        let arrival = table.arrivals;
        table.due.insert((at, arrival), wake);
        drop(table);
        if first.is_none_or(|first| at < first) {
            self.earlier.notify_one();
        }
    }

    /// Sleeps, and hands each timer out when it is due; never ends.
    pub(crate) async fn run(self: Arc<Self>, clock: Arc<dyn Clock>, deliver: impl Fn(Wake)) {
        loop {
            for wake in self.take_due(clock.now()) {
                deliver(wake);
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

    fn first(&self) -> Option<Timestamp> {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.due.first_key_value().map(|((at, _), _)| *at)
    }

    fn take_due(&self, now: Timestamp) -> Vec<Wake> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let mut later = table.due.split_off(&(now.plus_milliseconds(1), 0));
        std::mem::swap(&mut later, &mut table.due);
        later.into_values().collect()
    }
}
