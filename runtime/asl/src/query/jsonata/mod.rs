//! JSONata as Step Functions speaks it: the text between `{%` and `%}`, parsed once and
//! evaluated on a [`Scope`] within bounds.
//!
//! The language itself is the engine crate's (behind [`engine`]), which is ours in part: its
//! bounds hold in every loop (`vendor/jlens-core/FORK.md`). Ours alone are AWS's functions
//! ([`functions`]), the reading of a scope without copying it ([`json`]), and what AWS refuses
//! when a state machine is created ([`analysis`]).
//! This module does not know the state or the field an expression stands in: the caller does,
//! and composes AWS's sentence with [`EvaluationError::describe`] and [`unexpected_type`].
//!
//! Read [`Expression`] first.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Scope, SyntaxError};
use crate::{Timestamp, limits};
use json::{Root, ScopeRoot};

mod analysis;
pub mod engine;
mod functions;
mod json;

pub use engine::{Bounds, Program};

/// Why an evaluation gave no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// The expression returned nothing (*undefined*).
    #[error("returned nothing (undefined)")]
    Undefined,
    /// The expression threw: a JSONata error code and its message.
    #[error("{message}")]
    Failed {
        /// `T1006: Attempted to invoke a non-function`.
        message: String,
    },
    /// A function met what it cannot work on, and JSONata has no code for that.
    #[error("an internal error")]
    Internal,
    /// The evaluation took more than it is allowed.
    #[error("exceeded the limit of {which}")]
    LimitExceeded {
        /// What ran out.
        which: Limit,
    },
}

/// What one evaluation may use up. The values are in [`crate::limits`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// [`crate::limits::JSONATA_STEPS_MAX`], in all evaluations of a state together.
    Steps,
    /// [`crate::limits::JSONATA_MILLISECONDS_MAX`].
    Time,
    /// [`crate::limits::JSONATA_DEPTH_MAX`], or the nesting of a value.
    Depth,
    /// [`crate::limits::JSONATA_STRING_BYTES_MAX`], [`crate::limits::JSONATA_ITEMS_MAX`] or
    /// [`crate::limits::JSONATA_BYTES_MAX`].
    Size,
}

impl Limit {
    /// AWS's words. What it stops by a clock is stopped here by counting steps, first of all.
    fn cause(self) -> String {
        match self {
            Self::Steps | Self::Time => {
                "Expression evaluation timeout: Check for infinite loop".to_owned()
            }
            Self::Depth => format!(
                "Stack overflow error: Check for non-terminating recursive function.  Consider \
                 rewriting as tail-recursive. Depth={} max={}",
                limits::JSONATA_DEPTH_MAX + 1,
                limits::JSONATA_DEPTH_MAX
            ),
            Self::Size => "Expression evaluation memory limit exceeded: Check for excessive \
                           memory usage"
                .to_owned(),
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Steps => "evaluation steps",
            Self::Time => "evaluation time",
            Self::Depth => "nesting depth",
            Self::Size => "memory for a string, an array or the result",
        })
    }
}

/// The blocks that we put around an expression, one in the other.
const PRELUDE_DEPTH: usize = 2;

const BOUNDS: Bounds = Bounds {
    depth_max: limits::JSONATA_DEPTH_MAX + PRELUDE_DEPTH,
    ..Bounds::AWS
};

/// What an evaluation takes from outside: all of its chance and its only clock.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    /// Where `$random`, `$uuid` and `$shuffle` start to draw.
    pub seed: u64,
    /// What `$now` and `$millis` tell.
    pub now: Timestamp,
}

/// A JSONata expression of a definition. Cheap to clone, and shared between threads.
///
/// ```
/// # use asl::{Timestamp, query::{Budget, Draws, Scope, Variables, jsonata::Expression}};
/// # use serde_json::{Value, json};
/// let (input, context, variables) = (json!({"a": 1}), Value::Null, Variables::new());
/// let scope = Scope {
///     input: &input,
///     result: None,
///     error_output: None,
///     context: &context,
///     variables: &variables,
///     draws: &Draws::new(0),
///     budget: &Budget::new(),
///     now: Timestamp(0),
/// };
/// let expression = Expression::parse(" $states.input.a + 1 ").unwrap();
/// assert_eq!(expression.evaluate(&scope), Ok(json!(2)));
/// ```
#[derive(Clone, Debug)]
pub struct Expression(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    text: String,
    program: Program,
    /// Names read from the scope, in the order of the fields of [`ScopeRoot`]'s object.
    names: Vec<Box<str>>,
    /// Names read that a built-in function has too: a variable of that name hides it.
    ambiguous: Vec<Box<str>>,
    /// Names read that nothing but the scope can give.
    variables: Vec<Box<str>>,
    states: BTreeSet<Box<str>>,
}

impl Expression {
    /// Parses the text between `{%` and `%}`.
    ///
    /// # Errors
    /// Text that is no JSONata, is longer than [`crate::limits::EXPRESSION_BYTES_MAX`] or
    /// nested too deep; and what AWS refuses when a state machine is created: `$`, `$$` or a field name without a subject at the top level.
    ///
    /// Source: Step Functions developer guide, "Transforming data with JSONata".
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let ast = engine::tree(text)?;
        let analysis = analysis::analyse(&ast)?;
        let mut before = String::from("(");
        for (index, name) in analysis.names.iter().enumerate() {
            before.push_str(&format!("${name}:=`{index}`;"));
        }
        before.push('(');
        let program = Program::compile(&format!("{before}{text}))"), &ast)?;
        Ok(Self(Arc::new(Parsed {
            text: text.to_owned(),
            program,
            names: analysis.names,
            ambiguous: analysis.ambiguous,
            variables: analysis.variables,
            states: analysis.states,
        })))
    }

    /// The text it was parsed from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it reads `$states.result`.
    pub fn uses_result(&self) -> bool {
        self.0.states.contains("result")
    }

    /// Whether it reads `$states.errorOutput`.
    pub fn uses_error_output(&self) -> bool {
        self.0.states.contains("errorOutput")
    }

    /// The variables it reads, without the `$`: every name but `states` that it neither
    /// binds itself nor finds among the functions.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.variables.iter().map(AsRef::as_ref)
    }

    /// Evaluates on `scope`, whose values are read where they are.
    ///
    /// # Errors
    /// See [`EvaluationError`]; which one does not depend on the machine, but for the time
    /// limit, which the other limits leave nothing to do that we know of.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, EvaluationError> {
        let hidden = self.0.ambiguous.iter().filter_map(|name| {
            let value = scope.variables.get(&**name)?;
            Some((&**name, &**value))
        });
        let chance = Chance {
            seed: self.0.program.seed(scope.draws),
            now: scope.now,
        };
        let root = Root::Scope(ScopeRoot {
            scope: *scope,
            names: &self.0.names,
        });
        self.0
            .program
            .run(BOUNDS, scope.budget, root, hidden, chance)?
            .ok_or(EvaluationError::Undefined)
    }
}

impl EvaluationError {
    /// AWS's sentence for this error of the expression `text` in the field `field`
    /// (`Output/x`), as it follows "An error occurred while executing the state …".
    pub fn describe(&self, text: &str, field: &str) -> String {
        let head = format!("The JSONata expression '{text}' specified for the field '{field}'");
        match self {
            Self::Undefined => format!("{head} returned nothing (undefined)."),
            Self::Failed { message } => {
                format!("{head} threw an error during evaluation. {message}")
            }
            // Measured, but for the random identifier that AWS puts behind it.
            Self::Internal => format!("{head} threw an internal error during evaluation."),
            // Recorded: after a code there is a full stop, and here a colon.
            Self::LimitExceeded { which } => {
                format!("{head} threw an error during evaluation: {}", which.cause())
            }
        }
    }
}

/// AWS's sentence for an expression whose value is not of the type `expected` by its field.
pub fn unexpected_type(text: &str, field: &str, expected: &str, value: &Value) -> String {
    let was = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    format!(
        "The JSONata expression '{text}' specified for the field '{field}' returned an \
         unexpected result type. Expected '{expected}', but was '{was}' for value: {value}"
    )
}

#[cfg(test)]
mod tests;
