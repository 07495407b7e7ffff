//! What a writer submits: one row, and what it changes in the execution's summary.
//!
//! It knows nothing of how rows are stored. Read [`Append`] first.

use std::sync::Arc;

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

use crate::Error;

/// The longest row or document, in bytes: what one commit may have to hold in memory, and
/// far below what a database takes for one value (SQLite: 1 GB).
pub const ROW_BYTES_MAX: usize = 64 << 20;

/// One step's batch of records, to be appended as one row.
#[derive(Clone, Debug)]
pub struct Append {
    /// Whose row.
    pub execution: ExecutionArn,
    /// The row's number within its execution: 0, 1, 2 … without a gap. It is the fence:
    /// a second writer with the same number is refused.
    pub sequence: u64,
    /// The encoded records; opaque here.
    pub records: Vec<u8>,
    /// What this row changes in the execution's summary.
    pub change: Change,
    /// Whether the execution rests after it. Of a row that ends one it means nothing.
    pub rest: Option<Rest>,
}

/// An open execution has nothing to do until a moment comes or somebody asks for it. Said with
/// the row after which that is so, and true until its next row: a restart then need not read
/// the rows of one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// When it goes on by itself, if it does.
    pub until: Option<Timestamp>,
}

/// What a row changes in the summary that lists and lookups read.
#[derive(Clone, Debug)]
pub enum Change {
    /// The execution begins: only with sequence 0.
    Opened(Opened),
    /// Nothing that a list shows.
    None,
    /// Rows of this execution before that sequence are no longer needed, and gone from when
    /// this row is durable: it stands for them, or another that is left does. What goes at once
    /// goes in one commit, so it should be a few megabytes and no more.
    Forgets {
        /// The sequence of the first row that is left; this row's own, at most.
        before: u64,
    },
    /// The execution ends; no row may follow but [`Change::Reopened`], a redrive's.
    Closed {
        /// How it ended.
        status: Status,
        /// When.
        stopped_at: Timestamp,
    },
    /// An ended execution runs again: the only change that an ended execution takes.
    Reopened {
        /// When.
        at: Timestamp,
    },
    /// Begins and ends in one row: an execution that never waited.
    OpenedAndClosed {
        /// The beginning.
        opened: Opened,
        /// How it ended.
        status: Status,
        /// When.
        stopped_at: Timestamp,
    },
}

/// The summary of a new execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Which state machine it runs.
    pub state_machine: StateMachineArn,
    /// Its name, unique within the state machine.
    pub name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// What else it is listed under.
    pub origin: Origin,
}

/// How an execution came to be started: what it is listed under beside its state machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The ARN of the version it runs, when it was started by one or by an alias.
    pub version: Option<Arc<str>>,
    /// The ARN of the alias it was started by.
    pub alias: Option<Arc<str>>,
    /// The ARN of the Map Run whose child it is.
    pub map_run: Option<Arc<str>>,
    /// How many items of that Map Run it was given; only shown.
    pub item_count: Option<u64>,
}

/// AWS's ExecutionStatus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// `RUNNING`
    Running,
    /// `SUCCEEDED`
    Succeeded,
    /// `FAILED`
    Failed,
    /// `TIMED_OUT`
    TimedOut,
    /// `ABORTED`
    Aborted,
}

impl Status {
    /// Every status; a status's place here is its code in storage, so the order is fixed.
    pub(crate) const ALL: [Self; 5] = [
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::Aborted,
    ];

    /// AWS's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }

    /// Reads AWS's word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What decides whether a row is taken: how its execution stands before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    /// The sequence of the next row.
    pub(crate) next: u64,
    /// As the last row left it.
    pub(crate) status: Status,
}

impl Append {
    /// Whether this row is the first of its execution.
    pub(crate) fn opens(&self) -> bool {
        matches!(
            self.change,
            Change::Opened(_) | Change::OpenedAndClosed { .. }
        )
    }

    /// The sequence before which rows are gone when this one is there.
    pub(crate) fn forgets(&self) -> Option<u64> {
        match self.change {
            Change::Forgets { before } => Some(before.min(self.sequence)),
            _ => None,
        }
    }

    /// Checks this row against how its execution stands (`None`: there is none), and answers
    /// how it stands afterwards. The one place where the fence is decided, for all journals.
    pub(crate) fn admit(&self, standing: Option<Standing>) -> Result<Standing, Error> {
        let execution = &self.execution;
        if self.records.len() > ROW_BYTES_MAX {
            return Err(Error::TooLarge {
                bytes: self.records.len(),
                bytes_max: ROW_BYTES_MAX,
            });
        }
        match standing {
            Some(_) if self.opens() => return Err(Error::Exists(execution.clone())),
            None if !self.opens() => return Err(Error::NoSuchExecution(execution.clone())),
            _ => {}
        }
        let Standing { next, status } = standing.unwrap_or(Standing {
            next: 0,
            status: Status::Running,
        });
        if self.sequence != next {
            return Err(Error::OutOfSequence {
                execution: execution.clone(),
                sequence: self.sequence,
                expected: next,
            });
        }
        let ended = status != Status::Running;
        let reopens = matches!(self.change, Change::Reopened { .. });
        if ended && !reopens {
            return Err(Error::Ended(execution.clone()));
        }
        if !ended && reopens {
            return Err(Error::NotEnded(execution.clone()));
        }
        let status = match self.change {
            Change::Closed { status, .. } | Change::OpenedAndClosed { status, .. } => status,
            Change::Opened(_) | Change::None | Change::Forgets { .. } | Change::Reopened { .. } => {
                Status::Running
            }
        };
        Ok(Standing {
            next: next + 1,
            status,
        })
    }
}
