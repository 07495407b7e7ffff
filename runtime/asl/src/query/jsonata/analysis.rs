//! What an expression reads, and what of it AWS refuses, found in its tree.
//!
//! Names are judged without following control flow, each way to the side that refuses no
//! expression AWS would take: a name bound anywhere counts as bound everywhere.

use std::collections::{BTreeMap, BTreeSet};

use jlens_core::ast::{Node, NodeKind, Stage};
use jlens_core::{Ast, stack};

use super::engine::refuse;
use super::functions;
use crate::query::SyntaxError;

/// What [`analyse`] found.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    /// Names to bind from the scope: `states`, and whatever may be a variable.
    pub(super) names: Vec<Box<str>>,
    /// Names read that a built-in function has: rarely, but possibly variables.
    pub(super) ambiguous: Vec<Box<str>>,
    /// Names read that can only be variables of the scope.
    pub(super) variables: Vec<Box<str>>,
    /// Fields of `$states` that are read by name.
    pub(super) states: BTreeSet<Box<str>>,
}

/// Reads the tree of an expression.
///
/// # Errors
/// At the top level `$`, `$$` or a field name without a subject.
pub(super) fn analyse(ast: &Ast) -> Result<Analysis, SyntaxError> {
    let mut walk = Walk::default();
    walk.node(&ast.root, true)?;
    let mut found = Analysis {
        states: walk.states.into_iter().map(Box::from).collect(),
        ..Analysis::default()
    };
    for name in walk.read {
        if functions::is_built_in(name) {
            found.ambiguous.push(name.into());
            continue;
        }
        found.names.push(name.into());
        // AWS takes a text with `$eval` in it and has no such function: a call of nothing.
        if !matches!(name, "states" | "eval") && !walk.bound.contains(name) {
            found.variables.push(name.into());
        }
    }
    Ok(found)
}

/// The name that `node` binds, if it is an assignment.
fn assigned(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Bind { lhs, .. } => match &lhs.kind {
            NodeKind::Variable { name } => Some(name),
            _ => None,
        },
        _ => None,
    }
}

#[derive(Default)]
struct Walk<'a> {
    /// Names read where neither a parameter nor an earlier expression of a block binds them.
    read: BTreeSet<&'a str>,
    /// How many enclosing functions and blocks bind a name, at the node being walked.
    local: BTreeMap<&'a str, usize>,
    bound: BTreeSet<&'a str>,
    states: BTreeSet<&'a str>,
}

impl<'a> Walk<'a> {
    /// Walks `node`; `top` while its context is the root, which Step Functions does not give.
    fn node(&mut self, node: &'a Node, top: bool) -> Result<(), SyntaxError> {
        stack::grow(|| self.node_inner(node, top))
    }

    fn node_inner(&mut self, node: &'a Node, top: bool) -> Result<(), SyntaxError> {
        let attrs = &node.attrs;
        self.bound.extend(attrs.focus.as_deref());
        self.bound.extend(attrs.index.as_deref());
        for stage in attrs.stages.iter().chain(&attrs.predicate) {
            match stage {
                Stage::Filter { expr, .. } => self.node(expr, false)?,
                Stage::Index { var, .. } => {
                    self.bound.insert(var);
                }
            }
        }
        for (key, value) in attrs.group.iter().flat_map(|group| &group.pairs) {
            self.node(key, false)?;
            self.node(value, false)?;
        }
        match &node.kind {
            NodeKind::Variable { name } => self.variable(node, name, top)?,
            NodeKind::Name { name } if top => {
                return Err(refuse(
                    node.span,
                    format!("Reference to '{name}' at the top level is not supported."),
                ));
            }
            NodeKind::Path { steps, .. } => self.path(steps, top)?,
            NodeKind::Bind { lhs, rhs } => {
                if let NodeKind::Variable { name } = &lhs.kind {
                    self.bound.insert(name);
                }
                self.node(rhs, top)?;
            }
            // The context of a function's body is that of its definition, but it is the place
            // where an author rightly writes `$` for what the caller passes.
            NodeKind::Lambda(definition) if !definition.thunk => {
                let params = || definition.params.iter().map(String::as_str);
                self.bound.extend(params());
                self.enter(params());
                self.node(&definition.body, false)?;
                self.leave(params());
            }
            NodeKind::Lambda(thunk) => self.node(&thunk.body, top)?,
            NodeKind::Transform(definition) => {
                self.node(&definition.pattern, false)?;
                self.node(&definition.update, false)?;
                if let Some(delete) = &definition.delete {
                    self.node(delete, false)?;
                }
            }
            NodeKind::Sort { terms } => {
                for term in terms {
                    self.node(&term.expr, false)?;
                }
            }
            _ => self.children(node, top)?,
        }
        Ok(())
    }

    /// The operands of a node, which share its context.
    fn children(&mut self, node: &'a Node, top: bool) -> Result<(), SyntaxError> {
        match &node.kind {
            NodeKind::Binary { lhs, rhs, .. }
            | NodeKind::Fallback { lhs, rhs, .. }
            | NodeKind::Apply { lhs, rhs } => {
                self.node(lhs, top)?;
                self.node(rhs, top)
            }
            NodeKind::Negate { expr } => self.node(expr, top),
            NodeKind::Array { items } => items.iter().try_for_each(|item| self.node(item, top)),
            NodeKind::Block { exprs, .. } => {
                for expr in exprs {
                    self.node(expr, top)?;
                    self.enter(assigned(expr));
                }
                self.leave(exprs.iter().filter_map(assigned));
                Ok(())
            }
            NodeKind::Object { pairs } => pairs.iter().try_for_each(|(key, value)| {
                self.node(key, top)?;
                self.node(value, top)
            }),
            NodeKind::Condition {
                condition,
                then,
                otherwise,
            } => {
                self.node(condition, top)?;
                self.node(then, top)?;
                otherwise.iter().try_for_each(|other| self.node(other, top))
            }
            NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
                self.node(procedure, top)?;
                args.iter().try_for_each(|arg| self.node(arg, top))
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            *self.local.entry(name).or_default() += 1;
        }
    }

    fn leave(&mut self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            if let Some(count) = self.local.get_mut(name) {
                *count -= 1;
            }
        }
    }

    fn path(&mut self, steps: &'a [Node], top: bool) -> Result<(), SyntaxError> {
        if let [first, second, ..] = steps
            && let (NodeKind::Variable { name }, NodeKind::Name { name: field }) =
                (&first.kind, &second.kind)
            && name == "states"
        {
            self.states.insert(field);
        }
        let mut top = top;
        for step in steps {
            self.node(step, top)?;
            top = false;
        }
        Ok(())
    }

    fn variable(&mut self, node: &'a Node, name: &'a str, top: bool) -> Result<(), SyntaxError> {
        match name {
            "" | "$" if top => Err(refuse(
                node.span,
                format!("Reference to '${name}' is not supported."),
            )),
            "" | "$" => Ok(()),
            name => {
                if self.local.get(name).is_none_or(|count| *count == 0) {
                    self.read.insert(name);
                }
                Ok(())
            }
        }
    }
}
