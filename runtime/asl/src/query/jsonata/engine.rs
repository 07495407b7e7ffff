//! Any JSONata text, compiled and evaluated within bounds.
//!
//! With [`guard`](super::guard), [`analysis`](super::analysis) and
//! [`functions`](super::functions) this is all that knows the engine crate. A [`Program`] knows
//! nothing of `$states`, nor of what AWS refuses: [`Expression`](super::Expression) does.

use std::time::Duration;

use jlens_core::{Ast, Options, Span};
use serde_json::Value;

use super::guard::{self, Guards};
use super::json::{Builder, Root};
use super::{Chance, EvaluationError, Limit};
use crate::limits;
use crate::query::{Draws, SyntaxError};

/// A compiled JSONata text. Cheap to clone, and shared between threads.
#[derive(Clone, Debug)]
pub struct Program {
    compiled: jlens_core::Expression,
    guards: Guards,
}

/// The error that points to the beginning of `span`.
pub(super) fn refuse(span: Span, message: impl Into<String>) -> SyntaxError {
    SyntaxError {
        offset: span.start,
        message: message.into(),
    }
}

/// The tree of `text`, at most [`limits::EXPRESSION_BYTES_MAX`] long.
pub(super) fn tree(text: &str) -> Result<Ast, SyntaxError> {
    if text.len() > limits::EXPRESSION_BYTES_MAX {
        let message = format!(
            "an expression has at most {} bytes",
            limits::EXPRESSION_BYTES_MAX
        );
        return Err(refuse(
            Span::new(limits::EXPRESSION_BYTES_MAX, text.len()),
            message,
        ));
    }
    jlens_core::parse(text).map_err(|error| {
        let whole = Span::new(0, text.len());
        refuse(
            error.span().unwrap_or(whole),
            format!("{}: {}", error.code(), error.message()),
        )
    })
}

impl Program {
    /// Compiles `text`.
    ///
    /// # Errors
    /// Where and why `text` is not JSONata, or that it is too long or nested too deep.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Self::compile("", text, "", &tree(text)?)
    }

    /// Compiles `before` + `text` + `after`, where `ast` is the tree of `text` alone and the
    /// two other parts are ours, with the guards that `text` needs.
    pub(super) fn compile(
        before: &str,
        text: &str,
        after: &str,
        ast: &Ast,
    ) -> Result<Self, SyntaxError> {
        let (guarded, guards) = guard::guard(text, ast)?;
        let source = format!(
            "{}{before}{guarded}{after}{}",
            guards.before(),
            guards.after()
        );
        let compiled = jlens_core::Expression::compile(&source).map_err(|error| {
            // `text` alone did parse: only the few levels that we add can be too many.
            refuse(Span::new(0, text.len()), error.message())
        })?;
        Ok(Self { compiled, guards })
    }

    /// Evaluates with `input` as the root context (`$` and `$$`) and `variables` by name.
    /// `None` is *undefined*, as an input and as a result.
    ///
    /// # Errors
    /// [`EvaluationError::Failed`] and [`EvaluationError::LimitExceeded`].
    pub fn evaluate<'v>(
        &self,
        input: Option<&Value>,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)>,
        chance: Chance,
    ) -> Result<Option<Value>, EvaluationError> {
        self.run(Root::Json(input), variables, chance)
    }

    /// The seed of one evaluation: drawn only if it is used.
    pub(super) fn seed(&self, draws: &Draws) -> u64 {
        if self.guards.draws() {
            draws.next_u64()
        } else {
            0
        }
    }

    pub(super) fn run<'v>(
        &self,
        root: Root<'_>,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)>,
        chance: Chance,
    ) -> Result<Option<Value>, EvaluationError> {
        let bindings = variables.into_iter().fold(
            self.guards.bindings(chance.seed),
            |bindings, (name, value)| bindings.var(name, value.clone()),
        );
        let mut builder = Builder::default();
        let written = self
            .compiled
            .evaluate_source_to(&root, &bindings, &options(chance), |output| {
                output.write(&mut builder)
            })
            .map_err(evaluation_error)?;
        if builder.too_deep() {
            return Err(EvaluationError::LimitExceeded {
                which: Limit::Depth,
            });
        }
        Ok(written)
    }
}

/// The engine's own bounds: of the text it builds, the items it collects, the steps it takes.
fn options(chance: Chance) -> Options {
    Options::new()
        .now(chance.now.0)
        .seed(chance.seed)
        .max_steps(limits::JSONATA_STEPS_MAX)
        .timeout(Duration::from_millis(limits::JSONATA_MILLISECONDS_MAX))
        .max_depth(limits::JSONATA_DEPTH_MAX)
        .max_string_length(limits::JSONATA_BYTES_MAX)
        .max_array_length(limits::JSONATA_ITEMS_MAX)
        .max_result_size(limits::JSONATA_BYTES_MAX)
}

fn evaluation_error(error: jlens_core::Error) -> EvaluationError {
    let which = match error.code() {
        "U1006" => Limit::Steps,
        "D1012" => Limit::Time,
        "D1011" => Limit::Depth,
        "U1001" => Limit::Size,
        code => {
            return EvaluationError::Failed {
                message: format!("{code}: {}", error.message()),
            };
        }
    };
    EvaluationError::LimitExceeded { which }
}
