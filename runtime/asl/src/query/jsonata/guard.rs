//! What an expression needs around it so that the engine's bounds hold.
//!
//! The engine counts steps and checks sizes between its built-in functions, not inside them.
//! Those that can blow up within one call are replaced: by name where a function of ours does
//! the same ([`functions`]), by a rewritten text for the range operator, and by a JSONata
//! function around ours for `$replace` and `$distinct`. What no expression names costs nothing.

use jlens_core::ast::{BinaryOp, Node, NodeKind};
use jlens_core::{Ast, Bindings, stack};

use super::engine::refuse;
use super::functions;
use crate::query::SyntaxError;

/// Names beginning so are ours, and refused in an expression.
pub(super) const RESERVED: &str = "stepwell_";

/// `$replace`, with the matching left to the engine and the building to us.
const REPLACE: &str = "$replace:=function($s,$p,$r,$l)<s-(sf)(sf)n?:s>{\
    $stepwell_replace_check($s,$p,$l)~>function($how){\
    $how=\"text\"?$stepwell_replace_text($s,$p,$r,$l):\
    $how=\"none\"?$s:\
    $how=\"match\"?$stepwell_replace_matches($s,[$stepwell_match($s,$p,$l)],$r)}};";

/// `$distinct`, ours when two items differ; the engine's otherwise, where it is quick and knows
/// whether one item is an array of one.
const DISTINCT: &str =
    "$distinct:=function($a)<x:x>{$stepwell_distinct($a)??$stepwell_engine_distinct($a)};";

/// What one text needs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guards {
    draws: bool,
    replace: bool,
    distinct: bool,
}

impl Guards {
    /// Whether an evaluation draws: only then does it take a seed.
    pub(super) fn draws(self) -> bool {
        self.draws
    }

    /// What comes before the text.
    pub(super) fn before(self) -> String {
        let mut text = String::new();
        if self.replace {
            text.push_str("$stepwell_match:=$match;");
            text.push_str(REPLACE);
        }
        if self.distinct {
            text.push_str("$stepwell_engine_distinct:=$distinct;");
            text.push_str(DISTINCT);
        }
        if text.is_empty() {
            text
        } else {
            format!("({text}")
        }
    }

    /// What comes after it.
    pub(super) fn after(self) -> &'static str {
        if self.replace || self.distinct {
            ")"
        } else {
            ""
        }
    }

    /// The functions of one evaluation.
    pub(super) fn bindings(self, seed: u64) -> Bindings {
        if self.draws {
            functions::with_draws(seed)
        } else {
            functions::bindings().clone()
        }
    }
}

/// The text to compile in place of `text`, whose tree is `ast`, and what it needs around it.
///
/// # Errors
/// A name that is reserved.
pub(super) fn guard(text: &str, ast: &Ast) -> Result<(String, Guards), SyntaxError> {
    let mut walk = Walk::default();
    walk.node(&ast.root)?;
    // Outer ranges come first in the walk, and a stable sort keeps them outside.
    walk.edits.sort_by_key(|edit| edit.start);
    let mut guarded = String::with_capacity(text.len() + 32);
    let mut done = 0;
    for edit in &walk.edits {
        guarded.push_str(&text[done..edit.start]);
        guarded.push_str(edit.text);
        done = edit.end;
    }
    guarded.push_str(&text[done..]);
    Ok((guarded, walk.guards))
}

/// `text` in place of the bytes from `start` to `end`.
struct Edit {
    start: usize,
    end: usize,
    text: &'static str,
}

#[derive(Default)]
struct Walk {
    guards: Guards,
    edits: Vec<Edit>,
}

impl Walk {
    fn node(&mut self, node: &Node) -> Result<(), SyntaxError> {
        match &node.kind {
            NodeKind::Variable { name } => self.name(node, name)?,
            NodeKind::Lambda(definition) => {
                for param in &definition.params {
                    self.name(node, param)?;
                }
            }
            NodeKind::Binary {
                op: BinaryOp::Range,
                lhs,
                rhs,
            } => {
                let mut edit = |start, end, text| self.edits.push(Edit { start, end, text });
                edit(lhs.span.start, lhs.span.start, "$stepwell_range(");
                edit(lhs.span.end, rhs.span.start, ",");
                edit(rhs.span.end, rhs.span.end, ")");
            }
            _ => {}
        }
        let mut result = Ok(());
        node.for_each_child(|child| {
            if result.is_ok() {
                result = stack::grow(|| self.node(child));
            }
        });
        result
    }

    fn name(&mut self, node: &Node, name: &str) -> Result<(), SyntaxError> {
        match name {
            "random" | "uuid" | "shuffle" => self.guards.draws = true,
            "replace" => self.guards.replace = true,
            "distinct" => self.guards.distinct = true,
            _ if name.starts_with(RESERVED) => {
                return Err(refuse(
                    node.span,
                    format!("names that begin with ${RESERVED} are reserved"),
                ));
            }
            _ => {}
        }
        Ok(())
    }
}
