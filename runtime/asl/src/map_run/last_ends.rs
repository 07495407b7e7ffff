//! Which of a run's records say how a child ended for good: a redrive has several of some.

use super::numbers::Numbers;
use super::{ChildOutcome, MapRun, Record};

/// Looks at the records of a run in order, after all of them were folded.
#[derive(Clone, Debug)]
pub struct LastEnds {
    run: MapRun,
    /// Redrives so far in the walk.
    redrives: u32,
    /// Those that wait for a redrive and were seen.
    seen: Numbers,
}

impl LastEnds {
    /// `run` is the fold of all records.
    pub fn new(run: MapRun) -> Self {
        Self {
            run,
            redrives: 0,
            seen: Numbers::default(),
        }
    }

    /// Whether the next record is the end of a child that stands.
    pub fn is_one(&mut self, record: &Record) -> bool {
        let end = match record {
            Record::Redriven { count, .. } => {
                self.redrives = *count;
                return false;
            }
            Record::Child(end) => end,
            _ => return false,
        };
        let number = end.number;
        match end.outcome {
            ChildOutcome::Succeeded(_) => true,
            _ if !self.run.has_failed(number) => false,
            _ if self.run.is_pending_redrive(number) => {
                let is_first = !self.seen.contains(number);
                self.seen.insert(number);
                is_first
            }
            _ => self.redrives == self.run.redrives(),
        }
    }
}
