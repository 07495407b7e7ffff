//! What a reader gets: rows, summaries, pages of them, and entries of the catalogue.
//!
//! It knows nothing of how they are found. Read [`Listing`] first.

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

use crate::{Error, Opened, Status};

/// One row as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number within the execution.
    pub sequence: u64,
    /// The encoded records.
    pub records: Vec<u8>,
}

/// What a list shows of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its ARN.
    pub execution: ExecutionArn,
    /// How it began.
    pub opened: Opened,
    /// How it stands.
    pub status: Status,
    /// When it ended, if it has.
    pub stopped_at: Option<Timestamp>,
}

/// Which executions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only those of this state machine.
    pub state_machine: Option<StateMachineArn>,
    /// Only those that stand so.
    pub status: Option<Status>,
    /// At most this many; 0 gives an empty page.
    pub limit: usize,
    /// Continue after the page that ended with this token.
    pub after: Option<PageToken>,
}

/// Where a page ended; opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of summaries.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The summaries, newest first.
    pub summaries: Vec<Summary>,
    /// Where to continue, if there is more.
    pub next: Option<PageToken>,
}

/// One entry of the catalogue: small documents that are not executions (task modules,
/// state machine versions, aliases).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which catalogue, such as `task-module`.
    pub kind: String,
    /// The entry's key within its kind.
    pub key: String,
    /// How often it was written, from 1.
    pub revision: u64,
    /// The document.
    pub document: String,
}

/// A place in the order of lists: by start, then by arrival. Written as `START.ARRIVAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cursor {
    /// When the execution began.
    pub(crate) started_at: Timestamp,
    /// The number it got when its first row was stored.
    pub(crate) arrival: i64,
}

impl Cursor {
    /// After everything.
    pub(crate) const END: Self = Self {
        started_at: Timestamp(i64::MAX),
        arrival: i64::MAX,
    };

    /// The token of a page that ended here.
    pub(crate) fn token(self) -> PageToken {
        PageToken(format!("{}.{}", self.started_at.0, self.arrival))
    }

    /// Where the page of this token ended.
    pub(crate) fn parse(token: &PageToken) -> Result<Self, Error> {
        let read = || {
            let (started_at, arrival) = token.0.split_once('.')?;
            let started_at = Timestamp(started_at.parse().ok()?);
            Some(Self {
                started_at,
                arrival: arrival.parse().ok()?,
            })
        };
        read().ok_or_else(|| Error::BadPageToken(token.0.clone()))
    }
}

impl Listing {
    /// The place before which this page begins, newest first.
    pub(crate) fn before(&self) -> Result<Cursor, Error> {
        self.after.as_ref().map_or(Ok(Cursor::END), Cursor::parse)
    }

    /// The page made of what was found: sorted, newest first, and possibly more than asked for.
    pub(crate) fn page(&self, mut found: Vec<(Cursor, Summary)>) -> Page {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found
            .last()
            .filter(|_| more)
            .map(|(cursor, _)| cursor.token());
        Page {
            summaries: found.into_iter().map(|(_, summary)| summary).collect(),
            next,
        }
    }
}
