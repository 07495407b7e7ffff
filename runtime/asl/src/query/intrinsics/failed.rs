//! Why an intrinsic function gave nothing.

use crate::query::budget::Exhausted;
use crate::{ErrorName, limits};

/// Why a call gave nothing; [`Failed::error_name`] says what AWS calls it.
///
/// The texts go into a cause after AWS's "The function '…' had the following error: ".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// A path among the arguments leads nowhere.
    #[error(
        "The JsonPath argument for the field '{path}' could not be found in the input '{input}'"
    )]
    PathNotFound {
        /// The path as written.
        path: String,
        /// The input, as JSON.
        input: String,
    },
    /// An argument is not of the type the function takes.
    #[error("Argument {position} of {function} must be {wanted}")]
    Argument {
        /// The function's name.
        function: &'static str,
        /// Which argument, from 1.
        position: usize,
        /// What it must be.
        wanted: &'static str,
    },
    /// `States.Format` has more or fewer values than its template has `{}`.
    #[error("The template has {holes} placeholders for {values} values")]
    Placeholders {
        /// `{}` in the template.
        holes: usize,
        /// Arguments after the template.
        values: usize,
    },
    /// `States.ArrayGetItem` beyond the array.
    #[error("The index {index} is outside of the array, which has {length} items")]
    IndexOutOfRange {
        /// The index asked for.
        index: i64,
        /// Items in the array.
        length: usize,
    },
    /// `States.ArrayRange` would make too many items.
    #[error(
        "The array would have more than {} items",
        limits::ARRAY_RANGE_ITEMS_MAX
    )]
    TooManyItems,
    /// A string to encode, decode or hash is too long.
    #[error(
        "The string has more than {} characters",
        limits::INTRINSIC_STRING_CHARS_MAX
    )]
    TooLong,
    /// `States.StringToJson` of what is no JSON.
    #[error("The string is not JSON: {0}")]
    NotJson(String),
    /// `States.Base64Decode` of what is no Base64.
    #[error("The string is not Base64")]
    NotBase64,
    /// `States.Hash` with an algorithm AWS does not list.
    #[error("The algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, not '{0}'")]
    UnknownAlgorithm(String),
    /// `States.MathRandom` between numbers with none between them.
    #[error("The start number {start} is not below the end number {end}")]
    EmptyRange {
        /// The least number to draw.
        start: i64,
        /// The first number above those to draw.
        end: i64,
    },
    /// The call and the other expressions of its state look at or make too much.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
}

impl Failed {
    /// The name of the failure: States.Runtime when a path leads nowhere, as seen in
    /// executions on AWS; States.IntrinsicFailure for everything else.
    pub fn error_name(&self) -> &'static str {
        match self {
            Self::PathNotFound { .. } => ErrorName::RUNTIME,
            _ => ErrorName::INTRINSIC_FAILURE,
        }
    }
}
