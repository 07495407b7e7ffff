//! A vigil: the time of a task that someone outside has, be it a worker or the holder of its
//! token. One timer a task, at the next moment at which its time may be over.
//!
//! Heartbeats are not recorded: AWS's history has none either, and a row for each would let
//! one worker fill the journal. After a restart HeartbeatSeconds count anew, since nobody
//! could be heard meanwhile.

use asl::Timestamp;
use asl::interpreter::{Report, TaskCommand, TaskKey};

use crate::shared::Shared;
use crate::slot::Slot;
use crate::timers::{Due, TimerKey, Wake};

/// What is watched of one task.
#[derive(Debug)]
pub(crate) struct Vigil {
    deadline: Option<Timestamp>,
    heartbeat_seconds: Option<i64>,
    /// When it was last heard of.
    beat: Timestamp,
    timer: Option<TimerKey>,
}

impl Vigil {
    /// The vigil over a task, if its time is limited at all.
    fn over(command: &TaskCommand, now: Timestamp) -> Option<Self> {
        let seconds = command.heartbeat_seconds;
        let heartbeat_seconds = seconds.map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let vigil = Self {
            deadline: command.deadline,
            heartbeat_seconds,
            beat: now,
            timer: None,
        };
        vigil.next().is_some().then_some(vigil)
    }

    /// The task is still worked on.
    pub(crate) fn beat(&mut self, now: Timestamp) {
        self.beat = now;
    }

    fn silent_at(&self) -> Option<Timestamp> {
        Some(self.beat.plus_seconds(self.heartbeat_seconds?))
    }

    /// When its time is over, as things stand.
    fn next(&self) -> Option<Timestamp> {
        match (self.deadline, self.silent_at()) {
            (Some(deadline), Some(silent)) => Some(deadline.min(silent)),
            (deadline, silent) => deadline.or(silent),
        }
    }

    /// Whether its time is over.
    fn verdict(&self, now: Timestamp) -> Option<Report> {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Some(Report::TimedOut);
        }
        let silent = self.silent_at().is_some_and(|silent| silent <= now);
        silent.then_some(Report::HeartbeatTimedOut)
    }
}

impl Shared {
    /// Begins to watch a task that someone outside has, or will have; once only.
    pub(crate) fn begin_vigil(&self, locked: &mut Slot, command: &TaskCommand) {
        let task = command.task;
        if locked.vigils.contains_key(&task) {
            return;
        }
        if let Some(vigil) = Vigil::over(command, self.workshop.clock.now()) {
            locked.vigils.insert(task, vigil);
            self.set_timer(locked, task);
        }
    }

    fn set_timer(&self, locked: &mut Slot, task: TaskKey) {
        let execution = locked.arn();
        let Some(vigil) = locked.vigils.get_mut(&task) else {
            return;
        };
        let wake = Wake {
            execution,
            due: Due::Vigil(task),
        };
        vigil.timer = vigil.next().map(|at| self.timers.insert(at, wake));
        locked.timers.extend(vigil.timer);
    }

    /// The task is closed.
    pub(crate) fn end_vigil(&self, locked: &mut Slot, task: TaskKey) {
        let vigil = locked.vigils.remove(&task);
        if let Some(timer) = vigil.and_then(|vigil| vigil.timer) {
            locked.timers.remove(&timer);
            self.timers.remove([timer]);
        }
    }

    /// Looks whether a task's time is over; if not, looks again when it may be.
    pub(crate) fn look(&self, locked: &mut Slot, task: TaskKey) -> Option<Report> {
        let vigil = locked.vigils.get(&task)?;
        let verdict = vigil.verdict(self.workshop.clock.now());
        if verdict.is_none() {
            self.set_timer(locked, task);
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vigil(deadline: Option<i64>, heartbeat_seconds: Option<i64>) -> Vigil {
        Vigil {
            deadline: deadline.map(Timestamp),
            heartbeat_seconds,
            beat: Timestamp(0),
            timer: None,
        }
    }

    #[test]
    fn whatever_comes_first_ends_it() {
        let at = |vigil: &Vigil, now| vigil.verdict(Timestamp(now));
        let mut both = vigil(Some(5_000), Some(2));
        assert_eq!(both.next(), Some(Timestamp(2_000)));
        assert_eq!(at(&both, 1_999), None);
        assert_eq!(at(&both, 2_000), Some(Report::HeartbeatTimedOut));
        both.beat(Timestamp(4_000));
        assert_eq!(both.next(), Some(Timestamp(5_000)));
        assert_eq!(at(&both, 4_999), None);
        assert_eq!(at(&both, 5_000), Some(Report::TimedOut));
        assert_eq!(vigil(None, None).next(), None);
    }
}
