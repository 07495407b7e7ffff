//! What all states share: type, language, data flow and transition.

use serde_json::Value;

use super::fields::{Fields, Shape};
use super::flow::Site;
use super::place::Place;
use super::report::{Problem, Spot};
use super::{LANGUAGES, choice, fail, language_of, map, parallel, pass, succeed, task, wait};
use crate::definition::{Operations, QueryLanguage, State, StateKind, Transition};

const TYPES: [&str; 8] = [
    "Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map",
];

/// Fields of every state.
const STATE: Shape = Shape {
    required: &[],
    both: &["Comment", "QueryLanguage", "Type"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// Fields of the states whose data flows through them.
pub(super) const PATHS: Shape = Shape {
    required: &[],
    both: &[],
    jsonpath: &["InputPath", "OutputPath"],
    jsonata: &["Output"],
    exclusive: &[],
    one_of: &[],
};

/// Fields of the states that another one follows.
pub(super) const NEXT: Shape = Shape {
    required: &[],
    both: &["End", "Next"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

impl Site<'_> {
    /// Reads one state; `None` when it has an error.
    pub(super) fn state(&self, place: Place<'_>, name: &str, value: &Value) -> Option<State> {
        let language = match value.get("QueryLanguage") {
            None => self.machine.language,
            Some(name) => language_of(name),
        };
        let mut fields = Fields::of(self.machine.reports, place, language, value)?;
        let kind = type_of(&fields)?;
        // A Pass has none in AWS's guide, but what it passes on may well be called that.
        fields.has_result = matches!(kind, "Pass" | "Task" | "Parallel" | "Map");
        let fallen_back =
            self.machine.language == QueryLanguage::Jsonata && language == QueryLanguage::JsonPath;
        if fallen_back {
            let message =
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
            fields.report(Problem::schema(&fields.place, message).spot(Spot::Key("QueryLanguage")));
        }
        let mut shapes = vec![&STATE];
        shapes.extend(shapes_of(kind));
        fields.check(&shapes, fallen_back);
        fields.one_of("QueryLanguage", &LANGUAGES);
        let comment = fields.string("Comment").map(str::to_owned);
        let has_transition = !matches!(kind, "Choice" | "Succeed" | "Fail");
        let transition = if has_transition {
            self.transition(&fields)
        } else {
            Some(Transition::End)
        };
        let operations = operations(&fields, kind);
        let kind = self.kind(&fields, kind)?;
        Some(State {
            name: name.into(),
            comment,
            language,
            operations,
            transition: transition?,
            kind,
        })
    }

    fn kind(&self, fields: &Fields<'_>, kind: &str) -> Option<StateKind> {
        Some(match kind {
            "Pass" => StateKind::Pass(pass::read(fields)),
            "Task" => StateKind::Task(Box::new(task::read(self, fields)?)),
            "Choice" => StateKind::Choice(choice::read(self, fields)?),
            "Wait" => StateKind::Wait(wait::read(fields)?),
            "Succeed" => StateKind::Succeed(succeed::read(self)),
            "Fail" => StateKind::Fail(fail::read(self, fields)),
            "Parallel" => StateKind::Parallel(parallel::read(self, fields)?),
            _ => StateKind::Map(Box::new(map::read(self, fields)?)),
        })
    }

    /// `Next` or `End`, exactly one.
    fn transition(&self, fields: &Fields<'_>) -> Option<Transition> {
        let end = fields.boolean("End");
        let next = self.target(fields, "Next").map(Transition::Next);
        match (end, fields.has("Next")) {
            (Some(true), true) => {
                fields.check_group(&["Next", "End"], true);
                None
            }
            (Some(true), false) => {
                self.ends();
                Some(Transition::End)
            }
            (_, true) => next,
            // What `End` should be has been reported already.
            (None, false) if fields.has("End") => None,
            (_, false) => {
                let message =
                    "This object should have only one of the following fields: [Next, End]";
                fields.report(Problem::schema(&fields.place, message).spot(Spot::Name));
                None
            }
        }
    }
}

/// The state's `Type`, once known to be one.
fn type_of<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    if !fields.has("Type") {
        let message = "These fields are required: [Type]";
        fields.report(Problem::schema(&fields.place, message).spot(Spot::Name));
        return None;
    }
    let kind = fields.string("Type")?;
    if TYPES.contains(&kind) {
        return Some(kind);
    }
    let place = fields.place.key("Type");
    let types = TYPES.join(", ");
    let message = format!("The field 'Type' should have one of these values: [{types}]");
    let mut problem = Problem::schema(&place, message);
    if let Some(meant) = TYPES.iter().find(|known| known.eq_ignore_ascii_case(kind)) {
        problem = problem.hint(format!("did you mean '{meant}'?"));
    }
    fields.report(problem);
    None
}

fn shapes_of(kind: &str) -> &'static [&'static Shape] {
    match kind {
        "Pass" => &[&PATHS, &NEXT, &pass::SHAPE],
        "Task" => &[&PATHS, &NEXT, &task::SHAPE],
        "Choice" => &[&PATHS, &choice::SHAPE],
        "Wait" => &[&PATHS, &NEXT, &wait::SHAPE],
        "Succeed" => &[&PATHS],
        "Fail" => &[&fail::SHAPE],
        "Parallel" => &[&PATHS, &NEXT, &parallel::SHAPE],
        _ => &[&PATHS, &NEXT, &map::SHAPE],
    }
}

/// The data-flow fields. Fields that the type or the language does not have were reported
/// when the state was opened; they are not looked at here.
fn operations(fields: &Fields<'_>, kind: &str) -> Operations {
    let mut operations = Operations::default();
    if fields.language == QueryLanguage::Jsonata {
        if kind != "Fail" {
            operations.output = fields.template("Output");
        }
        if matches!(kind, "Task" | "Parallel") {
            operations.arguments = fields.template("Arguments");
        }
    } else if kind != "Fail" {
        operations.input = fields.selector("InputPath");
        operations.output_path = fields.selector("OutputPath");
        if matches!(kind, "Pass" | "Task" | "Parallel") {
            operations.arguments = fields.template("Parameters");
        }
        if matches!(kind, "Task" | "Parallel" | "Map") {
            operations.result_selector = fields.template("ResultSelector");
        }
        if matches!(kind, "Pass" | "Task" | "Parallel" | "Map") {
            operations.result = fields.result_path();
        }
    }
    if !matches!(kind, "Succeed" | "Fail") {
        operations.assign = fields.assign();
    }
    operations
}
