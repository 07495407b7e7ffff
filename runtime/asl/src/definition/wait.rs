//! Wait: lets time pass.

use super::Expression;
use crate::Timestamp;

/// What is particular to a Wait state.
#[derive(Clone, Debug)]
pub struct Wait {
    /// When it ends.
    pub until: Until,
}

/// When a wait ends.
#[derive(Clone, Debug)]
pub enum Until {
    /// `Seconds`, from 0 to [`crate::limits::SECONDS_MAX`].
    Seconds(u64),
    /// `SecondsPath`, or `Seconds` as JSONata.
    SecondsOf(Expression),
    /// `Timestamp`.
    Timestamp(Timestamp),
    /// `TimestampPath`, or `Timestamp` as JSONata.
    TimestampOf(Expression),
}
