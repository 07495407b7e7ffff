//! Parts of a story, for whoever must not pay for all of it: its beginning, its end, a page of
//! its events. What one costs depends on how much is asked for, not on how long the story is.

use std::ops::RangeInclusive;

use asl::arn::ExecutionArn;
use asl::history::{self, EventId, HistoryEvent, Note, Record, Usage};
use asl::interpreter::Identity;
use journal::{Journal, Row};

use crate::opening;
use crate::parts::{Error, StartedAs};

/// Rows that are read from the journal at once, at most: a row has an event or more, nearly
/// always, and what was read too much is thrown away.
const ROWS_READ: usize = 256;

/// How an execution began.
#[derive(Clone, Debug)]
pub struct Beginning {
    /// Who it is.
    pub identity: Identity,
    /// The digest of the definition it runs.
    pub definition: String,
    /// How its state machine was named.
    pub started_as: StartedAs,
    /// The first that was recorded.
    pub records: Vec<Record>,
}

/// How an execution began: its first row.
///
/// # Errors
/// [`Error`].
pub fn beginning(journal: &dyn Journal, arn: &ExecutionArn) -> Result<Beginning, Error> {
    let row = journal.rows(arn, 0, 1)?.pop();
    let row = row.ok_or_else(|| journal::Error::NoSuchExecution(arn.clone()))?;
    let (opening, records) = opening::decode(&row.records)
        .map_err(|error| Error::Damaged(format!("row 0 of {arn}: {error}")))?;
    Ok(Beginning {
        identity: opening.identity,
        definition: opening.definition,
        started_as: opening.started_as,
        records,
    })
}

/// How an execution began, and the event that ended it, if its last row has one. Many an
/// execution is a single row, which is then read once.
///
/// # Errors
/// [`Error`].
pub fn ends(
    journal: &dyn Journal,
    arn: &ExecutionArn,
) -> Result<(Beginning, Option<HistoryEvent>), Error> {
    let beginning = beginning(journal, arn)?;
    let is_end = |event: &HistoryEvent| event.detail.ends_execution();
    let ending = match journal.row_count(arn)? {
        1 => {
            let mut records = beginning.records.iter();
            records.find_map(|record| match record {
                Record::Event(_, event) if is_end(event) => Some(event.clone()),
                _ => None,
            })
        }
        _ => {
            let last = Rows::backward(journal, arn, None, 1)?.next()?;
            let mut events = last.into_iter().flatten().map(|(_, event)| event);
            events.find(is_end)
        }
    };
    Ok((beginning, ending))
}

/// Where an event stands in an execution's story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The row it is in.
    pub row: u64,
    /// Its id.
    pub event: u64,
}

/// A page of events, each with its place, after (or, backward, before) the place given; at
/// most `limit` of them.
///
/// # Errors
/// [`Error`].
pub fn events(
    journal: &dyn Journal,
    arn: &ExecutionArn,
    after: Option<Place>,
    backward: bool,
    limit: usize,
) -> Result<Vec<(Place, HistoryEvent)>, Error> {
    let mut rows = match backward {
        false => Rows::forward(journal, arn, after, limit),
        true => Rows::backward(journal, arn, after, limit)?,
    };
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(mut events) = rows.next()?
    {
        let is_beyond = |place: &Place| match after {
            None => true,
            Some(after) if backward => place.event < after.event,
            Some(after) => place.event > after.event,
        };
        events.retain(|(place, _)| is_beyond(place));
        match backward {
            false => found.extend(events),
            true => found.extend(events.into_iter().rev()),
        }
    }
    found.truncate(limit);
    Ok(found)
}

/// What attempts used, by the event that scheduled each, as far as these rows tell: an attempt's
/// use is told with its outcome.
///
/// # Errors
/// [`Error`].
pub fn usages(
    journal: &dyn Journal,
    arn: &ExecutionArn,
    rows: RangeInclusive<u64>,
) -> Result<Vec<(EventId, Usage)>, Error> {
    let mut found = Vec::new();
    let mut next = *rows.start();
    while next <= *rows.end() {
        let wanted = usize::try_from(rows.end() - next + 1).unwrap_or(ROWS_READ);
        let read = journal.rows(arn, next, wanted.min(ROWS_READ))?;
        let Some(last) = read.last() else { break };
        next = last.sequence + 1;
        for row in &read {
            let notes = records(arn, row)?.into_iter();
            found.extend(notes.filter_map(|record| match record {
                Record::Note(Note::Used { scheduled, usage }) => Some((scheduled, usage)),
                _ => None,
            }));
        }
    }
    Ok(found)
}

fn records(arn: &ExecutionArn, row: &Row) -> Result<Vec<Record>, Error> {
    let records = match row.sequence {
        0 => opening::decode(&row.records).map(|(_, records)| records),
        _ => history::decode(&row.records).map_err(Into::into),
    };
    records.map_err(|error| Error::Damaged(format!("row {} of {arn}: {error}", row.sequence)))
}

/// The rows of an execution, one after the other, read some at a time.
struct Rows<'j> {
    journal: &'j dyn Journal,
    arn: &'j ExecutionArn,
    /// The next row to read; backward, the one before it.
    next: u64,
    backward: bool,
    /// Rows that are read at once.
    at_once: usize,
    /// Rows that were read, the next one last.
    read: Vec<Row>,
}

impl<'j> Rows<'j> {
    /// From the row of this place on; `limit` events are asked for.
    fn forward(
        journal: &'j dyn Journal,
        arn: &'j ExecutionArn,
        from: Option<Place>,
        limit: usize,
    ) -> Self {
        Self {
            journal,
            arn,
            next: from.map_or(0, |place| place.row),
            backward: false,
            at_once: limit.clamp(1, ROWS_READ),
            read: Vec::new(),
        }
    }

    /// The same from the row of this place back.
    fn backward(
        journal: &'j dyn Journal,
        arn: &'j ExecutionArn,
        from: Option<Place>,
        limit: usize,
    ) -> Result<Self, Error> {
        let next = match from {
            Some(place) => place.row.saturating_add(1),
            None => journal.row_count(arn)?,
        };
        Ok(Self {
            next,
            backward: true,
            ..Self::forward(journal, arn, None, limit)
        })
    }

    /// The events of the next row.
    fn next(&mut self) -> Result<Option<Vec<(Place, HistoryEvent)>>, Error> {
        if self.read.is_empty() {
            self.read()?;
        }
        let row = self.read.pop();
        row.map(|row| self.decoded(&row)).transpose()
    }

    fn decoded(&self, row: &Row) -> Result<Vec<(Place, HistoryEvent)>, Error> {
        let records = records(self.arn, row)?;
        let place = |event: &HistoryEvent| Place {
            row: row.sequence,
            event: event.id.0,
        };
        let events = records.into_iter().filter_map(|record| match record {
            Record::Event(_, event) => Some((place(&event), event)),
            Record::Note(_) => None,
        });
        Ok(events.collect())
    }

    fn read(&mut self) -> Result<(), Error> {
        let at_once = self.at_once as u64;
        let from = match self.backward {
            false => self.next,
            true => self.next.saturating_sub(at_once),
        };
        let count = match self.backward {
            false => at_once,
            true => self.next - from,
        };
        let count = usize::try_from(count).unwrap_or(ROWS_READ);
        self.read = self.journal.rows(self.arn, from, count)?;
        match self.backward {
            false => {
                self.next = from + self.read.len() as u64;
                self.read.reverse();
            }
            true => self.next = from,
        }
        Ok(())
    }
}
