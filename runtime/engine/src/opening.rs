//! The stored form of rows: the first one says whose they are, the others are records alone.

use asl::arn::ExecutionArn;
use asl::history::{self, Record};
use asl::interpreter::{Identity, TaskKey};
use serde::{Deserialize, Serialize};

use crate::parts::StartedAs;

/// What the first row of an execution says before its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Opening {
    /// Who the execution is.
    pub(crate) identity: Identity,
    /// The digest of the definition it runs.
    pub(crate) definition: String,
    /// How its state machine was named.
    #[serde(default)]
    pub(crate) started_as: StartedAs,
    /// The Task that started it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Parent>,
}

/// The Task that started an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parent {
    /// Whose Task.
    pub(crate) execution: ExecutionArn,
    /// The attempt.
    pub(crate) task: TaskKey,
    /// Whether it waits for the execution's end, which is to be stopped when it no longer does.
    pub(crate) waits: bool,
}

/// Why a stored row cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RowError {
    #[error("the first row is too short")]
    Short,
    #[error("the first row does not say whose it is: {0}")]
    Opening(#[source] serde_json::Error),
    #[error(transparent)]
    Records(#[from] history::DecodeError),
}

/// A first row: the opening's length in four bytes, the opening, the records.
pub(crate) fn encode(opening: &Opening, records: &[Record]) -> Vec<u8> {
    let opening = serde_json::to_vec(opening).expect("an opening is plain data");
    let length = u32::try_from(opening.len()).expect("names are short");
    let mut row = length.to_le_bytes().to_vec();
    row.extend_from_slice(&opening);
    row.extend_from_slice(&history::encode(records));
    row
}

/// Reads a first row.
pub(crate) fn decode(row: &[u8]) -> Result<(Opening, Vec<Record>), RowError> {
    let (length, rest) = row.split_first_chunk::<4>().ok_or(RowError::Short)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (opening, records) = rest.split_at_checked(length).ok_or(RowError::Short)?;
    let opening = serde_json::from_slice(opening).map_err(RowError::Opening)?;
    Ok((opening, history::decode(records)?))
}
