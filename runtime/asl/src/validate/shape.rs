//! What may be in a value, as far as the definition alone says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::{Query, ResultPath, Selector, Template};
use crate::query::jsonpath::Path;

/// Objects inside of objects that are told apart. Ours: a loop may nest a state's output in
/// itself for ever.
const DEPTH_MAX: usize = 8;
/// Fields of one object that are told apart. Ours: a definition may have any number of them, and
/// each state would carry them all.
const FIELDS_MAX: usize = 200;

/// What may be in a value: never less than there is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// Nothing that a name leads to.
    Plain,
    /// At most these fields.
    Object(BTreeMap<Box<str>, Shape>),
}

impl Shape {
    /// Of a fixed value.
    pub(super) fn of_value(value: &Value) -> Self {
        Self::of(value, DEPTH_MAX)
    }

    fn of(value: &Value, depth: usize) -> Self {
        match value {
            Value::Object(fields) => Self::object(depth, fields.len(), || {
                let fields = fields.iter();
                fields.map(|(name, value)| (name.as_str(), Self::of(value, depth - 1)))
            }),
            Value::Array(_) => Self::Any,
            _ => Self::Plain,
        }
    }

    /// Of what a template makes of an input.
    pub(super) fn of_template(template: &Template, input: &Self) -> Self {
        Self::made(template, input, DEPTH_MAX)
    }

    fn made(template: &Template, input: &Self, depth: usize) -> Self {
        match template {
            Template::Constant(value) => Self::of(value, depth),
            Template::Expression(expression) => match &expression.query {
                Query::Path(path) => input.cut(path, depth),
                _ => Self::Any,
            },
            Template::Object(fields) => Self::object(depth, fields.len(), || {
                let fields = fields.iter();
                fields.map(|(name, field)| (name.as_str(), Self::made(field, input, depth - 1)))
            }),
            Template::Array(_) => Self::Any,
        }
    }

    fn object<'n, F: Iterator<Item = (&'n str, Self)>>(
        depth: usize,
        count: usize,
        fields: impl FnOnce() -> F,
    ) -> Self {
        if depth == 0 || count > FIELDS_MAX {
            return Self::Any;
        }
        Self::Object(fields().map(|(name, shape)| (name.into(), shape)).collect())
    }

    /// What this path leads to.
    pub(super) fn select(&self, path: &Path) -> Self {
        self.cut(path, DEPTH_MAX)
    }

    fn cut(&self, path: &Path, depth: usize) -> Self {
        let Some(names) = path.input_names().filter(|_| path.is_plain()) else {
            return Self::Any;
        };
        let found = self.find(names);
        found.map_or(Self::Any, |found| found.no_deeper_than(depth))
    }

    /// Whether the names can lead anywhere.
    pub(super) fn may_have<'n>(&self, names: impl Iterator<Item = &'n str>) -> bool {
        self.find(names).is_some()
    }

    fn find<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<&Self> {
        let mut shape = self;
        for name in names {
            shape = match shape {
                Self::Any => return Some(shape),
                Self::Plain => return None,
                Self::Object(fields) => fields.get(name)?,
            };
        }
        Some(shape)
    }

    /// What InputPath or OutputPath leaves of it.
    pub(super) fn selected(&self, selector: &Selector) -> Self {
        match selector {
            Selector::Whole => self.clone(),
            Selector::Nothing => Self::Object(BTreeMap::new()),
            Selector::Path(path) => match &path.query {
                Query::Path(path) => self.select(path),
                _ => Self::Any,
            },
        }
    }

    /// It, with a result put where ResultPath says.
    pub(super) fn placed(&self, place: &ResultPath, result: Self) -> Self {
        match place {
            ResultPath::Replace => result,
            ResultPath::Discard => self.clone(),
            ResultPath::Into(reference) => {
                let path = reference.path();
                match path.input_names().filter(|_| path.is_plain()) {
                    Some(names) => {
                        let names: Vec<&str> = names.collect();
                        self.put(&names, result, DEPTH_MAX)
                    }
                    None => Self::Any,
                }
            }
        }
    }

    fn put(&self, names: &[&str], value: Self, depth: usize) -> Self {
        let Some((name, rest)) = names.split_first() else {
            return value.no_deeper_than(depth);
        };
        // Into what is no object, nothing can be put: the state fails.
        let Self::Object(fields) = self else {
            return Self::Any;
        };
        if depth == 0 || fields.len() >= FIELDS_MAX {
            return Self::Any;
        }
        let mut fields = fields.clone();
        let empty = Self::Object(BTreeMap::new());
        let inner = fields.get(*name).unwrap_or(&empty);
        let inner = inner.put(rest, value, depth - 1);
        fields.insert((*name).into(), inner);
        Self::Object(fields)
    }

    /// What is in either.
    pub(super) fn or(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Plain, other) => other.clone(),
            (shape, Self::Plain) => shape,
            (Self::Object(mut fields), Self::Object(others)) => {
                for (name, other) in others {
                    let both = match fields.remove(name) {
                        Some(shape) => shape.or(other),
                        None => other.clone(),
                    };
                    fields.insert(name.clone(), both);
                }
                match fields.len() > FIELDS_MAX {
                    true => Self::Any,
                    false => Self::Object(fields),
                }
            }
        }
    }

    fn no_deeper_than(&self, depth: usize) -> Self {
        match self {
            Self::Object(_) if depth == 0 => Self::Any,
            Self::Object(fields) => {
                let fields = fields.iter();
                let cut =
                    fields.map(|(name, shape)| (name.clone(), shape.no_deeper_than(depth - 1)));
                Self::Object(cut.collect())
            }
            shape => shape.clone(),
        }
    }
}
