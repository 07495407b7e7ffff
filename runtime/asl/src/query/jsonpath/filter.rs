//! What a filter `[?(…)]` says, and whether a node passes it.
//!
//! The comparisons are Jayway's: a number equals the text of a number, what is missing
//! equals nothing (so `!=` holds), and values that have no order are never less or greater.

use std::borrow::Cow;
use std::cmp::Ordering;

use regex_lite::Regex;
use serde_json::{Number, Value};

use super::Route;
use super::evaluate::EvaluationError;
use super::walk::Walk;

/// A condition on a node.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    All(Box<[Filter]>),
    Any(Box<[Filter]>),
    Not(Box<Filter>),
    /// A path alone: whether it finds anything.
    Exists(Route),
    Compare(Operand, Operator, Operand),
    /// `=~`: the whole of the text must match.
    Matches(Operand, Regex),
}

/// What stands at either side of an operator.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Path(Route),
    Literal(Value),
}

/// Jayway's operators, but for `=~` and `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    /// `===`: equal and of one type.
    Identical,
    NotIdentical,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    SubsetOf,
    AnyOf,
    NoneOf,
    AllOf,
    Contains,
    Size,
    Empty,
}

impl Filter {
    /// Whether `node` passes. Recursion is bounded by the parser's.
    pub(super) fn accepts<'a>(
        &self,
        node: &'a Value,
        walk: &mut Walk<'_, 'a>,
    ) -> Result<bool, EvaluationError> {
        walk.budget.nodes(1)?;
        match self {
            Self::All(filters) => {
                for filter in filters {
                    if !filter.accepts(node, walk)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Any(filters) => {
                for filter in filters {
                    if filter.accepts(node, walk)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(filter) => Ok(!filter.accepts(node, walk)?),
            // Jayway finds an indefinite path to exist even when it finds nothing. Whoever
            // writes `[?(@.tags[*])]` means those that have tags.
            Self::Exists(route) => Ok(!walk.nodes(route, Some(node))?.is_empty()),
            Self::Compare(left, operator, right) => {
                let left = left.value(node, walk)?;
                let right = right.value(node, walk)?;
                operator.holds(left.as_deref(), right.as_deref(), walk)
            }
            Self::Matches(operand, regex) => {
                let value = operand.value(node, walk)?;
                matches(value.as_deref(), regex, walk)
            }
        }
    }
}

impl Operand {
    fn value<'a, 'f: 'v, 'v>(
        &'f self,
        node: &'a Value,
        walk: &mut Walk<'_, 'a>,
    ) -> Result<Option<Cow<'v, Value>>, EvaluationError>
    where
        'a: 'v,
    {
        match self {
            Self::Literal(value) => Ok(Some(Cow::Borrowed(value))),
            Self::Path(route) => walk.value(route, Some(node)),
        }
    }
}

impl Operator {
    fn holds(
        self,
        left: Option<&Value>,
        right: Option<&Value>,
        walk: &mut Walk<'_, '_>,
    ) -> Result<bool, EvaluationError> {
        Ok(match self {
            Self::Equal => equal(left, right, walk)?,
            Self::NotEqual => !equal(left, right, walk)?,
            Self::Identical => same_type(left, right) && equal(left, right, walk)?,
            Self::NotIdentical => !(same_type(left, right) && equal(left, right, walk)?),
            Self::Less => order(left, right, walk)?.is_some_and(Ordering::is_lt),
            Self::LessOrEqual => order(left, right, walk)?.is_some_and(Ordering::is_le),
            Self::Greater => order(left, right, walk)?.is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => order(left, right, walk)?.is_some_and(Ordering::is_ge),
            Self::In => among(left, items(right), walk)?,
            Self::NotIn => !among(left, items(right), walk)?,
            Self::SubsetOf => is_array(left, right) && covers(items(right), items(left), walk)?,
            Self::AllOf => is_array(left, right) && covers(items(left), items(right), walk)?,
            Self::AnyOf => meets(items(left), items(right), walk)?,
            Self::NoneOf => is_array(left, right) && !meets(items(left), items(right), walk)?,
            Self::Contains => match (left, right) {
                (Some(Value::String(text)), Some(Value::String(part))) => {
                    walk.budget.text(text.len())?;
                    text.contains(part.as_str())
                }
                _ => among(right, items(left), walk)?,
            },
            Self::Size => size(left).is_some_and(|size| {
                right
                    .and_then(Value::as_f64)
                    .is_some_and(|wanted| wanted == size as f64)
            }),
            Self::Empty => size(left).map(|size| Value::Bool(size == 0)).as_ref() == right,
        })
    }
}

/// What matching one byte of text against a regular expression costs, in nodes. With the
/// bound on a compiled expression this keeps the slowest evaluation under a second.
const REGEX_NODES_PER_BYTE: usize = 4;

fn matches(
    value: Option<&Value>,
    regex: &Regex,
    walk: &mut Walk<'_, '_>,
) -> Result<bool, EvaluationError> {
    let one = |value: &Value, walk: &mut Walk<'_, '_>| {
        let text = match value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            Value::Number(_) | Value::Bool(_) => Cow::Owned(value.to_string()),
            _ => Cow::Borrowed(""),
        };
        walk.budget.nodes(1 + text.len() * REGEX_NODES_PER_BYTE)?;
        Ok(regex.is_match(&text))
    };
    match value {
        Some(Value::Array(items)) => {
            for item in items {
                if one(item, walk)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Some(value) => one(value, walk),
        None => Ok(false),
    }
}

fn items(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        _ => &[],
    }
}

fn is_array(left: Option<&Value>, right: Option<&Value>) -> bool {
    matches!(
        (left, right),
        (Some(Value::Array(_)), Some(Value::Array(_)))
    )
}

fn size(value: Option<&Value>) -> Option<usize> {
    match value? {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(items) => Some(items.len()),
        Value::Object(fields) => Some(fields.len()),
        _ => None,
    }
}

fn among(
    value: Option<&Value>,
    items: &[Value],
    walk: &mut Walk<'_, '_>,
) -> Result<bool, EvaluationError> {
    for item in items {
        if equal(value, Some(item), walk)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether `all` has everything in `some`.
fn covers(all: &[Value], some: &[Value], walk: &mut Walk<'_, '_>) -> Result<bool, EvaluationError> {
    for item in some {
        if !among(Some(item), all, walk)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn meets(
    left: &[Value],
    right: &[Value],
    walk: &mut Walk<'_, '_>,
) -> Result<bool, EvaluationError> {
    for item in left {
        if among(Some(item), right, walk)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_type(left: Option<&Value>, right: Option<&Value>) -> bool {
    match (left, right) {
        (Some(left), Some(right)) => std::mem::discriminant(left) == std::mem::discriminant(right),
        _ => false,
    }
}

fn equal(
    left: Option<&Value>,
    right: Option<&Value>,
    walk: &mut Walk<'_, '_>,
) -> Result<bool, EvaluationError> {
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(false);
    };
    walk.budget.value(left)?;
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            compare_numbers(left, right) == Some(Ordering::Equal)
        }
        (Value::Number(number), Value::String(text))
        | (Value::String(text), Value::Number(number)) => {
            // Reading a long number takes time with its digits.
            walk.budget.nodes(text.len() / 4)?;
            serde_json::from_str(text)
                .is_ok_and(|text| compare_numbers(number, &text) == Some(Ordering::Equal))
        }
        _ => left == right,
    })
}

fn order(
    left: Option<&Value>,
    right: Option<&Value>,
    walk: &mut Walk<'_, '_>,
) -> Result<Option<Ordering>, EvaluationError> {
    let (Some(left), Some(right)) = (left, right) else {
        return Ok(None);
    };
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => compare_numbers(left, right),
        (Value::String(left), Value::String(right)) => {
            walk.budget.text(left.len())?;
            Some(left.cmp(right))
        }
        (Value::Number(_), Value::String(right)) => Some(left.to_string().cmp(right)),
        (Value::String(left), Value::Number(_)) => Some(left.cmp(&right.to_string())),
        _ => None,
    })
}

/// Integers exactly, everything else as double precision numbers.
fn compare_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    let whole = |n: &Number| n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
