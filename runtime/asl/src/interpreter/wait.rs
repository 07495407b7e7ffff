//! Wait: lets time pass.

use serde_json::Value;

use super::driver::Driver;
use super::fault::Fault;
use super::transition::Reading;
use super::{Command, Timer};
use crate::definition::{Expression, Query, State, StateKind, Until, Wait};
use crate::history::{Note, ScopeId};
use crate::query::jsonata;
use crate::{Timestamp, limits};

impl Driver<'_> {
    pub(super) fn wait(&mut self, id: ScopeId, state: &State, wait: &Wait) -> Result<(), Fault> {
        let reading = self.reading(id)?;
        let effective = self.effective_input(id, state)?;
        let at = self.wait_end(&reading, effective.value(), wait)?;
        if at <= self.now {
            return self.complete(id, state, effective);
        }
        self.note(Note::WaitUntil { scope: id, at });
        self.step
            .commands
            .push(Command::StartTimer(Timer { scope: id, at }));
        Ok(())
    }

    /// The timer of a Wait is due.
    pub(super) fn wait_is_over(&mut self, id: ScopeId) {
        let machine = self.execution.machine().clone();
        let Some(state) = self.current_state(id, &machine) else {
            return;
        };
        debug_assert!(
            matches!(state.kind, StateKind::Wait(_)),
            "only a Wait waits"
        );
        let done = self
            .effective_input(id, state)
            .and_then(|effective| self.complete(id, state, effective));
        if let Err(fault) = done {
            self.fault(id, state, fault);
        }
    }

    fn wait_end(&self, reading: &Reading, input: &Value, wait: &Wait) -> Result<Timestamp, Fault> {
        let at = match &wait.until {
            Until::Seconds(seconds) => self.after_seconds(*seconds),
            Until::SecondsOf(expression) => {
                let value = self.evaluate(reading, expression, input)?;
                self.after_seconds(seconds_of(expression, &value)?)
            }
            Until::Timestamp(at) => *at,
            Until::TimestampOf(expression) => {
                let value = self.evaluate(reading, expression, input)?;
                timestamp_of(expression, &value)?
            }
        };
        let seconds_max = i64::try_from(limits::WAIT_SECONDS_MAX).unwrap_or(i64::MAX);
        if at > self.now.plus_seconds(seconds_max) {
            // Recorded: AWS refuses a moment too far off only when it gets there.
            return Err(Fault::runtime("Wait state delay is too long."));
        }
        Ok(at)
    }

    fn after_seconds(&self, seconds: u64) -> Timestamp {
        self.now
            .plus_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

fn seconds_of(expression: &Expression, value: &Value) -> Result<u64, Fault> {
    let whole = |seconds: &f64| seconds.fract() == 0.0;
    match (value.as_f64(), &expression.query) {
        (Some(seconds), _)
            if whole(&seconds) && (0.0..=limits::SECONDS_MAX as f64).contains(&seconds) =>
        {
            Ok(seconds as u64)
        }
        (None, Query::Jsonata(_)) => Err(Fault::query(
            expression,
            jsonata::unexpected_type(&expression.source, &expression.field.0, "number", value),
        )),
        (Some(_), Query::Jsonata(_)) => Err(Fault::query(
            expression,
            format!(
                "The JSONata expression '{}' specified for the field '{}' returned a value out of \
                 range. Expected a whole number from 0 to {}, but was {value}",
                expression.source,
                expression.field.0,
                limits::SECONDS_MAX
            ),
        )),
        // A wait that is too long is refused where its end is known.
        (Some(seconds), _) if whole(&seconds) && seconds >= 0.0 => Ok(seconds as u64),
        (seconds, _) => {
            let what = match seconds {
                Some(seconds) if whole(&seconds) => "references a negative value",
                _ => "cannot be parsed as a long value",
            };
            let (source, value) = (&expression.source, plain(value));
            Err(Fault::runtime(format!(
                "The SecondsPath parameter {what}: {source} == {value}"
            )))
        }
    }
}

fn timestamp_of(expression: &Expression, value: &Value) -> Result<Timestamp, Fault> {
    match (value, &expression.query) {
        (Value::String(text), query) => Timestamp::parse(text).ok_or_else(|| match query {
            Query::Jsonata(_) => Fault::query(
                expression,
                format!(
                    "The JSONata expression '{}' specified for the field '{}' returned a string \
                     that is not a valid ISO-8601 extended offset date-time: {text}",
                    expression.source, expression.field.0
                ),
            ),
            _ => bad_timestamp(expression, value),
        }),
        (_, Query::Jsonata(_)) => Err(Fault::query(
            expression,
            jsonata::unexpected_type(&expression.source, &expression.field.0, "string", value),
        )),
        _ => Err(bad_timestamp(expression, value)),
    }
}

fn bad_timestamp(expression: &Expression, value: &Value) -> Fault {
    Fault::runtime(format!(
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset \
         date-time format string: {} == {}",
        expression.source,
        plain(value)
    ))
}

/// The value as AWS prints it in these texts: a string without its quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::definition::Field;
    use crate::query::jsonpath::Path;

    #[test]
    fn seconds_that_a_path_leads_to() {
        let expression = Expression {
            source: "$.s".into(),
            field: Field("SecondsPath".into()),
            query: Query::Path(Path::parse("$.s").unwrap()),
        };
        let long = "An error occurred while executing the state 'W' (entered at the event id #2). \
                    The SecondsPath parameter cannot be parsed as a long value: $.s ==";
        let negative = long.replace("cannot be parsed as a long", "references a negative");
        for (value, expected) in [
            (json!(0), Ok(0)),
            (json!(2.0), Ok(2)),
            (json!(99_999_999_999_u64), Ok(99_999_999_999)),
            (json!(1.5), Err(format!("{long} 1.5"))),
            (json!("5"), Err(format!("{long} 5"))),
            (json!(null), Err(format!("{long} null"))),
            (json!(-1), Err(format!("{negative} -1"))),
        ] {
            let found = seconds_of(&expression, &value);
            let cause = |fault: Fault| fault.into_failure("W", crate::history::EventId(2)).cause;
            assert_eq!(
                found.map_err(|fault| cause(fault).unwrap()),
                expected,
                "{value}"
            );
        }
    }
}
