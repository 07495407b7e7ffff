//! Choice: rules, conditions and the 39 comparison operators.

use serde_json::Value;

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::{Problem, Spot};
use super::wait::timestamp;
use crate::definition::{
    Choice, Comparison, Condition, Operand, QueryLanguage, Relation, Rule, StateId, Test,
};

pub(super) const SHAPE: Shape = Shape {
    required: &["Choices"],
    both: &["Assign", "Choices", "Default"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// A rule's own fields, beside those of its condition.
const RULE: Shape = Shape {
    required: &["Next"],
    both: &["Assign", "Comment", "Next"],
    jsonpath: &[],
    jsonata: &["Output"],
    exclusive: &[],
    one_of: &[],
};

const COMMENT: Shape = Shape {
    required: &[],
    both: &["Comment"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

const CONDITION: Shape = Shape {
    required: &[],
    both: &[],
    jsonpath: &["And", "Not", "Or", "Variable"],
    jsonata: &["Condition"],
    exclusive: &[],
    one_of: &[],
};

/// What a condition may be: of these, exactly one.
const FORMS: [&str; 5] = ["And", "Or", "Not", "Variable", "Condition"];

pub(super) fn read(site: &Site<'_>, fields: &Fields<'_>) -> Option<Choice> {
    let default = fields
        .has("Default")
        .then(|| site.target(fields, "Default"));
    let rules = rules(site, fields);
    Some(Choice {
        rules: rules?,
        default: match default {
            None => None,
            Some(target) => Some(target?),
        },
    })
}

fn rules(site: &Site<'_>, fields: &Fields<'_>) -> Option<Vec<Rule>> {
    let items = fields.filled_array("Choices")?;
    let list = fields.place.key("Choices");
    let rules: Vec<Option<Rule>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| {
            let rule = fields.part(list.index(index), item)?;
            let condition = condition(&rule, &RULE);
            let next: Option<StateId> = site.target(&rule, "Next");
            let assign = rule.assign();
            let jsonata = rule.language == QueryLanguage::Jsonata;
            let output = jsonata.then(|| rule.template("Output")).flatten();
            Some(Rule {
                condition: condition?,
                next: next?,
                assign,
                output,
            })
        })
        .collect();
    rules.into_iter().collect()
}

/// Reads a condition and checks the object's fields: those of a condition, those of its
/// operator, and those of `beside`. Recursion is bounded by the depth of the JSON.
fn condition(fields: &Fields<'_>, beside: &'static Shape) -> Option<Condition> {
    check(fields, beside);
    let forms = FORMS.iter().filter(|name| fields.has(name)).count();
    if forms != 1 {
        let list = FORMS.join(", ");
        let message = format!("The object must have only one of the following fields, [{list}]");
        fields.report(Problem::schema(&fields.place, message).spot(Spot::Name));
        return None;
    }
    if fields.has("Condition") {
        return fields.jsonata_field("Condition").map(Condition::Jsonata);
    }
    if fields.has("And") {
        return nested(fields, "And").map(Condition::And);
    }
    if fields.has("Or") {
        return nested(fields, "Or").map(Condition::Or);
    }
    if let Some(value) = fields.value("Not") {
        let inner = fields.part(fields.place.key("Not"), value)?;
        return condition(&inner, &COMMENT).map(|inner| Condition::Not(Box::new(inner)));
    }
    let variable = fields.path("Variable", Kind::Definite);
    let test = test(fields);
    Some(Condition::Test {
        variable: variable?,
        test: test?,
    })
}

fn nested(fields: &Fields<'_>, name: &str) -> Option<Vec<Condition>> {
    let items = fields.filled_array(name)?;
    let list = fields.place.key(name);
    let conditions: Vec<Option<Condition>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| condition(&fields.part(list.index(index), item)?, &COMMENT))
        .collect();
    conditions.into_iter().collect()
}

/// The operators are too many for a shape's lists: they are known by their parts.
fn check(fields: &Fields<'_>, beside: &'static Shape) {
    fields.check_except(&[&CONDITION, beside], false, |name| {
        fields.language == QueryLanguage::JsonPath && Operator::named(name).is_some()
    });
}

/// A comparison operator, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Compare {
        comparison: Comparison,
        relation: Relation,
        path: bool,
    },
    StringMatches,
    IsNull,
    IsPresent,
    IsNumeric,
    IsString,
    IsBoolean,
    IsTimestamp,
}

impl Operator {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "StringMatches" => Self::StringMatches,
            "IsNull" => Self::IsNull,
            "IsPresent" => Self::IsPresent,
            "IsNumeric" => Self::IsNumeric,
            "IsString" => Self::IsString,
            "IsBoolean" => Self::IsBoolean,
            "IsTimestamp" => Self::IsTimestamp,
            _ => return Self::comparing(name),
        })
    }

    fn comparing(name: &str) -> Option<Self> {
        let (comparison, rest) = [
            ("String", Comparison::String),
            ("Numeric", Comparison::Numeric),
            ("Timestamp", Comparison::Timestamp),
            ("Boolean", Comparison::Boolean),
        ]
        .into_iter()
        .find_map(|(prefix, comparison)| Some((comparison, name.strip_prefix(prefix)?)))?;
        let (rest, path) = match rest.strip_suffix("Path") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let relation = match rest {
            "Equals" => Relation::Equals,
            _ if comparison == Comparison::Boolean => return None,
            "LessThan" => Relation::LessThan,
            "LessThanEquals" => Relation::LessThanEquals,
            "GreaterThan" => Relation::GreaterThan,
            "GreaterThanEquals" => Relation::GreaterThanEquals,
            _ => return None,
        };
        Some(Self::Compare {
            comparison,
            relation,
            path,
        })
    }
}

/// The one operator of a condition with a `Variable`.
fn test(fields: &Fields<'_>) -> Option<Test> {
    let mut found = fields
        .keys()
        .filter_map(|name| Some((name, Operator::named(name)?)));
    let Some((name, operator)) = found.next() else {
        let message = "A comparison operator is required beside 'Variable'";
        fields.report(Problem::schema(&fields.place, message).spot(Spot::Key("Variable")));
        return None;
    };
    let more: Vec<&str> = found.map(|(name, _)| name).collect();
    if !more.is_empty() {
        let list = more.join(", ");
        let message = format!("There should only be one of the following fields: [{name}, {list}]");
        fields.report(Problem::schema(&fields.place, message).spot(Spot::Name));
        return None;
    }
    Some(match operator {
        Operator::Compare {
            comparison,
            relation,
            path,
        } => Test::Compare {
            comparison,
            relation,
            operand: operand(fields, name, comparison, path)?,
        },
        Operator::StringMatches => Test::StringMatches(fields.string(name)?.to_owned()),
        Operator::IsNull => Test::IsNull(fields.boolean(name)?),
        Operator::IsPresent => Test::IsPresent(fields.boolean(name)?),
        Operator::IsNumeric => Test::IsNumeric(fields.boolean(name)?),
        Operator::IsString => Test::IsString(fields.boolean(name)?),
        Operator::IsBoolean => Test::IsBoolean(fields.boolean(name)?),
        Operator::IsTimestamp => Test::IsTimestamp(fields.boolean(name)?),
    })
}

fn operand(fields: &Fields<'_>, name: &str, comparison: Comparison, path: bool) -> Option<Operand> {
    if path {
        return fields.path(name, Kind::Definite).map(Operand::Path);
    }
    if comparison == Comparison::Timestamp {
        return timestamp(fields, name).map(Operand::Timestamp);
    }
    let value = fields.value(name)?;
    let (fits, expected) = match comparison {
        Comparison::String | Comparison::Timestamp => (value.is_string(), "[STRING]"),
        Comparison::Numeric => (value.is_number(), "Number"),
        Comparison::Boolean => (matches!(value, Value::Bool(_)), "[BOOLEAN]"),
    };
    if !fits {
        fields.wrong_type(name, expected);
        return None;
    }
    if let Value::String(text) = value {
        fields.warn_no_path(name, text);
    }
    Some(Operand::Literal(value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_39_operators() {
        let mut names: Vec<String> = [
            "StringMatches",
            "IsNull",
            "IsPresent",
            "IsNumeric",
            "IsString",
            "IsBoolean",
            "IsTimestamp",
        ]
        .map(str::to_owned)
        .into();
        for kind in ["String", "Numeric", "Timestamp", "Boolean"] {
            for relation in [
                "Equals",
                "LessThan",
                "LessThanEquals",
                "GreaterThan",
                "GreaterThanEquals",
            ] {
                for path in ["", "Path"] {
                    names.push(format!("{kind}{relation}{path}"));
                }
            }
        }
        let known = names
            .iter()
            .filter(|name| Operator::named(name).is_some())
            .count();
        assert_eq!(known, 39);
        assert_eq!(Operator::named("StringMatchesPath"), None);
        assert_eq!(Operator::named("IsNullPath"), None);
    }
}
