//! From rows to an execution: what a restart does with all of them, and a wake with one.

use std::sync::Arc;

use asl::arn::ExecutionArn;
use asl::history;
use asl::interpreter::Execution;
use journal::Journal;

use crate::definitions::Definitions;
use crate::mock::Mocks;
use crate::opening::{self, Parent, RowError};
use crate::parts::Error;
use crate::slot::Slot;

/// Rows that are read from the journal at once.
const ROWS_READ: usize = 1_000;

/// An execution as far as its rows were read.
pub(crate) struct Loaded {
    pub(crate) execution: Execution,
    pub(crate) parent: Option<Parent>,
    /// What its Tasks answer, if it is a test.
    mocks: Option<Arc<Mocks>>,
    /// How many rows that took.
    pub(crate) rows: u64,
}

impl Loaded {
    /// Reads the first row.
    pub(crate) fn begin(
        definitions: &Definitions,
        journal: &dyn Journal,
        arn: &ExecutionArn,
        row: &[u8],
    ) -> Result<Self, Error> {
        let (opening, records) = opening::decode(row).map_err(|error| damaged(arn, 0, &error))?;
        let definition = definitions.find(journal, &opening.definition)?;
        let mut identity = opening.identity;
        // One text for all who hold it.
        identity.execution_arn = arn.clone();
        let mut execution = Execution::new(definition.machine, Arc::new(identity));
        execution.extend(&records);
        Ok(Self {
            execution,
            parent: opening.parent,
            mocks: opening.started_as.mocks,
            rows: 1,
        })
    }

    /// Reads the next row.
    pub(crate) fn go_on(&mut self, row: &[u8]) -> Result<(), Error> {
        let records = history::decode(row).map_err(|error| {
            let arn = &self.execution.identity().execution_arn;
            damaged(arn, self.rows, &RowError::Records(error))
        })?;
        self.execution.extend(&records);
        self.rows += 1;
        Ok(())
    }

    /// The slot of an execution that goes on from here.
    pub(crate) fn into_slot(self) -> Slot {
        let mut slot = Slot::resumed(self.execution, self.rows);
        slot.parent = self.parent;
        slot.mocks = self.mocks;
        slot
    }
}

fn damaged(arn: &ExecutionArn, sequence: u64, error: &RowError) -> Error {
    Error::Damaged(format!("row {sequence} of {arn}: {error}"))
}

/// Reads an execution, row by row.
pub(crate) fn load(
    definitions: &Definitions,
    journal: &dyn Journal,
    arn: &ExecutionArn,
) -> Result<Loaded, Error> {
    let mut loaded: Option<Loaded> = None;
    loop {
        let from = loaded.as_ref().map_or(0, |loaded| loaded.rows);
        let rows = journal.rows(arn, from, ROWS_READ)?;
        for row in &rows {
            match &mut loaded {
                None => loaded = Some(Loaded::begin(definitions, journal, arn, &row.records)?),
                Some(loaded) => loaded.go_on(&row.records)?,
            }
        }
        if rows.len() < ROWS_READ {
            return loaded.ok_or_else(|| journal::Error::NoSuchExecution(arn.clone()).into());
        }
    }
}
