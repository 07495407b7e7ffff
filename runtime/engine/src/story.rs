//! The story of an execution: everything that was recorded of it, read from the journal.

use std::sync::Arc;

use asl::arn::ExecutionArn;
use asl::history::{self, Record};
use asl::interpreter::{Execution, Identity};
use journal::Journal;

use crate::definition::Definition;
use crate::opening::{self, Opening, Parent};
use crate::parts::{Error, StartedAs};

/// Rows that are read from the journal at once.
const ROWS_READ: usize = 1_000;

/// An execution's story, as it is stored.
#[derive(Clone, Debug)]
pub struct Told {
    /// Who it is.
    pub identity: Identity,
    /// What it runs.
    pub definition: Definition,
    /// How its state machine was named at the start.
    pub started_as: StartedAs,
    /// Everything that was recorded, in order.
    pub records: Vec<Record>,
    /// How many rows that takes.
    pub(crate) rows: u64,
    /// The Task that started it, if one did.
    pub(crate) parent: Option<Parent>,
}

impl Told {
    /// The execution as it stands at the end of the story.
    pub fn replay(&self) -> Execution {
        let identity = Arc::new(self.identity.clone());
        Execution::replay(
            Arc::clone(&self.definition.machine),
            identity,
            &self.records,
        )
    }
}

/// Reads the whole story of an execution.
///
/// # Errors
/// [`Error`].
pub fn tell(journal: &dyn Journal, arn: &ExecutionArn) -> Result<Told, Error> {
    let damaged =
        |sequence: u64, why: String| Error::Damaged(format!("row {sequence} of {arn}: {why}"));
    let mut told: Option<Told> = None;
    let mut next = 0;
    loop {
        let rows = journal.rows(arn, next, ROWS_READ)?;
        let count = rows.len();
        for row in rows {
            match &mut told {
                None => {
                    let (opening, records) = opening::decode(&row.records)
                        .map_err(|error| damaged(row.sequence, error.to_string()))?;
                    let definition = Definition::find(journal, &opening.definition)?;
                    told = Some(Told {
                        identity: opening.identity,
                        definition,
                        started_as: opening.started_as,
                        records,
                        rows: 1,
                        parent: opening.parent,
                    });
                }
                Some(told) => {
                    let records = history::decode(&row.records)
                        .map_err(|error| damaged(row.sequence, error.to_string()))?;
                    told.records.extend(records);
                    told.rows += 1;
                }
            }
            next = row.sequence + 1;
        }
        if count < ROWS_READ {
            return told.ok_or_else(|| journal::Error::NoSuchExecution(arn.clone()).into());
        }
    }
}

/// The definition that an execution runs.
pub(crate) fn definition_of(
    journal: &dyn Journal,
    arn: &ExecutionArn,
) -> Result<Definition, Error> {
    let first = journal.rows(arn, 0, 1)?;
    let nothing = || journal::Error::NoSuchExecution(arn.clone());
    let (opening, _) = opening::decode(&first.first().ok_or_else(nothing)?.records)
        .map_err(|error| Error::Damaged(format!("row 0 of {arn}: {error}")))?;
    Definition::find(journal, &opening.definition)
}

/// How an execution began, and everything that was recorded of it; what it runs is not read.
pub(crate) fn past(
    journal: &dyn Journal,
    arn: &ExecutionArn,
) -> Result<(Opening, Vec<Record>), Error> {
    let damaged =
        |sequence: u64, why: String| Error::Damaged(format!("row {sequence} of {arn}: {why}"));
    let mut past: Option<(Opening, Vec<Record>)> = None;
    let mut next = 0;
    loop {
        let rows = journal.rows(arn, next, ROWS_READ)?;
        for row in &rows {
            let refused = |why: String| damaged(row.sequence, why);
            match &mut past {
                None => {
                    let read = opening::decode(&row.records);
                    past = Some(read.map_err(|error| refused(error.to_string()))?);
                }
                Some((_, records)) => {
                    let read = history::decode(&row.records);
                    records.extend(read.map_err(|error| refused(error.to_string()))?);
                }
            }
            next = row.sequence + 1;
        }
        if rows.len() < ROWS_READ {
            return past.ok_or_else(|| journal::Error::NoSuchExecution(arn.clone()).into());
        }
    }
}
