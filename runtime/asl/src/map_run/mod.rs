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
mod results;
mod writer;

use serde::{Deserialize, Serialize};

use crate::arn::{ExecutionArn, MapRunArn};
use crate::interpreter::{Kind, MapRunPlan, MapRunReport, TaskKey};
use crate::{ErrorName, Failure, Payload, Timestamp};

pub use batch::Batch;
pub use child::{ChildName, draws};
use done::Done;
pub use last_ends::LastEnds;
use numbers::Numbers;
use results::Results;
pub use writer::{OutputType, ResultWriter, Target, Transformation};

/// What is stored of a Map Run, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The run begins.
    #[serde(rename = "o")]
    Opened {
        /// The execution whose Map it is.
        execution: ExecutionArn,
        /// The scope of the Map there, and the event that started the run.
        run: TaskKey,
        /// What it does.
        plan: Box<MapRunPlan>,
    },
    /// The source was opened for the first time, and was in this state: its ETag.
    #[serde(rename = "p")]
    Pinned(String),
    /// What did not succeed is to be done again.
    #[serde(rename = "r")]
    Redriven {
        /// How often that makes it.
        count: u32,
        /// The scope of the Map, and the event that redrove the run.
        run: TaskKey,
        /// When.
        at: Timestamp,
    },
    /// A child ended.
    #[serde(rename = "c")]
    Child(ChildEnd),
    /// The source has given all it has.
    #[serde(rename = "x")]
    Exhausted {
        /// How many children that makes.
        children: u64,
        /// How many items.
        items: u64,
    },
    /// UpdateMapRun changed what the run may do.
    #[serde(rename = "u")]
    Updated(Settings),
    /// The run ended.
    #[serde(rename = "e")]
    Ended {
        /// How.
        end: RunEnd,
        /// When.
        at: Timestamp,
    },
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildEnd {
    /// Its number.
    #[serde(rename = "n")]
    pub number: u64,
    /// How many items it was given.
    #[serde(rename = "i")]
    pub items: u64,
    /// How it ended.
    #[serde(rename = "o")]
    pub outcome: ChildOutcome,
    /// What it was given, where that is to be written.
    #[serde(rename = "in", default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Payload>,
    /// How often it was redriven, or begun anew by a redrive.
    #[serde(rename = "r", default, skip_serializing_if = "is_zero")]
    pub redrives: u32,
    /// When it began.
    #[serde(rename = "b")]
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(rename = "t")]
    pub stopped_at: Timestamp,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What came of a child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ChildOutcome {
    /// `SUCCEEDED`
    #[serde(rename = "s")]
    Succeeded(Payload),
    /// `FAILED`
    #[serde(rename = "f")]
    Failed(Failure),
    /// `TIMED_OUT`
    #[serde(rename = "t")]
    TimedOut(Failure),
    /// `ABORTED`
    #[serde(rename = "a")]
    Aborted(Failure),
}

impl ChildOutcome {
    /// AWS's `Status`.
    pub fn status(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
            Self::TimedOut(_) => "TIMED_OUT",
            Self::Aborted(_) => "ABORTED",
        }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunEnd {
    /// `SUCCEEDED`, with the state's result.
    Succeeded(Payload),
    /// `FAILED`
    Failed(Failure),
    /// `ABORTED`
    Aborted,
}

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    items: Counts,
    children: Counts,
    /// Children and items in all, once that is known.
    total: Option<(u64, u64)>,
    /// Outputs by number, where they become the state's result.
    results: Option<Results>,
    end: Option<(RunEnd, Timestamp)>,
}

impl MapRun {
    /// A run that has not begun.
    pub fn new(plan: &MapRunPlan) -> Self {
        let writer = ResultWriter::of(plan.writer.as_ref(), &plan.arn);
        Self {
            arn: plan.arn.clone(),
            kind: plan.children,
            failed: Numbers::default(),
            again: Numbers::default(),
            again_items: 0,
            redrives: 0,
            redriven_at: None,
            pinned: None,
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
            writer,
            end: None,
        }
    }

    /// Folds one record in. A child that has ended before changes nothing.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Opened { .. } => {}
            Record::Pinned(state) => self.pinned = Some(state.clone()),
            Record::Redriven { count, at, .. } => self.redrive(*count, *at),
            Record::Child(child) => self.child_ended(child),
            Record::Exhausted { children, items } => self.total = Some((*children, *items)),
            Record::Updated(settings) => self.settings = *settings,
            Record::Ended { end, at } => self.end = Some((end.clone(), *at)),
        }
    }

    fn redrive(&mut self, count: u32, at: Timestamp) {
        self.redrives = count;
        self.redriven_at = Some(at);
        self.end = None;
        // Those that an earlier redrive did not come to are among them.
        self.again = self.failed.clone();
        let counts = |counts: &mut Counts| {
            let ended = *counts;
            let succeeded = ended.succeeded;
            *counts = Counts {
                succeeded,
                ..Counts::default()
            };
            ended.ended() - succeeded
        };
        self.again_items += counts(&mut self.items);
        counts(&mut self.children);
    }

    fn child_ended(&mut self, child: &ChildEnd) {
        let number = child.number;
        if self.is_done(number) {
            return;
        }
        match self.again.remove(number) {
            true => self.again_items = self.again_items.saturating_sub(child.items),
            false => {
                self.done.insert(number);
            }
        }
        match child.outcome {
            ChildOutcome::Succeeded(_) => {
                self.failed.remove(number);
            }
            _ => self.failed.insert(number),
        }
        self.items.add(&child.outcome, child.items);
        self.children.add(&child.outcome, 1);
        if let (Some(results), ChildOutcome::Succeeded(_)) = (&mut self.results, &child.outcome) {
            let name = ChildName::of(&self.arn, self.kind, number);
            results.insert(number, self.writer.texts(&name, child));
        }
    }

    /// Whether the child of this number has ended, and is not to be done again.
    pub fn is_done(&self, number: u64) -> bool {
        self.done.contains(number) && !self.again.contains(number)
    }

    /// Whether it has ended without success.
    pub fn has_failed(&self, number: u64) -> bool {
        self.failed.contains(number)
    }

    /// Children that a redrive is yet to do again, and their items.
    pub fn pending_redrive(&self) -> (u64, u64) {
        (self.again.count(), self.again_items)
    }

    /// Whether a redrive is yet to do this child again.
    pub fn is_pending_redrive(&self, number: u64) -> bool {
        self.again.contains(number)
    }

    /// How often it was redriven.
    pub fn redrives(&self) -> u32 {
        self.redrives
    }

    /// When it was last redriven.
    pub fn redriven_at(&self) -> Option<Timestamp> {
        self.redriven_at
    }

    /// Its ARN.
    pub fn arn(&self) -> &MapRunArn {
        &self.arn
    }

    /// What the source was when it was first opened.
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// What is made of the results.
    pub fn writer(&self) -> &ResultWriter {
        &self.writer
    }

    /// What the run may do now.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Items by what became of them.
    pub fn items(&self) -> Counts {
        self.items
    }

    /// Children by what became of them.
    pub fn children(&self) -> Counts {
        self.children
    }

    /// Children and items in all, once the source has given all it has.
    pub fn total(&self) -> Option<(u64, u64)> {
        self.total
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
        let (children, _) = self.total?;
        if self.children.ended() < children {
            return None;
        }
        Some(
            match self
                .results
                .as_ref()
                .map(|r| r.output(self.writer.output_type))
            {
                None => Verdict::Write,
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
        } = self.settings;
        let failed = self.items.against();
        // A tolerance of 0 is as good as none: only where both are, nothing is tolerated.
        let above_count = failed > count && (count > 0 || ppm == 0);
        let above_share = |items: u64| {
            ppm > 0 && u128::from(failed) * 1_000_000 > u128::from(items) * u128::from(ppm)
        };
        above_count || self.total.is_some_and(|(_, items)| above_share(items))
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

impl RunEnd {
    /// What the parent is told; an aborted run has nobody to tell.
    pub fn report(&self) -> Option<MapRunReport> {
        match self {
            Self::Succeeded(result) => Some(MapRunReport::Succeeded(result.clone())),
            Self::Failed(failure) => Some(MapRunReport::Failed(failure.clone())),
            Self::Aborted => None,
        }
    }
}

/// The first byte of a row: the form of what follows.
const FORMAT: u8 = 1;

/// The stored form of a row: a format byte, then JSON.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut row = vec![FORMAT];
    serde_json::to_writer(&mut row, records).expect("records are plain data");
    row
}

/// Reads a stored row.
///
/// # Errors
/// [`DecodeError`].
pub fn decode(row: &[u8]) -> Result<Vec<Record>, DecodeError> {
    match row.split_first() {
        Some((&FORMAT, json)) => Ok(serde_json::from_slice(json)?),
        other => Err(DecodeError::Format(other.map(|(format, _)| *format))),
    }
}

/// Why a stored row cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// A newer program wrote it, or it is none.
    #[error("a Map Run's row of format {0:?}, where {FORMAT} is known")]
    Format(Option<u8>),
    /// It is not what it says.
    #[error("a Map Run's row does not parse: {0}")]
    Json(#[from] serde_json::Error),
}

#[cfg(test)]
mod tests;
