//! Choice: decides what follows.

use std::sync::Arc;

use serde_json::Value;

use super::{Expression, StateId, Template};
use crate::Timestamp;

/// What is particular to a Choice state.
#[derive(Clone, Debug)]
pub struct Choice {
    /// `Choices`, in order: the first that matches is taken.
    pub rules: Vec<Rule>,
    /// `Default`: where to go when none matches.
    pub default: Option<StateId>,
}

/// One element of `Choices`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What must hold.
    pub condition: Condition,
    /// `Next`
    pub next: StateId,
    /// `Assign` of the rule.
    pub assign: Vec<(Arc<str>, Template)>,
    /// `Output` of the rule (JSONata).
    pub output: Option<Template>,
}

/// What must hold. Nesting is bounded by the definition's JSON depth.
#[derive(Clone, Debug)]
pub enum Condition {
    /// `And`: all of them.
    And(Vec<Condition>),
    /// `Or`: one of them.
    Or(Vec<Condition>),
    /// `Not`
    Not(Box<Condition>),
    /// A comparison of the value at `Variable`.
    Test {
        /// `Variable`
        variable: Expression,
        /// The comparison.
        test: Test,
    },
    /// `Condition` (JSONata): must give a boolean.
    Jsonata(Expression),
}

/// One of the 39 comparison operators, with its operand.
#[derive(Clone, Debug)]
pub enum Test {
    /// `StringEquals` … `TimestampGreaterThanEqualsPath`, `BooleanEquals(Path)`.
    Compare {
        /// What kind of value is compared.
        comparison: Comparison,
        /// How.
        relation: Relation,
        /// With what.
        operand: Operand,
    },
    /// `StringMatches`: `*` is any run of characters, `\\*` a star.
    StringMatches(String),
    /// `IsNull`
    IsNull(bool),
    /// `IsPresent`
    IsPresent(bool),
    /// `IsNumeric`
    IsNumeric(bool),
    /// `IsString`
    IsString(bool),
    /// `IsBoolean`
    IsBoolean(bool),
    /// `IsTimestamp`
    IsTimestamp(bool),
}

/// What kind of value is compared; a value of another kind never matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// By UTF-16 code units, as Java orders strings.
    String,
    /// As numbers.
    Numeric,
    /// As moments.
    Timestamp,
    /// Only for equality.
    Boolean,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThan`
    GreaterThan,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A literal of the comparison's kind.
    Literal(Value),
    /// A literal timestamp, parsed.
    Timestamp(Timestamp),
    /// `…Path`
    Path(Expression),
}
