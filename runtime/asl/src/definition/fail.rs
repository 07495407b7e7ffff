//! Fail: ends its flow with a failure.

use super::Expression;

/// What is particular to a Fail state.
#[derive(Clone, Debug, Default)]
pub struct Fail {
    /// `Error`, `ErrorPath`, or `Error` as JSONata.
    pub error: Option<Text>,
    /// `Cause`, `CausePath`, or `Cause` as JSONata.
    pub cause: Option<Text>,
}

/// A text, or where to find one.
#[derive(Clone, Debug)]
pub enum Text {
    /// As it stands.
    Literal(String),
    /// A path, an intrinsic function, or JSONata; it must give a string.
    Expression(Expression),
}
