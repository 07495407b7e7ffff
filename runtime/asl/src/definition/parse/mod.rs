//! From the text of a definition to a [`StateMachine`].
//!
//! Parsing never fails: it gives a machine when there is no error, and all problems in any
//! case, each with its place. It deliberately does not judge what a well-formed machine
//! does; that is [`crate::validate`]'s.
//!
//! Read [`parse()`] first, then `fields.rs`, on which all files here stand.

mod choice;
mod distributed;
mod expression;
mod fail;
mod fields;
mod flow;
mod integrations;
mod json;
mod locate;
mod map;
mod outline;
mod parallel;
mod pass;
mod place;
mod report;
mod resource;
mod retry;
mod state;
mod succeed;
mod task;
mod template;
mod wait;

pub use outline::{FlowOutline, Outline, StateOutline};
pub use place::Location;
pub(crate) use report::{Found, Problem, Reports, SCHEMA, Spot};

use serde_json::Value;

use super::{QueryLanguage, StateMachine};
use crate::diagnostic::Diagnostic;
use crate::limits;
use fields::{Fields, Shape};
use flow::Machine;
use place::Place;

/// What became of a definition's text.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The machine, unless some diagnostic is an error.
    pub machine: Option<StateMachine>,
    /// Which state leads where, and where everything stands: as far as could be read.
    pub outline: Outline,
    /// All problems, in the order in which they were met.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there were more problems: more than [`limits::DIAGNOSTICS_MAX`], of which half may
    /// be warnings, or more than [`limits::DIAGNOSTICS_BYTES_MAX`] of text.
    pub truncated: bool,
}

const MACHINE: Shape = Shape {
    required: &["States", "StartAt"],
    both: &[
        "Comment",
        "QueryLanguage",
        "StartAt",
        "States",
        "TimeoutSeconds",
        "Version",
    ],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// Reads a definition.
///
/// The text may be anything up to [`limits::DEFINITION_BYTES_MAX`] bytes, nested up to
/// [`limits::JSON_DEPTH_MAX`] levels; beyond, it is only reported.
pub fn parse(text: &str) -> Parsed {
    let reports = Reports::new(text);
    let read = json::read(text, &reports)
        .as_ref()
        .map(|value| read_machine(&reports, value));
    let (machine, outline) = read.unwrap_or_default();
    let Found {
        diagnostics,
        failed,
        truncated,
    } = reports.into_found();
    Parsed {
        machine: machine.filter(|_| !failed),
        outline,
        diagnostics,
        truncated,
    }
}

fn read_machine(reports: &Reports<'_>, value: &Value) -> (Option<StateMachine>, Outline) {
    let root = Place::ROOT;
    let language = match value.get("QueryLanguage") {
        None => QueryLanguage::JsonPath,
        Some(name) => language_of(name),
    };
    let Some(fields) = Fields::of(reports, root, language, value) else {
        return Default::default();
    };
    fields.check(&[&MACHINE], false);
    fields.one_of("QueryLanguage", &LANGUAGES);
    fields.one_of("Version", &["1.0"]);
    let comment = fields.string("Comment").map(str::to_owned);
    // AWS takes 0; an execution that times out before it begins would be of no use to anyone.
    let timeout_seconds = fields
        .integer("TimeoutSeconds", 0, limits::SECONDS_MAX)
        .filter(|seconds| *seconds > 0);
    let machine = Machine::new(reports, language);
    let flow = machine.flow(&fields, None);
    let (states, ids, outline) = machine.into_parts();
    let machine = flow.zip(states).map(|(flow, states)| StateMachine {
        comment,
        language,
        timeout_seconds,
        flow,
        states,
        ids,
    });
    (machine, outline)
}

const LANGUAGES: [&str; 2] = ["JSONPath", "JSONata"];

/// What a `QueryLanguage` means: JSONPath only when it says exactly that, as AWS takes it;
/// anything else is reported, but read as JSONata.
fn language_of(name: &Value) -> QueryLanguage {
    if name == LANGUAGES[0] {
        QueryLanguage::JsonPath
    } else {
        QueryLanguage::Jsonata
    }
}

#[cfg(test)]
mod tests;
