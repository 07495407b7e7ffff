//! A Map Run: which of its children have ended, what they gave, and what that comes to.
//!
//! A [`MapRun`] is a value like an execution: the fold of its [`Record`]s, which the shell
//! appends before it acts on them. It reads no source and runs no child; it is told. Children
//! are numbered from 0 in the order of the source, which is the same each time it is read, so
//! that a restart reads it again and passes over those that have ended. Memory is bounded by
//! the children that are open at once and by the size of a state's output.
//!
//! Source: Step Functions developer guide, "Using Map state in Distributed mode".

mod batch;
mod child;
mod done;
mod last_ends;
mod numbers;
mod record;
mod results;
mod row;
mod writer;

use serde::{Deserialize, Serialize};

use crate::arn::MapRunArn;
use crate::interpreter::{Kind, MapRunPlan};
use crate::{ErrorName, Failure, Payload, Timestamp};

pub use batch::Batch;
pub use child::{ChildName, draws};
use done::Done;
pub use last_ends::LastEnds;
use numbers::Numbers;
pub use record::{ChildEnd, ChildOutcome, Passed, Record, RunEnd, Standing};
use results::Results;
pub use row::{DecodeError, decode, encode};
pub use writer::{OutputType, ResultWriter, Target, Transformation};

/// What a run may do; UpdateMapRun changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Children that may be open at once.
    pub concurrency: u32,
    /// Failed items that are tolerated.
    pub tolerated_failure_count: u64,
    /// The same, in parts of a million of all items.
    pub tolerated_failure_ppm: u32,
}

/// How many there are of each kind. AWS's `itemCounts` and `executionCounts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "AWS's words")]
pub struct Counts {
    pub succeeded: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub aborted: u64,
}

impl Counts {
    fn add(&mut self, outcome: &ChildOutcome, count: u64) {
        let counter = match outcome {
            ChildOutcome::Succeeded(_) => &mut self.succeeded,
            ChildOutcome::Failed(_) => &mut self.failed,
            ChildOutcome::TimedOut(_) => &mut self.timed_out,
            ChildOutcome::Aborted(_) => &mut self.aborted,
        };
        *counter += count;
    }

    /// Those that ended, however.
    pub fn ended(&self) -> u64 {
        self.succeeded + self.failed + self.timed_out + self.aborted
    }

    /// Those that count against the tolerance: a timeout is a failure.
    fn against(&self) -> u64 {
        self.failed + self.timed_out
    }
}

/// A Map Run at one moment.
#[derive(Clone, Debug)]
pub struct MapRun {
    arn: MapRunArn,
    kind: Kind,
    writer: ResultWriter,
    fold: Fold,
    end: Option<(RunEnd, Timestamp)>,
}

/// What a run's records come to, as long as it runs. It has the size of what is open, of what
/// failed, and of the state's result; never of all that ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    settings: Settings,
    done: Done,
    /// Those that ended, and did not succeed.
    failed: Numbers,
    /// Those of them that a redrive is yet to do again.
    again: Numbers,
    /// Items of those.
    again_items: u64,
    redrives: u32,
    redriven_at: Option<Timestamp>,
    pinned: Option<String>,
    passed: Option<Passed>,
    items: Counts,
    children: Counts,
    /// Children and items in all, once that is known.
    total: Option<(u64, u64)>,
    /// Outputs by number, where they become the state's result.
    results: Option<Results>,
    /// The state's result, once the results are written.
    written: Option<Payload>,
}

impl MapRun {
    /// A run that has not begun.
    pub fn new(plan: &MapRunPlan) -> Self {
        let writer = ResultWriter::of(plan.writer.as_ref(), &plan.arn);
        let fold = Fold {
            failed: Numbers::default(),
            again: Numbers::default(),
            again_items: 0,
            redrives: 0,
            redriven_at: None,
            pinned: None,
            passed: None,
            settings: Settings {
                concurrency: plan.concurrency,
                tolerated_failure_count: plan.tolerated_failure_count,
                tolerated_failure_ppm: plan.tolerated_failure_ppm,
            },
            done: Done::default(),
            items: Counts::default(),
            children: Counts::default(),
            total: None,
            results: writer.target.is_none().then(Results::default),
            written: None,
        };
        Self {
            arn: plan.arn.clone(),
            kind: plan.children,
            writer,
            fold,
            end: None,
        }
    }

    /// Folds one record in. A child that has ended before changes nothing.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Opened { .. } => {}
            Record::Pinned(state) => self.fold.pinned = Some(state.clone()),
            Record::Redriven { count, at, .. } => self.redrive(*count, *at),
            Record::Child(child) => self.child_ended(child),
            Record::Exhausted { children, items } => self.fold.total = Some((*children, *items)),
            Record::Standing(standing) => self.fold = standing.fold.clone(),
            Record::Written(result) => self.fold.written = Some(result.clone()),
            Record::Updated(settings) => self.fold.settings = *settings,
            Record::Ended { end, at } => self.end = Some((end.clone(), *at)),
        }
    }

    fn redrive(&mut self, count: u32, at: Timestamp) {
        self.fold.redrives = count;
        self.fold.redriven_at = Some(at);
        self.end = None;
        // Those that an earlier redrive did not come to are among them.
        self.fold.again = self.fold.failed.clone();
        let counts = |counts: &mut Counts| {
            let ended = *counts;
            let succeeded = ended.succeeded;
            *counts = Counts {
                succeeded,
                ..Counts::default()
            };
            ended.ended() - succeeded
        };
        self.fold.again_items += counts(&mut self.fold.items);
        counts(&mut self.fold.children);
    }

    fn child_ended(&mut self, child: &ChildEnd) {
        let number = child.number;
        if child.passed.is_some() {
            self.fold.passed = child.passed;
        }
        if self.is_done(number) {
            return;
        }
        match self.fold.again.remove(number) {
            true => self.fold.again_items = self.fold.again_items.saturating_sub(child.items),
            false => {
                self.fold.done.insert(number);
            }
        }
        match child.outcome {
            ChildOutcome::Succeeded(_) => {
                self.fold.failed.remove(number);
            }
            _ => self.fold.failed.insert(number),
        }
        self.fold.items.add(&child.outcome, child.items);
        self.fold.children.add(&child.outcome, 1);
        if let (Some(results), ChildOutcome::Succeeded(_)) =
            (&mut self.fold.results, &child.outcome)
        {
            let name = ChildName::of(&self.arn, self.kind, number);
            results.insert(number, self.writer.texts(&name, child));
        }
    }

    /// Whether the child of this number has ended, and is not to be done again.
    pub fn is_done(&self, number: u64) -> bool {
        self.fold.done.contains(number) && !self.fold.again.contains(number)
    }

    /// How many children have ended, and are not to be done again, before the first of which that
    /// cannot be said.
    pub fn first_to_do(&self) -> u64 {
        let open = self.fold.done.first_open();
        self.fold
            .again
            .first()
            .map_or(open, |again| again.min(open))
    }

    /// Whether it has ended without success.
    pub fn has_failed(&self, number: u64) -> bool {
        self.fold.failed.contains(number)
    }

    /// Children that a redrive is yet to do again, and their items.
    pub fn pending_redrive(&self) -> (u64, u64) {
        (self.fold.again.count(), self.fold.again_items)
    }

    /// Whether a redrive is yet to do this child again.
    pub fn is_pending_redrive(&self, number: u64) -> bool {
        self.fold.again.contains(number)
    }

    /// How often it was redriven.
    pub fn redrives(&self) -> u32 {
        self.fold.redrives
    }

    /// When it was last redriven.
    pub fn redriven_at(&self) -> Option<Timestamp> {
        self.fold.redriven_at
    }

    /// All of it that records say.
    pub fn fold(&self) -> &Fold {
        &self.fold
    }

    /// Whether the results are written: records before are needed no more.
    pub fn is_written(&self) -> bool {
        self.fold.written.is_some()
    }

    /// Its ARN.
    pub fn arn(&self) -> &MapRunArn {
        &self.arn
    }

    /// What the source was when it was first opened.
    pub fn pinned(&self) -> Option<&str> {
        self.fold.pinned.as_deref()
    }

    /// How far the source was read, where it is pinned to nothing.
    pub fn passed(&self) -> Option<Passed> {
        self.fold.passed
    }

    /// What is made of the results.
    pub fn writer(&self) -> &ResultWriter {
        &self.writer
    }

    /// What the run may do now.
    pub fn settings(&self) -> Settings {
        self.fold.settings
    }

    /// Items by what became of them.
    pub fn items(&self) -> Counts {
        self.fold.items
    }

    /// Children by what became of them.
    pub fn children(&self) -> Counts {
        self.fold.children
    }

    /// Children and items in all, once the source has given all it has.
    pub fn total(&self) -> Option<(u64, u64)> {
        self.fold.total
    }

    /// How the run ended, and when.
    pub fn end(&self) -> Option<&(RunEnd, Timestamp)> {
        self.end.as_ref()
    }

    /// What the run comes to as it stands: failed as soon as too many items have, succeeded
    /// when all children have ended. With a ResultWriter there is no result here: whoever
    /// writes makes it.
    pub fn verdict(&self) -> Option<Verdict> {
        if self.is_beyond_tolerance() {
            return Some(Verdict::Failed(Failure::new(
                ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            )));
        }
        let (children, _) = self.fold.total?;
        if self.fold.children.ended() < children {
            return None;
        }
        Some(
            match self
                .fold
                .results
                .as_ref()
                .map(|r| r.output(self.writer.output_type))
            {
                None => match &self.fold.written {
                    Some(result) => Verdict::Succeeded(result.clone()),
                    None => Verdict::Write,
                },
                Some(Some(output)) => Verdict::Succeeded(output),
                Some(None) => Verdict::Failed(Failure::new(
                    ErrorName::DATA_LIMIT_EXCEEDED,
                    "The Map Run's output exceeds the maximum number of bytes service limit.",
                )),
            },
        )
    }

    /// The count counts at once; the share only when it is known of how many.
    fn is_beyond_tolerance(&self) -> bool {
        let Settings {
            tolerated_failure_count: count,
            tolerated_failure_ppm: ppm,
            ..
        } = self.fold.settings;
        let failed = self.fold.items.against();
        // A tolerance of 0 is as good as none: only where both are, nothing is tolerated.
        let above_count = failed > count && (count > 0 || ppm == 0);
        let above_share = |items: u64| {
            ppm > 0 && u128::from(failed) * 1_000_000 > u128::from(items) * u128::from(ppm)
        };
        above_count || self.fold.total.is_some_and(|(_, items)| above_share(items))
    }
}

/// What a run comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It succeeded with this result.
    Succeeded(Payload),
    /// All children have ended, and their results are to be written.
    Write,
    /// It failed.
    Failed(Failure),
}

#[cfg(test)]
mod tests;
