//! What a reader gets: rows, summaries, pages of them, and entries of the catalogue.
//!
//! It knows nothing of how they are found. Read [`Listing`] first.

use std::sync::Arc;

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};

use crate::{Error, Opened, Rest, Status};

/// One row as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number within the execution.
    pub sequence: u64,
    /// The encoded records.
    pub records: Vec<u8>,
}

/// What a restart finds as it walks over all open executions.
#[derive(Clone, Copy, Debug)]
pub enum Found<'r> {
    /// An execution that rests.
    Resting(Resting<'r>),
    /// A row of one that does not.
    Row(OpenRow<'r>),
}

/// An open execution that rests.
#[derive(Clone, Copy, Debug)]
pub struct Resting<'r> {
    /// Which. Clones share the text that the journal keeps of it.
    pub execution: &'r ExecutionArn,
    /// As [`OpenRow::arrival`].
    pub arrival: i64,
    /// How many rows it has.
    pub rows: u64,
    /// What its last row said.
    pub rest: Rest,
}

/// One row of an open execution that does not rest.
#[derive(Clone, Copy, Debug)]
pub struct OpenRow<'r> {
    /// Whose row. Clones share the text that the journal keeps of it.
    pub execution: &'r ExecutionArn,
    /// Tells executions apart: in the order in which they began to be stored.
    pub arrival: i64,
    /// Its number within the execution.
    pub sequence: u64,
    /// Whether the execution has no row after it.
    pub is_last: bool,
    /// The encoded records.
    pub records: &'r [u8],
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
    /// How often it was redriven.
    pub redrive_count: u32,
    /// When it was redriven last.
    pub redriven_at: Option<Timestamp>,
}

/// Which executions to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only those listed under this.
    pub under: Option<Under>,
    /// Only those that stand so.
    pub status: Option<Status>,
    /// Only those that were redriven, or that were not.
    pub redriven: Option<bool>,
    /// At most this many; 0 gives an empty page.
    pub limit: usize,
    /// Continue after the page that ended with this token; all but `limit` must be as it was
    /// when that page was asked for.
    pub after: Option<PageToken>,
}

/// What executions may be listed under.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Under {
    /// A state machine, whatever version or alias of it they were started by.
    StateMachine(StateMachineArn),
    /// The ARN of a version, see [`Origin::version`].
    Version(Arc<str>),
    /// The ARN of an alias, see [`Origin::alias`].
    Alias(Arc<str>),
    /// The ARN of a Map Run, see [`Origin::map_run`].
    MapRun(Arc<str>),
}

impl Under {
    /// Whether an execution that began so is listed under this.
    pub(crate) fn has(&self, opened: &Opened) -> bool {
        let origin = &opened.origin;
        match self {
            Self::StateMachine(arn) => opened.state_machine == *arn,
            Self::Version(arn) => origin.version.as_ref() == Some(arn),
            Self::Alias(arn) => origin.alias.as_ref() == Some(arn),
            Self::MapRun(arn) => origin.map_run.as_ref() == Some(arn),
        }
    }
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

/// A place in the order of lists: by start, then by arrival.
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
}

impl Listing {
    /// Whether an execution that stands so is to be listed.
    pub(crate) fn wants(&self, summary: &Summary) -> bool {
        let redriven = summary.redrive_count > 0;
        self.under
            .as_ref()
            .is_none_or(|under| under.has(&summary.opened))
            && self.status.is_none_or(|status| status == summary.status)
            && self.redriven.is_none_or(|wanted| wanted == redriven)
    }

    /// The place before which this page begins, newest first.
    pub(crate) fn before(&self) -> Result<Cursor, Error> {
        match &self.after {
            None => Ok(Cursor::END),
            Some(token) => self
                .place_of(token)
                .ok_or_else(|| Error::BadPageToken(token.0.clone())),
        }
    }

    /// The token of a page of this listing that ended here: `START.ARRIVAL.SEAL`.
    pub(crate) fn token(&self, cursor: Cursor) -> PageToken {
        let place = format!("{}.{}", cursor.started_at.0, cursor.arrival);
        PageToken(format!("{place}.{:016x}", self.seal(&place)))
    }

    /// Where the page of this token ended, if it was a page of this listing.
    fn place_of(&self, token: &PageToken) -> Option<Cursor> {
        let (place, seal) = token.0.rsplit_once('.')?;
        if seal != format!("{:016x}", self.seal(place)) {
            return None;
        }
        let (started_at, arrival) = place.split_once('.')?;
        Some(Cursor {
            started_at: Timestamp(started_at.parse().ok()?),
            arrival: arrival.parse().ok()?,
        })
    }

    /// Ties a place to what was asked for, so that a token of another list, or one that was
    /// mistyped, is refused and not followed to a wrong page. It guards against mistakes
    /// alone: whoever forges a token sees nothing that they may not list anyway. FNV-1a,
    /// because it will be the same in every later version.
    fn seal(&self, place: &str) -> u64 {
        let (kind, arn) = match &self.under {
            None => ("", ""),
            Some(Under::StateMachine(arn)) => ("machine", arn.as_str()),
            Some(Under::Version(arn)) => ("version", &**arn),
            Some(Under::Alias(arn)) => ("alias", &**arn),
            Some(Under::MapRun(arn)) => ("map-run", &**arn),
        };
        let status = self.status.map_or("", Status::as_str);
        let redriven = match self.redriven {
            None => "",
            Some(true) => "redriven",
            Some(false) => "not redriven",
        };
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for part in [place, kind, arn, status, redriven] {
            // No part holds a line feed, so what one ends with cannot pass for the next.
            for byte in part.bytes().chain([b'\n']) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        hash
    }

    /// The places of the page made of those found: sorted, newest first, and possibly more
    /// than asked for; and the token of the next.
    pub(crate) fn page(&self, found: &mut Vec<Cursor>) -> Option<PageToken> {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        found
            .last()
            .filter(|_| more)
            .map(|cursor| self.token(*cursor))
    }
}
