//! The query-language seam: what an expression may read, and how its evaluation fails.
//!
//! A state speaks JSONPath (with intrinsic functions) or JSONata. Both read the same
//! [`Scope`]; nothing outside this module knows which one a state speaks.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

pub mod budget;
pub mod draws;
pub mod intrinsics;
mod java_random;
pub mod jsonata;
pub mod jsonpath;
#[cfg(test)]
mod sample;
mod syntax;

pub use budget::Budget;
pub use draws::Draws;
pub use syntax::SyntaxError;

/// Variables by name, without the `$`. Shared: a scope's variables are cloned on write.
pub type Variables = BTreeMap<Arc<str>, Arc<Value>>;

/// The context object, made when it is first read: most expressions never do.
pub trait Context {
    /// The whole of it.
    fn value(&self) -> &Value;

    /// One field. Whoever reads one does not pay for the others: `Execution` holds the whole
    /// input, and a Map reads `Map` once for each item.
    fn field(&self, name: &str) -> Option<&Value>;
}

/// A context object that is there already.
impl Context for Value {
    fn value(&self) -> &Value {
        self
    }

    fn field(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// What an expression may read. All of it is borrowed: evaluation copies only results.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// `$` in JSONPath, `$states.input` in JSONata (there, always the state's input).
    pub input: &'a Value,
    /// `$states.result`, where there is one (JSONata).
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, inside a Catcher (JSONata).
    pub error_output: Option<&'a Value>,
    /// `$$` in JSONPath, `$states.context` in JSONata.
    pub context: &'a dyn Context,
    /// `$name`.
    pub variables: &'a Variables,
    /// Whatever chance this evaluation needs (`States.UUID`, `States.MathRandom`, `$uuid()`,
    /// `$random()`). Its seed is recorded with the event, so a replay draws the same.
    pub draws: &'a Draws,
    /// What this evaluation and the others of its state may still spend.
    pub budget: &'a Budget,
    /// The recorded moment of this step, for `$now()` and `$millis()`.
    pub now: crate::Timestamp,
}
