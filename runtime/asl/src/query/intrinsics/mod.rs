//! The intrinsic functions of JSONPath states: `States.Format('…', $.name)` and 17 more.
//!
//! An [`Intrinsic`] is parsed once, with the definition; names, numbers of arguments and
//! escapes are checked then. Evaluation gives a new value or says why it [`Failed`].
//!
//! This module does not know which field a call stands in. It draws chance only from the
//! scope's [`Draws`](super::Draws).
//!
//! Sources: developer guide, "Intrinsic functions for JSONPath states"; States Language,
//! "Intrinsic Functions".

mod arguments;
mod arrays;
#[cfg(test)]
mod check;
mod failed;
mod function;
mod json;
mod math;
mod parse;
mod text;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

pub use self::failed::Failed;
pub use super::syntax::SyntaxError;

use self::arguments::Arguments;
use self::function::Function;
use super::Scope;
use super::jsonpath::{EvaluationError, Path};
#[cfg(doc)]
use crate::limits;

/// A call of an intrinsic function, with the calls nested in it.
#[derive(Clone, Debug)]
pub struct Intrinsic {
    text: Box<str>,
    call: Call,
}

#[derive(Clone, Debug)]
struct Call {
    function: Function,
    arguments: Box<[Argument]>,
}

#[derive(Clone, Debug)]
enum Argument {
    Path(Path),
    Call(Call),
    Literal(Value),
    /// The template of `States.Format`, written out.
    Template(Template),
}

/// A string and where in it, in bytes, the `{}` are that stand for values.
#[derive(Clone, Debug)]
struct Template {
    text: String,
    holes: Vec<usize>,
}

impl Intrinsic {
    /// Reads a call.
    ///
    /// # Errors
    /// [`SyntaxError`] when the text is no call of one of the 18 functions with a number of
    /// arguments it takes, has a backslash before anything but `'`, `{`, `}` and `\`, nests
    /// deeper than [`limits::INTRINSIC_NESTING_MAX`] or is longer than
    /// [`limits::EXPRESSION_BYTES_MAX`].
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self {
            text: text.into(),
            call: parse::call(text)?,
        })
    }

    /// Calls the function.
    ///
    /// # Errors
    /// [`Failed`] when an argument is missing in the scope or not what the function takes.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Failed> {
        self.call.evaluate(scope)
    }

    /// The call as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Hands over the paths among the arguments, those of nested calls too.
    pub fn for_each_path<'a>(&'a self, found: &mut dyn FnMut(&'a Path)) {
        self.call.for_each_path(found);
    }
}

impl fmt::Display for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Call {
    /// Recursion is bounded by [`limits::INTRINSIC_NESTING_MAX`].
    fn for_each_path<'a>(&'a self, found: &mut dyn FnMut(&'a Path)) {
        for argument in &self.arguments {
            match argument {
                Argument::Path(path) => found(path),
                Argument::Call(call) => call.for_each_path(found),
                Argument::Literal(_) | Argument::Template(_) => {}
            }
        }
    }

    /// Recursion is bounded by [`limits::INTRINSIC_NESTING_MAX`].
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, Failed> {
        if let [Argument::Template(template), values @ ..] = &*self.arguments {
            let values = evaluate_all(values, scope)?;
            return template.fill(&values, scope.budget);
        }
        let values = evaluate_all(&self.arguments, scope)?;
        let mut arguments = Arguments {
            function: self.function.name(),
            values,
            budget: scope.budget,
        };
        let value = self.function.call(&mut arguments, scope.draws)?;
        scope.budget.value(&value)?;
        Ok(value)
    }
}

fn evaluate_all<'v>(
    arguments: &'v [Argument],
    scope: &Scope<'v>,
) -> Result<Vec<Cow<'v, Value>>, Failed> {
    let evaluate = |argument: &'v Argument| match argument {
        Argument::Path(path) => path.evaluate(scope).map_err(|error| match error {
            EvaluationError::Exhausted(exhausted) => Failed::Exhausted(exhausted),
            EvaluationError::PathNotFound { path }
            | EvaluationError::VariableNotFound { path, .. } => Failed::PathNotFound {
                path,
                input: scope.input.to_string(),
            },
        }),
        Argument::Call(call) => call.evaluate(scope).map(Cow::Owned),
        Argument::Literal(value) => Ok(Cow::Borrowed(value)),
        // The parser puts a template first, and there it has been taken.
        Argument::Template(template) => Ok(Cow::Owned(Value::from(template.text.as_str()))),
    };
    arguments.iter().map(evaluate).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check::{check, evaluate};
    use super::*;
    use crate::query::budget::Exhausted;

    #[test]
    fn calls_nest() {
        let name = "States.StringSplit($$.StateMachine.Name, '-')";
        check(&[
            (
                &format!("States.ArrayGetItem({name}, 0)"),
                json!([]),
                json!("a"),
            ),
            (
                &format!(
                    "States.ArrayGetItem({name}, States.MathAdd(States.ArrayLength({name}), -1))"
                ),
                json!([]),
                json!("b"),
            ),
        ]);
    }

    #[test]
    fn what_a_call_makes_is_bounded() {
        let text = json!({"a": "\"\\".repeat(100_000), "l": vec![0; 50_000]});
        for call in [
            format!("States.Array({}$)", "$,".repeat(20_000)),
            format!("States.Array({}$..*)", "$..*,".repeat(10_000)),
            format!(
                "States.Format('{}'{})",
                "{}".repeat(10_000),
                ",$.a".repeat(10_000)
            ),
            format!("{}$.a{}", "States.JsonToString(".repeat(10), ")".repeat(10)),
        ] {
            assert_eq!(
                evaluate(&call, &text),
                Err(Failed::Exhausted(Exhausted)),
                "{}",
                &call[..30]
            );
        }
    }
}
