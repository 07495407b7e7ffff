//! Any JSONata text, compiled and evaluated within bounds.
//!
//! With [`analysis`](super::analysis), [`functions`](super::functions) and
//! [`json`](super::json) this is all that knows the engine crate. A [`Program`] knows nothing of
//! `$states`, nor of what AWS refuses: [`Expression`](super::Expression) does.

use std::time::Duration;

use jlens_core::ast::{Node, NodeKind};
use jlens_core::{Ast, Options, Span, meter, stack};
use serde_json::Value;

use super::json::{Builder, Root};
use super::{Chance, EvaluationError, Limit, functions};
use crate::limits;
use crate::query::{Budget, Draws, SyntaxError};

/// A compiled JSONata text. Cheap to clone, and shared between threads.
#[derive(Clone, Debug)]
pub struct Program {
    compiled: jlens_core::Expression,
    /// Whether it names a function that draws: only then does an evaluation take a seed.
    draws: bool,
}

/// How large the values of an evaluation may grow, and how deep it may nest.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Nodes of the expression that are being evaluated, one within the other.
    pub depth_max: usize,
    /// Items of an array that it builds.
    pub items_max: usize,
    /// Bytes that its arrays, objects and functions hold at once.
    pub memory_bytes_max: usize,
}

impl Bounds {
    /// What a state machine gets.
    pub const AWS: Self = Self {
        depth_max: limits::JSONATA_DEPTH_MAX,
        items_max: limits::JSONATA_ITEMS_MAX,
        memory_bytes_max: limits::JSONATA_MEMORY_MAX,
    };
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
        Self::compile(text, &tree(text)?)
    }

    /// Compiles `source`: the text whose tree is `ast`, with something of ours around it.
    pub(super) fn compile(source: &str, ast: &Ast) -> Result<Self, SyntaxError> {
        let compiled = jlens_core::Expression::compile(source).map_err(|error| {
            // The text alone did parse: only the few levels that we add can be too many.
            refuse(Span::new(0, ast.source.len()), error.message())
        })?;
        Ok(Self {
            compiled,
            draws: draws(&ast.root),
        })
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
        self.evaluate_within(Bounds::AWS, input, variables, chance)
    }

    /// [`Program::evaluate`] with larger or smaller bounds.
    ///
    /// # Errors
    /// Those of [`Program::evaluate`].
    pub fn evaluate_within<'v>(
        &self,
        bounds: Bounds,
        input: Option<&Value>,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)>,
        chance: Chance,
    ) -> Result<Option<Value>, EvaluationError> {
        self.run(bounds, &Budget::new(), Root::Json(input), variables, chance)
    }

    /// The seed of one evaluation: drawn only if it is used.
    pub(super) fn seed(&self, draws: &Draws) -> u64 {
        if self.draws { draws.next_u64() } else { 0 }
    }

    pub(super) fn run<'v>(
        &self,
        bounds: Bounds,
        budget: &Budget,
        root: Root<'_>,
        variables: impl IntoIterator<Item = (&'v str, &'v Value)>,
        chance: Chance,
    ) -> Result<Option<Value>, EvaluationError> {
        let functions = if self.draws {
            functions::with_draws(chance.seed)
        } else {
            functions::bindings().clone()
        };
        let bindings = variables
            .into_iter()
            .fold(functions, |bindings, (name, value)| {
                bindings.var(name, value.clone())
            });
        let mut builder = Builder::default();
        let written = self.compiled.evaluate_source_to(
            &root,
            &bindings,
            &options(bounds, budget, chance),
            |output| output.write(&mut builder),
        );
        budget.spend(meter::last_steps(), builder.bytes());
        let written = written.map_err(evaluation_error)?;
        if builder.too_deep() {
            return Err(EvaluationError::LimitExceeded {
                which: Limit::Depth,
            });
        }
        Ok(written)
    }
}

/// Whether a tree names a function that draws.
fn draws(node: &Node) -> bool {
    if let NodeKind::Variable { name } = &node.kind
        && matches!(&**name, "random" | "uuid" | "shuffle")
    {
        return true;
    }
    let mut found = false;
    node.for_each_child(|child| found = found || stack::grow(|| draws(child)));
    found
}

/// The engine's bounds.
fn options(bounds: Bounds, budget: &Budget, chance: Chance) -> Options {
    Options::new()
        .now(chance.now.0)
        .seed(chance.seed)
        .max_steps(budget.steps_left())
        .timeout(Duration::from_millis(limits::JSONATA_MILLISECONDS_MAX))
        .max_depth(bounds.depth_max)
        .max_string_length(limits::JSONATA_STRING_BYTES_MAX)
        .max_array_length(bounds.items_max)
        .max_memory(bounds.memory_bytes_max)
        .max_result_size(budget.result_bytes_left())
}

fn evaluation_error(error: jlens_core::Error) -> EvaluationError {
    let which = match error.code() {
        "U1006" => Limit::Steps,
        "D1012" => Limit::Time,
        "D1011" => Limit::Depth,
        "U1001" => Limit::Size,
        "U1007" => return EvaluationError::Internal,
        code => {
            return EvaluationError::Failed {
                message: format!("{code}: {}", error.message()),
            };
        }
    };
    EvaluationError::LimitExceeded { which }
}
