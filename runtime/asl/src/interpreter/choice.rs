//! Choice: decides what follows.
//!
//! Source: the States Language, "Choice State"; the causes are AWS's.

use std::borrow::Cow;

use serde_json::Value;

use super::driver::Driver;
use super::fault::{Fault, exhausted_fault};
use super::observe::Sight;
use super::transition::{Reading, checked};
use crate::definition::{
    Choice, Comparison, Condition, Expression, Operand, Query, QueryLanguage, Relation, Rule,
    State, Test,
};
use crate::history::ScopeId;
use crate::query::jsonata;
use crate::{ErrorName, Payload, Timestamp};

impl Driver<'_> {
    pub(super) fn choice(
        &mut self,
        id: ScopeId,
        state: &State,
        choice: &Choice,
    ) -> Result<(), Fault> {
        let effective = self.effective_input(id, state)?;
        let reading = self.reading(id)?;
        let mut taken: Option<&Rule> = None;
        for (place, rule) in choice.rules.iter().enumerate() {
            if self.holds(&reading, &rule.condition, effective.value())? {
                self.see(state, Sight::Rule(place));
                taken = Some(rule);
                break;
            }
        }
        let (next, assign, output) = match (taken, choice.default) {
            (Some(rule), _) => (rule.next, &rule.assign, rule.output.as_ref()),
            (None, Some(default)) => {
                self.see(state, Sight::Default);
                (default, &state.operations.assign, None)
            }
            (None, None) => {
                return Err(Fault::named(
                    ErrorName::NO_CHOICE_MATCHED,
                    "Failed to transition out of the state. The state does not point to a next \
                     state.",
                ));
            }
        };
        let assigned = self.assign(&reading, assign, effective.value())?;
        let template = match taken {
            Some(_) => output,
            None => state.operations.output.as_ref(),
        };
        let output = self.choice_output(id, state, &reading, template, effective)?;
        self.exit(id, state, output, assigned, Some(next))
    }

    fn choice_output(
        &self,
        id: ScopeId,
        state: &State,
        reading: &Reading,
        template: Option<&crate::definition::Template>,
        effective: Payload,
    ) -> Result<Payload, Fault> {
        match (state.language, template) {
            (QueryLanguage::JsonPath, _) => {
                self.select(id, &state.operations.output_path, effective)
            }
            (QueryLanguage::Jsonata, Some(template)) => {
                checked(self.fill(reading, template, effective.value())?)
            }
            (QueryLanguage::Jsonata, None) => Ok(effective),
        }
    }

    fn holds(
        &self,
        reading: &Reading,
        condition: &Condition,
        input: &Value,
    ) -> Result<bool, Fault> {
        match condition {
            Condition::And(all) => {
                for condition in all {
                    if !self.holds(reading, condition, input)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Condition::Or(any) => {
                for condition in any {
                    if self.holds(reading, condition, input)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Condition::Not(condition) => Ok(!self.holds(reading, condition, input)?),
            Condition::Test { variable, test } => self.test(reading, variable, test, input),
            Condition::Jsonata(expression) => {
                let value = self.evaluate(reading, expression, input)?;
                value.as_bool().ok_or_else(|| {
                    let Expression { source, field, .. } = expression;
                    let what = jsonata::unexpected_type(source, &field.0, "boolean", &value);
                    Fault::query(expression, what)
                })
            }
        }
    }

    fn test(
        &self,
        reading: &Reading,
        variable: &Expression,
        test: &Test,
        input: &Value,
    ) -> Result<bool, Fault> {
        let found = self.find(reading, variable, input)?;
        if let Test::IsPresent(expected) = test {
            return Ok(found.is_some() == *expected);
        }
        let value = found.ok_or_else(|| invalid_variable(variable))?;
        Ok(match test {
            Test::Compare {
                comparison,
                relation,
                operand,
            } => {
                let operand = match operand {
                    Operand::Literal(literal) => Cow::Borrowed(literal),
                    Operand::Timestamp(moment) => {
                        return Ok(moment_of(&value)
                            .is_some_and(|value| related(*relation, value.cmp(moment))));
                    }
                    Operand::Path(path) => self
                        .find(reading, path, input)?
                        .ok_or_else(|| invalid_variable(path))?,
                };
                if let (Value::String(a), Value::String(b)) = (&*value, &*operand) {
                    self.read_text(variable, a.len().min(b.len()))?;
                }
                compare(*comparison, *relation, &value, &operand)
            }
            Test::StringMatches(pattern) => match value.as_str() {
                Some(text) => {
                    self.read_text(variable, pattern.len() + text.len())?;
                    matches_pattern(pattern, text)
                }
                None => false,
            },
            Test::IsNull(expected) => value.is_null() == *expected,
            Test::IsNumeric(expected) => value.is_number() == *expected,
            Test::IsString(expected) => value.is_string() == *expected,
            Test::IsBoolean(expected) => value.is_boolean() == *expected,
            Test::IsTimestamp(expected) => moment_of(&value).is_some() == *expected,
            Test::IsPresent(_) => unreachable!("answered above"),
        })
    }

    /// Spends what looking at so much text of a variable costs: there may be thousands of rules.
    fn read_text(&self, variable: &Expression, bytes: usize) -> Result<(), Fault> {
        let spent = self.budget.text(bytes);
        spent.map_err(|exhausted| exhausted_fault(variable, exhausted))
    }

    /// What a path leads to; nothing where it leads nowhere.
    fn find<'v>(
        &'v self,
        reading: &'v Reading,
        expression: &Expression,
        input: &'v Value,
    ) -> Result<Option<Cow<'v, Value>>, Fault> {
        debug_assert!(!matches!(expression.query, Query::Jsonata(_)), "a path");
        let found = self.evaluate(reading, expression, input);
        match found {
            Err(fault) if self.budget.is_exhausted() => Err(fault),
            found => Ok(found.ok()),
        }
    }
}

fn invalid_variable(variable: &Expression) -> Fault {
    Fault::runtime(format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        variable.source
    ))
}

fn moment_of(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(Timestamp::parse)
}

/// Compares two values of the comparison's kind; others never match.
fn compare(comparison: Comparison, relation: Relation, value: &Value, operand: &Value) -> bool {
    let ordering = match comparison {
        Comparison::String => match (value.as_str(), operand.as_str()) {
            (Some(a), Some(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
            _ => None,
        },
        Comparison::Numeric => match (value, operand) {
            (Value::Number(a), Value::Number(b)) => numeric_order(a, b),
            _ => None,
        },
        Comparison::Timestamp => match (moment_of(value), moment_of(operand)) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => None,
        },
        Comparison::Boolean => match (value.as_bool(), operand.as_bool()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => None,
        },
    };
    ordering.is_some_and(|ordering| related(relation, ordering))
}

/// Exact where both are integers: doubles cannot tell large ones apart.
fn numeric_order(a: &serde_json::Number, b: &serde_json::Number) -> Option<std::cmp::Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn related(relation: Relation, ordering: std::cmp::Ordering) -> bool {
    match relation {
        Relation::Equals => ordering.is_eq(),
        Relation::LessThan => ordering.is_lt(),
        Relation::LessThanEquals => ordering.is_le(),
        Relation::GreaterThan => ordering.is_gt(),
        Relation::GreaterThanEquals => ordering.is_ge(),
    }
}

/// Matches `*` as any run of characters and `\*` as a star, in time linear in the text.
fn matches_pattern(pattern: &str, text: &str) -> bool {
    let runs = runs(pattern);
    let [first, between @ .., last] = &*runs else {
        return runs.first().is_some_and(|whole| whole == text);
    };
    let ends = text.strip_prefix(first.as_str());
    let Some(mut rest) = ends.and_then(|rest| rest.strip_suffix(last.as_str())) else {
        return false;
    };
    between.iter().all(|run| {
        let found = rest.find(run.as_str());
        rest = found.map_or("", |at| &rest[at + run.len()..]);
        found.is_some()
    })
}

/// What stands before, between and after the stars of a pattern.
fn runs(pattern: &str) -> Vec<String> {
    let mut runs = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        let literal = match char {
            '*' => {
                runs.push(String::new());
                continue;
            }
            '\\' => chars.next().unwrap_or('\\'),
            other => other,
        };
        runs.last_mut().expect("never empty").push(literal);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("log-*.txt", "log-1.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "log-1.tx", false),
            ("*", "", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXc", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("\\\\", "\\", true),
            ("", "x", false),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
        for (pattern, text, expected) in [
            ("a*", "a", true),
            ("*a", "ba", true),
            ("ab*ba", "aba", false),
            ("*\\**", "x*y", true),
            ("**", "", true),
        ] {
            assert_eq!(matches_pattern(pattern, text), expected, "{pattern} {text}");
        }
    }
}
