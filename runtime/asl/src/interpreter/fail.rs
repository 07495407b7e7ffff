//! Fail: ends its flow with a failure.

use super::driver::Driver;
use super::fault::Fault;
use super::transition::Reading;
use crate::definition::{Fail, Query, State, Text};
use crate::failure::ErrorName;
use crate::history::ScopeId;
use crate::query::jsonata;
use crate::{Failure, limits};

impl Driver<'_> {
    pub(super) fn fail(&mut self, id: ScopeId, _state: &State, fail: &Fail) -> Result<(), Fault> {
        let reading = self.reading(id)?;
        let error = fail
            .error
            .as_ref()
            .map(|text| self.text(&reading, text))
            .transpose()?;
        let cause = fail
            .cause
            .as_ref()
            .map(|text| self.text(&reading, text))
            .transpose()?;
        let failure = Failure {
            error: error.map(|error| ErrorName(cut(error, limits::ERROR_CHARS_MAX))),
            cause: cause.map(|cause| cut(cause, limits::CAUSE_CHARS_MAX)),
        };
        self.flow_failed(id, failure);
        Ok(())
    }

    fn text(&self, reading: &Reading, text: &Text) -> Result<String, Fault> {
        let expression = match text {
            Text::Literal(text) => return Ok(text.clone()),
            Text::Expression(expression) => expression,
        };
        let value = self.evaluate(reading, expression, reading.input.value())?;
        match (&*value, &expression.query) {
            (serde_json::Value::String(text), _) => Ok(text.clone()),
            (other, Query::Jsonata(_)) => Err(Fault::query(
                expression,
                jsonata::unexpected_type(&expression.source, &expression.field.0, "string", other),
            )),
            (_, _) => Err(Fault::runtime(format!(
                "The {} field must reference a string: {}",
                expression.field.0, expression.source
            ))),
        }
    }
}

/// The text, cut to a number of characters.
fn cut(text: String, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}
