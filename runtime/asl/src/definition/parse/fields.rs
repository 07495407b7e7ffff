//! A cursor over one object of a definition: takes its fields with their types, and records
//! what is wrong with them.
//!
//! Which fields an object may have is a table, a [`Shape`]; opening the cursor checks the
//! object against it. The taking methods answer `None` both for an absent field and for a
//! wrong one, which they have then reported: who needs a field lists it as required, and
//! gives up on `None`.

use serde_json::{Map, Value};

use super::place::Place;
use super::report::{Problem, Reports, Spot};
use crate::definition::QueryLanguage;

/// The fields an object may have. Order within a list is the order of AWS's messages.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shape {
    /// Fields that must be there (and are among the others too).
    pub(super) required: &'static [&'static str],
    /// Fields of both languages.
    pub(super) both: &'static [&'static str],
    /// Fields of JSONPath.
    pub(super) jsonpath: &'static [&'static str],
    /// Fields of JSONata.
    pub(super) jsonata: &'static [&'static str],
    /// Of each group at most one.
    pub(super) exclusive: &'static [&'static [&'static str]],
    /// Of each group exactly one.
    pub(super) one_of: &'static [&'static [&'static str]],
}

/// The language's name as definitions spell it.
pub(super) fn language_name(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "JSONPath",
        QueryLanguage::Jsonata => "JSONata",
    }
}

/// One object, where it stands.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) reports: &'a Reports<'a>,
    pub(super) place: Place<'a>,
    pub(super) language: QueryLanguage,
    /// How deep the state stands that this is part of.
    pub(super) state_depth: usize,
    /// Whether that state has a result for its `Output` and `Assign` to read.
    pub(super) has_result: bool,
    object: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The cursor over `value`, which is no part of a state yet, or a state itself; `None`
    /// when it is not an object.
    pub(super) fn of(
        reports: &'a Reports<'a>,
        place: Place<'a>,
        language: QueryLanguage,
        value: &'a Value,
    ) -> Option<Self> {
        let Value::Object(object) = value else {
            reports.add(Problem::schema(&place, "Expected value of type [OBJECT]"));
            return None;
        };
        Some(Self {
            reports,
            place,
            language,
            state_depth: place.depth(),
            has_result: false,
            object,
        })
    }

    /// The cursor over a part of the same state.
    pub(super) fn part<'b>(&self, place: Place<'b>, value: &'b Value) -> Option<Fields<'b>>
    where
        'a: 'b,
    {
        let part = Fields::of(self.reports, place, self.language, value)?;
        Some(Fields {
            state_depth: self.state_depth,
            has_result: self.has_result,
            ..part
        })
    }

    /// Reports a problem.
    pub(super) fn report(&self, problem: Problem<'_>) {
        self.reports.add(problem);
    }

    /// Whether this object has that field.
    pub(super) fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// The keys, in the order of the text.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.object.keys().map(String::as_str)
    }

    /// A field as it stands.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name)
    }

    /// Checks that all required fields are there, no other than those of the shape, none of
    /// the other language (unless `lenient`), and the groups.
    pub(super) fn check(&self, shapes: &[&Shape], lenient: bool) {
        self.check_except(shapes, lenient, |_| false);
    }

    /// The same, with fields that may be there too.
    pub(super) fn check_except(
        &self,
        shapes: &[&Shape],
        lenient: bool,
        allowed: impl Fn(&str) -> bool,
    ) {
        self.check_required(shapes);
        for name in self.keys().filter(|name| !allowed(name)) {
            self.check_known(shapes, name, lenient);
        }
        for shape in shapes {
            for group in shape.exclusive {
                self.check_group(group, false);
            }
            for group in shape.one_of {
                self.check_group(group, true);
            }
        }
    }

    fn check_required(&self, shapes: &[&Shape]) {
        let missing: Vec<&str> = shapes
            .iter()
            .flat_map(|shape| shape.required)
            .copied()
            .filter(|name| !self.has(name))
            .collect();
        if !missing.is_empty() {
            let message = format!("These fields are required: [{}]", missing.join(", "));
            self.report(Problem::schema(&self.place, message).spot(Spot::Name));
        }
    }

    fn check_known(&self, shapes: &[&Shape], name: &str, lenient: bool) {
        let among = |list: fn(&Shape) -> &'static [&'static str]| {
            shapes.iter().any(|shape| list(shape).contains(&name))
        };
        if among(|shape| shape.both) {
            return;
        }
        let spoken = if among(|shape| shape.jsonpath) {
            QueryLanguage::JsonPath
        } else if among(|shape| shape.jsonata) {
            QueryLanguage::Jsonata
        } else {
            let mut problem =
                Problem::schema(&self.place, format!("Field '{name}' is not supported"))
                    .spot(Spot::Key(name));
            if let Some(meant) = self.meant(shapes, name) {
                problem = problem.hint(format!("did you mean '{meant}'?"));
            }
            return self.report(problem);
        };
        if spoken != self.language && !lenient {
            let message = format!(
                "The QueryLanguage is set to '{}', but field '{name}' is only supported for the '{}' QueryLanguage",
                language_name(self.language),
                language_name(spoken),
            );
            self.report(Problem::schema(&self.place, message).spot(Spot::Key(name)));
        }
    }

    /// A field that is spelled so but for its letters' case.
    fn meant(&self, shapes: &[&Shape], name: &str) -> Option<&'static str> {
        shapes
            .iter()
            .flat_map(|shape| [shape.both, shape.jsonpath, shape.jsonata])
            .flatten()
            .find(|known| known.eq_ignore_ascii_case(name))
            .copied()
    }

    /// At most one, or exactly one, of these.
    pub(super) fn check_group(&self, group: &[&str], needed: bool) {
        let there = group.iter().filter(|name| self.has(name)).count();
        let list = group.join(", ");
        let message = match there {
            0 if needed => {
                format!("This object should have only one of the following fields: [{list}]")
            }
            0 | 1 => return,
            _ => format!("There should only be one of the following fields: [{list}]"),
        };
        self.report(Problem::schema(&self.place, message).spot(Spot::Name));
    }

    /// Reports that a field is of the wrong type.
    pub(super) fn wrong_type(&self, name: &str, expected: &str) {
        let place = self.place.key(name);
        self.report(Problem::schema(
            &place,
            format!("Expected value of type {expected}"),
        ));
    }

    /// A string.
    pub(super) fn string(&self, name: &str) -> Option<&'a str> {
        match self.value(name)? {
            Value::String(text) => Some(text),
            _ => {
                self.wrong_type(name, "[STRING]");
                None
            }
        }
    }

    /// A string that is one of these.
    pub(super) fn one_of(&self, name: &str, values: &[&str]) -> Option<&'a str> {
        let text = self.string(name)?;
        if values.contains(&text) {
            return Some(text);
        }
        let place = self.place.key(name);
        let message = format!(
            "Value should be one of the following: [{}]",
            values.join(", ")
        );
        self.report(Problem::schema(&place, message));
        None
    }

    /// A boolean.
    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(value) => Some(*value),
            _ => {
                self.wrong_type(name, "[BOOLEAN]");
                None
            }
        }
    }

    /// An array that is not empty.
    pub(super) fn filled_array(&self, name: &str) -> Option<&'a [Value]> {
        match self.value(name)? {
            Value::Array(items) if items.is_empty() => {
                let place = self.place.key(name);
                self.report(Problem::schema(&place, "Value cannot be empty"));
                None
            }
            Value::Array(items) => Some(items),
            _ => {
                self.wrong_type(name, "[ARRAY]");
                None
            }
        }
    }

    /// A whole number in this range.
    pub(super) fn integer(&self, name: &str, min: u64, max: u64) -> Option<u64> {
        let value = self.value(name)?;
        let below = || self.out_of_range(name, &format!("Minimum value is {min}"));
        if value.is_i64() && !value.is_u64() {
            below();
            return None;
        }
        let Some(number) = value.as_u64() else {
            self.wrong_type(name, "Integer");
            return None;
        };
        if number < min {
            below();
            return None;
        }
        if number > max {
            self.out_of_range(name, &format!("Maximum value is {max}"));
            return None;
        }
        Some(number)
    }

    /// A number in this range.
    pub(super) fn number(&self, name: &str, min: f64, max: f64) -> Option<f64> {
        let Some(number) = self.value(name)?.as_f64() else {
            self.wrong_type(name, "Number");
            return None;
        };
        if number < min {
            self.out_of_range(name, &format!("Minimum value is {min:?}"));
            return None;
        }
        if number > max {
            self.out_of_range(name, &format!("Maximum value is {max:?}"));
            return None;
        }
        Some(number)
    }

    fn out_of_range(&self, name: &str, message: &str) {
        let place = self.place.key(name);
        self.report(Problem::schema(&place, message));
    }
}
