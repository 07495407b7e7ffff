//! JSONPath in Jayway's dialect, as AWS Step Functions uses it.
//!
//! A [`Path`] is parsed once, with the definition, and evaluated against a
//! [`Scope`](super::Scope) as often as its state is entered. A definite path gives one
//! value, borrowed where it lies; an indefinite one gives an array of what it found, which
//! may be empty. A [`ReferencePath`] names the one place where ResultPath puts a value.
//!
//! This module does not know which field a path stands in nor what a failure does there;
//! its errors carry what the caller needs to say so in AWS's words.
//!
//! AWS's dialect differs from Jayway's present one. Path functions do not exist: AWS reads
//! `$.list.length()` as a field named `length()` and finds nothing. In `['a\"b']` only
//! `\'` and `\\` are escapes; another backslash stands for itself, as recorded from AWS.
//! And `@` in a filter "does not match scalar values" (developer guide, Paths).
//!
//! Read [`Path`] first.

mod evaluate;
mod filter;
mod missing;
mod parse;
mod parse_filter;
mod reference;
mod walk;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

pub use self::evaluate::EvaluationError;
pub use self::parse::is_variable_name;
pub use self::reference::{PutError, ReferencePath};
pub use super::syntax::SyntaxError;

use self::filter::Filter;
use super::Scope;
use super::syntax::Cursor;

/// A path: a root and the way from there.
///
/// Roots are `$` (the input), `$$` (the context object) and `$name` (a variable).
#[derive(Clone, Debug)]
pub struct Path {
    text: Box<str>,
    route: Route,
}

/// A path without its text: also what stands inside a filter, where `@` is a root too.
#[derive(Clone, Debug)]
struct Route {
    root: Root,
    steps: Box<[Step]>,
    /// `['a','b']` at the end: of each object found, an object with these fields only.
    merge: Option<Box<[Box<str>]>>,
    definite: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`, without the `$`.
    Variable(Arc<str>),
    /// `@`, the node a filter tests.
    Current,
}

/// From each node found so far to the nodes wanted below it.
#[derive(Clone, Debug)]
struct Step {
    /// Whether it starts from the node and everything below (`..`) or from the node alone.
    descend: bool,
    pick: Pick,
}

#[derive(Clone, Debug)]
enum Pick {
    /// `.name`, `['name']`
    Name(Box<str>),
    /// `['a','b']`
    Names(Box<[Box<str>]>),
    /// `[n]`; below zero counts from the end.
    Index(i64),
    /// `[a,b]`
    Indexes(Box<[i64]>),
    /// `[from:to:by]`, `by` above zero.
    Slice {
        from: Option<i64>,
        to: Option<i64>,
        by: usize,
    },
    /// `.*`, `[*]`
    Any,
    /// `[?(…)]`
    Filter(Box<Filter>),
    /// The node itself if it has all these fields: what `..['a','b']` merges from.
    Having(Box<[Box<str>]>),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// [`SyntaxError`] when the text is not a path, is longer than
    /// [`limits::EXPRESSION_BYTES_MAX`](crate::limits::EXPRESSION_BYTES_MAX) or nests deeper
    /// than [`limits::PATH_DEPTH_MAX`](crate::limits::PATH_DEPTH_MAX).
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self {
            text: text.into(),
            route: parse::path(text)?,
        })
    }

    /// Reads a path where it stands in a longer expression.
    pub(super) fn parse_at(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        let start = cursor.offset();
        let route = parse::path_at(cursor)?;
        Ok(Self {
            text: cursor.since(start).into(),
            route,
        })
    }

    /// Whether the path gives one value, rather than an array of any number of them.
    pub fn is_definite(&self) -> bool {
        self.route.definite
    }

    /// Whether the path is a Reference Path: one that "can identify only a single node",
    /// by names and indexes alone (States Language, Reference Paths).
    pub fn is_reference(&self) -> bool {
        self.route.definite && self.route.merge.is_none()
    }

    /// The variable the path starts from, without its `$`.
    pub fn variable(&self) -> Option<&str> {
        match &self.route.root {
            Root::Variable(name) => Some(name),
            _ => None,
        }
    }

    /// The names that follow the root `$`, as far as there are only names; none for a path that
    /// begins elsewhere.
    pub(crate) fn input_names(&self) -> Option<impl Iterator<Item = &str>> {
        (self.route.root == Root::Input).then(|| self.leading_names())
    }

    /// The same for the root `$$`.
    pub(crate) fn context_names(&self) -> Option<impl Iterator<Item = &str>> {
        (self.route.root == Root::Context).then(|| self.leading_names())
    }

    /// Whether there is nothing but names after the root.
    pub(crate) fn is_plain(&self) -> bool {
        self.leading_names().count() == self.route.steps.len() && self.is_reference()
    }

    fn leading_names(&self) -> impl Iterator<Item = &str> {
        self.route.steps.iter().map_while(|step| match &step.pick {
            Pick::Name(name) if !step.descend => Some(&**name),
            _ => None,
        })
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the path's root stands for, if it is there.
    fn document<'a>(&self, scope: &Scope<'a>) -> Option<&'a Value> {
        match &self.route.root {
            Root::Input | Root::Current => Some(scope.input),
            Root::Context => Some(scope.context.value()),
            Root::Variable(name) => scope.variables.get(name).map(AsRef::as_ref),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Path {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Path {}
