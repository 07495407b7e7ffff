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
            (Spot::Name, _) => locate::start(text, &self.steps),
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
    bytes: Cell<usize>,
    warnings: Cell<usize>,
    failed: Cell<bool>,
    truncated: Cell<bool>,
}

/// What all reports come to.
pub(crate) struct Found {
    /// The problems.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Whether one was an error, kept or not.
    pub(crate) failed: bool,
    /// Whether there were more.
    pub(crate) truncated: bool,
}

impl<'t> Reports<'t> {
    /// None yet.
    pub(crate) fn new(text: &'t str) -> Self {
        Self {
            text,
            found: RefCell::default(),
            bytes: Cell::default(),
            warnings: Cell::default(),
            failed: Cell::default(),
            truncated: Cell::default(),
        }
    }

    /// To go on after those of an earlier look at the text.
    pub(crate) fn with(text: &'t str, found: Vec<Diagnostic>, truncated: bool) -> Self {
        let reports = Self::new(text);
        for diagnostic in found {
            reports.push(diagnostic);
        }
        reports.truncated.set(truncated);
        reports
    }

    /// Adds one, as long as there is room.
    pub(crate) fn add(&self, problem: Problem<'_>) {
        if self.has_room(problem.severity) {
            self.push(problem.diagnostic(self.text));
        }
    }

    /// Adds one that is complete already, as long as there is room.
    pub(crate) fn push(&self, diagnostic: Diagnostic) {
        if self.has_room(diagnostic.severity) {
            let warnings = usize::from(!diagnostic.is_error());
            self.warnings.set(self.warnings.get() + warnings);
            let size =
                diagnostic.message.len() + diagnostic.pointer.as_ref().map_or(0, String::len);
            self.bytes.set(self.bytes.get() + size);
            self.found.borrow_mut().push(diagnostic);
        }
    }

    /// Whether there is room for one more, which whoever asks must have: up to
    /// [`limits::DIAGNOSTICS_MAX`] (half of them may be warnings, so that these never hide an
    /// error) and [`limits::DIAGNOSTICS_BYTES_MAX`].
    pub(crate) fn has_room(&self, severity: Severity) -> bool {
        let max = limits::DIAGNOSTICS_MAX;
        let room = match severity {
            Severity::Error => {
                self.failed.set(true);
                self.found.borrow().len() < max
            }
            Severity::Warning => self.warnings.get() < max / 2 && self.found.borrow().len() < max,
        };
        let room = room && self.bytes.get() < limits::DIAGNOSTICS_BYTES_MAX;
        if !room {
            self.truncated.set(true);
        }
        room
    }

    /// All of them.
    pub(crate) fn into_found(self) -> Found {
        Found {
            diagnostics: self.found.into_inner(),
            failed: self.failed.get(),
            truncated: self.truncated.get(),
        }
    }
}
