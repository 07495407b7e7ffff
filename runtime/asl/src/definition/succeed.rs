//! Succeed: ends its flow well.

/// Nothing is particular to a Succeed state: its data flow says all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Succeed;
