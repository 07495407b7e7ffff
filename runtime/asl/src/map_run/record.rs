//! What is stored of a Map Run.
//!
//! Read [`Record`]; what becomes of records is the fold in the module above.

use serde::{Deserialize, Serialize};

use super::{Fold, Settings};
use crate::arn::ExecutionArn;
use crate::interpreter::{MapRunPlan, MapRunReport, TaskKey};
use crate::{Failure, Payload, Timestamp};

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
    /// How the run stands: what all records before came to.
    #[serde(rename = "s")]
    Standing(Box<Standing>),
    /// The results are written, and this is the state's.
    #[serde(rename = "w")]
    Written(Payload),
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

/// A run as it stands, whole: whoever has this needs no record before it, but for results that
/// are yet to be written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The execution whose Map it is.
    pub execution: ExecutionArn,
    /// The scope of the Map there, and the event that started or last redrove the run.
    pub run: TaskKey,
    /// What it does.
    pub plan: MapRunPlan,
    /// How far it is.
    pub fold: Fold,
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
    /// How far the source was read by then, or farther, where that is not pinned.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Passed>,
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

/// How far a source was read that has no state of its own to be pinned to: a list of objects. Read
/// again it gives the same only if what was passed is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Objects that were passed.
    #[serde(rename = "n")]
    pub objects: u64,
    /// What their names and their states come to, in order.
    #[serde(rename = "t")]
    pub trace: u64,
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
