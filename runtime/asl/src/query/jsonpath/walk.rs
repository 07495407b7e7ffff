//! The walk from node to node that an indefinite path, or a filter's, takes.
//!
//! Every node looked at, every byte of text compared and everything copied into a result
//! is charged to one budget, so `$..*..*..*` ends soon, as an error.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::evaluate::EvaluationError;
use super::{Pick, Root, Route, Step};
use crate::query::Scope;
use crate::query::budget::Budget;

/// One evaluation: what it reads, and how much it may still look at.
pub(super) struct Walk<'s, 'a> {
    scope: &'s Scope<'a>,
    /// `$` inside a filter: what the outer path's root stands for.
    document: &'a Value,
    pub(super) budget: &'s Budget,
}

impl<'s, 'a> Walk<'s, 'a> {
    /// A walk that begins.
    pub(super) fn new(scope: &'s Scope<'a>, document: &'a Value) -> Self {
        Self {
            scope,
            document,
            budget: scope.budget,
        }
    }

    /// What a route gives; nothing when a definite one leads nowhere.
    pub(super) fn value(
        &mut self,
        route: &Route,
        current: Option<&'a Value>,
    ) -> Result<Option<Cow<'a, Value>>, EvaluationError> {
        let nodes = self.nodes(route, current)?;
        if route.definite {
            return Ok(match (nodes.first(), &route.merge) {
                (Some(node), Some(names)) => self.merged(node, names)?.map(Cow::Owned),
                (node, _) => node.map(|node| Cow::Borrowed(*node)),
            });
        }
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            match &route.merge {
                Some(names) => items.extend(self.merged(node, names)?),
                None => {
                    self.budget.value(node)?;
                    items.push(node.clone());
                }
            }
        }
        Ok(Some(Cow::Owned(Value::Array(items))))
    }

    /// The nodes a route leads to, before names at its end merge.
    pub(super) fn nodes(
        &mut self,
        route: &Route,
        current: Option<&'a Value>,
    ) -> Result<Vec<&'a Value>, EvaluationError> {
        let start = match &route.root {
            Root::Current => current,
            Root::Input => Some(self.document),
            Root::Context => Some(self.scope.context.value()),
            Root::Variable(name) if current.is_some() => {
                self.scope.variables.get(name).map(AsRef::as_ref)
            }
            Root::Variable(_) => Some(self.document),
        };
        let mut nodes = Vec::from_iter(start);
        for step in &route.steps {
            let mut found = Vec::new();
            for node in nodes {
                self.step(step, node, &mut found)?;
            }
            nodes = found;
        }
        Ok(nodes)
    }

    fn step(
        &mut self,
        step: &Step,
        node: &'a Value,
        found: &mut Vec<&'a Value>,
    ) -> Result<(), EvaluationError> {
        if !step.descend {
            return self.pick(&step.pick, node, found);
        }
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            self.budget.nodes(1)?;
            match &step.pick {
                // Below `..` every object and array is visited itself; testing the items of
                // each as well would find them twice.
                Pick::Filter(filter) => {
                    if !is_scalar(node) && filter.accepts(node, self)? {
                        found.push(node);
                    }
                }
                pick => self.pick(pick, node, found)?,
            }
            match node {
                Value::Array(items) => waiting.extend(items.iter().rev()),
                Value::Object(fields) => waiting.extend(fields.values().rev()),
                _ => {}
            }
        }
        Ok(())
    }

    fn pick(
        &mut self,
        pick: &Pick,
        node: &'a Value,
        found: &mut Vec<&'a Value>,
    ) -> Result<(), EvaluationError> {
        let before = found.len();
        match (pick, node) {
            (Pick::Name(name), Value::Object(fields)) => found.extend(field(fields, name)),
            (Pick::Names(names), Value::Object(fields)) => {
                self.budget.nodes(names.len())?;
                found.extend(names.iter().filter_map(|name| fields.get(&**name)));
            }
            (Pick::Having(names), Value::Object(fields)) => {
                self.budget.nodes(names.len())?;
                if names.iter().all(|name| fields.contains_key(&**name)) {
                    found.push(node);
                }
            }
            (Pick::Index(index), Value::Array(items)) => found.extend(at(items, *index)),
            (Pick::Indexes(indexes), Value::Array(items)) => {
                self.budget.nodes(indexes.len())?;
                found.extend(indexes.iter().filter_map(|index| at(items, *index)));
            }
            (Pick::Slice { from, to, by }, Value::Array(items)) => {
                let from = from.map_or(0, |from| boundary(items, from));
                let to = to.map_or(items.len(), |to| boundary(items, to));
                found.extend(items.get(from..to).unwrap_or_default().iter().step_by(*by));
            }
            (Pick::Any, Value::Array(items)) => found.extend(items),
            (Pick::Any, Value::Object(fields)) => found.extend(fields.values()),
            (Pick::Filter(filter), Value::Array(items)) => {
                for item in items.iter().filter(|item| !is_scalar(item)) {
                    if filter.accepts(item, self)? {
                        found.push(item);
                    }
                }
            }
            // Jayway tests an object itself, not its fields.
            (Pick::Filter(filter), Value::Object(_)) => {
                let passes = filter.accepts(node, self)?;
                found.extend(passes.then_some(node));
            }
            _ => {}
        }
        self.budget.nodes(1 + found.len() - before)?;
        Ok(())
    }

    /// An object with those of the named fields that `node` has; nothing when it is no object.
    fn merged(
        &mut self,
        node: &Value,
        names: &[Box<str>],
    ) -> Result<Option<Value>, EvaluationError> {
        let Value::Object(fields) = node else {
            return Ok(None);
        };
        let mut merged = Map::new();
        for name in names {
            self.budget.nodes(1)?;
            if merged.contains_key(&**name) {
                continue;
            }
            if let Some(value) = fields.get(&**name) {
                self.budget.value(value)?;
                merged.insert(name.to_string(), value.clone());
            }
        }
        Ok(Some(Value::Object(merged)))
    }
}

/// Follows names and indexes alone.
pub(super) fn follow<'a>(document: &'a Value, steps: &[Step]) -> Option<&'a Value> {
    steps
        .iter()
        .try_fold(document, |node, step| match (&step.pick, node) {
            (Pick::Name(name), Value::Object(fields)) => field(fields, name),
            (Pick::Index(index), Value::Array(items)) => at(items, *index),
            _ => None,
        })
}

/// Fields up to which looking at each is quicker than hashing the name: measured, 8 fields
/// of 10 letters take about as long either way.
const FIELDS_SCANNED_MAX: usize = 8;

fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if fields.len() > FIELDS_SCANNED_MAX {
        return fields.get(name);
    }
    fields
        .iter()
        .find(|(own, _)| *own == name)
        .map(|(_, value)| value)
}

fn at(items: &[Value], index: i64) -> Option<&Value> {
    let from_end = usize::try_from(index.unsigned_abs()).ok()?;
    match index {
        0.. => items.get(from_end),
        _ => items.get(items.len().checked_sub(from_end)?),
    }
}

/// The place in `items` where a slice begins or ends.
fn boundary(items: &[Value], index: i64) -> usize {
    let distance = usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX);
    match index {
        0.. => distance.min(items.len()),
        _ => items.len().saturating_sub(distance),
    }
}

/// `@` in a filter "does not match scalar values" (developer guide, Paths).
fn is_scalar(value: &Value) -> bool {
    !matches!(value, Value::Array(_) | Value::Object(_))
}
