//! Collects the problems of one definition.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use super::locate;
use super::place::{Place, Step, pointer};
use crate::diagnostic::{Diagnostic, Severity};
use crate::limits;

/// AWS's code for whatever breaks the shape of the language.
pub(crate) const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

/// Which part of the text a problem underlines.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot<'a> {
    /// The value at the place.
    Value,
    /// What names the place: the last key on the way to it, or the first character of the whole.
    Name,
    /// This key of the object at the place.
    Key(&'a str),
    /// The value of this key of the object at the place.
    ValueOf(&'a str),
}

/// One problem, before its place is looked up.
pub(crate) struct Problem<'a> {
    severity: Severity,
    code: &'static str,
    message: String,
    steps: Vec<Step<'a>>,
    spot: Spot<'a>,
    /// A byte offset in the content of the string at the spot.
    offset: Option<usize>,
    /// Whether AWS names no place.
    nowhere: bool,
    hint: Option<String>,
}

impl<'a> Problem<'a> {
    /// An error at the value of this place.
    pub(crate) fn error(
        code: &'static str,
        steps: Vec<Step<'a>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code,
            message: message.into(),
            steps,
            spot: Spot::Value,
            offset: None,
            nowhere: false,
            hint: None,
        }
    }

    /// An error of the language's shape.
    pub(crate) fn schema(place: &Place<'a>, message: impl Into<String>) -> Self {
        Self::error(SCHEMA, place.steps(), message)
    }

    /// The same, as a warning.
    pub(crate) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Underlines something else than the value.
    pub(crate) fn spot(mut self, spot: Spot<'a>) -> Self {
        self.spot = spot;
        self
    }

    /// Points at this byte of the string's content.
    pub(crate) fn offset(mut self, offset: usize) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Has no place, and no span.
    pub(crate) fn nowhere(mut self) -> Self {
        self.nowhere = true;
        self
    }

    /// Says what to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn span(&self, text: &str) -> Option<Range<usize>> {
        let (last, above) = match self.steps.split_last() {
            Some((last, above)) => (Some(*last), above),
            None => (None, &self.steps[..]),
        };
        let span = match (self.spot, last) {
            (Spot::Value, _) => locate::value(text, &self.steps),
            (Spot::Name, Some(Step::Key(key))) => locate::key(text, above, key),
            (Spot::Name, _) => {
                locate::value(text, &self.steps).map(|span| span.start..span.start + 1)
            }
            (Spot::Key(key), _) => locate::key(text, &self.steps, key),
            (Spot::ValueOf(key), _) => {
                let mut steps = self.steps.clone();
                steps.push(Step::Key(key));
                locate::value(text, &steps)
            }
        }?;
        match self.offset {
            Some(offset) => locate::inside(text, &span, offset),
            None => Some(span),
        }
    }

    /// With its place looked up.
    pub(crate) fn diagnostic(self, text: &str) -> Diagnostic {
        Diagnostic {
            severity: self.severity,
            code: self.code,
            span: self.span(text).filter(|_| !self.nowhere),
            pointer: (!self.nowhere).then(|| pointer(&self.steps)),
            message: self.message,
            hint: self.hint,
        }
    }
}

/// The problems found so far. Shared by all parts of the parser, hence the cells.
pub(crate) struct Reports<'t> {
    text: &'t str,
    found: RefCell<Vec<Diagnostic>>,
    truncated: Cell<bool>,
}

impl<'t> Reports<'t> {
    /// None yet.
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: RefCell::default(),
            truncated: Cell::new(false),
        }
    }

    /// Adds one, up to [`limits::DIAGNOSTICS_MAX`].
    pub(crate) fn add(&self, problem: Problem<'_>) {
        if !self.is_full() {
            let diagnostic = problem.diagnostic(self.text);
            self.found.borrow_mut().push(diagnostic);
        }
    }

    /// Adds one that is complete already.
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        if !self.is_full() {
            self.found.borrow_mut().push(diagnostic);
        }
    }

    /// Whether it takes no more; whoever asks had one more to report.
    pub(crate) fn is_full(&self) -> bool {
        let full = self.found.borrow().len() >= limits::DIAGNOSTICS_MAX;
        if full {
            self.truncated.set(true);
        }
        full
    }

    /// All of them, and whether there were more.
    pub(crate) fn into_found(self) -> (Vec<Diagnostic>, bool) {
        (self.found.into_inner(), self.truncated.get())
    }
}
