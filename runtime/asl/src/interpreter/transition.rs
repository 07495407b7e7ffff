//! Data flow: from a state's raw input to its output, in either language.
//!
//! JSONPath: InputPath → Parameters → work → ResultSelector → ResultPath → OutputPath.
//! JSONata: Arguments → work → Output. Assign reads what the work gave, and all of it is
//! evaluated before any of it is set.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::context_object::ContextObject;
use super::driver::Driver;
use super::fault::{Fault, exhausted_fault, intrinsic_fault, jsonata_fault, path_fault};
use super::observe::Sight;
use super::scope::Item;
use crate::definition::{
    Expression, Query, QueryLanguage, ResultPath, Selector, State, StateId, StateMachine, Template,
    Transition,
};
use crate::history::{Detail, ScopeId};
use crate::query::jsonpath::{self, PutError, ReferencePath};
use crate::query::{self, Variables};
use crate::{ErrorName, Payload, limits};

/// What the expressions of one state may read, gathered once.
pub(super) struct Reading {
    /// The state's raw input.
    pub(super) input: Payload,
    pub(super) variables: Arc<Variables>,
    pub(super) context: ContextObject,
    pub(super) result: Option<Payload>,
    pub(super) error_output: Option<Payload>,
}

/// Values for variables, by name.
pub(super) type Assigned = Vec<(Arc<str>, Payload)>;

impl Driver<'_> {
    /// What the current state of this scope may read.
    pub(super) fn reading(&self, id: ScopeId) -> Result<Reading, Fault> {
        self.reading_item(id, None)
    }

    /// The same, with `item` as `$$.Map.Item`.
    pub(super) fn reading_item(
        &self,
        id: ScopeId,
        item: Option<&Arc<Item>>,
    ) -> Result<Reading, Fault> {
        let gone = || Fault::runtime("The state is no longer current.");
        let scope = self.execution.scopes.get(&id).ok_or_else(gone)?;
        let current = scope.current.as_ref().ok_or_else(gone)?;
        let mut context = match self.stand_ins {
            None => self
                .execution
                .context_object(id, scope, item, &self.execution_part),
            Some(stand_ins) => ContextObject::Given(stand_ins.context.clone()),
        };
        if let Some(token) = &self.minted {
            context.set_token(token);
        }
        Ok(Reading {
            input: current.input.clone(),
            variables: Arc::clone(&scope.variables),
            context,
            result: None,
            error_output: None,
        })
    }

    /// The state a scope is in.
    pub(super) fn current_state<'m>(
        &self,
        id: ScopeId,
        machine: &'m StateMachine,
    ) -> Option<&'m State> {
        let current = self.execution.scopes.get(&id)?.current.as_ref()?;
        Some(machine.state(current.id))
    }

    /// The raw input after InputPath; in JSONata, as it is.
    pub(super) fn effective_input(&self, id: ScopeId, state: &State) -> Result<Payload, Fault> {
        let Some(current) = self
            .execution
            .scopes
            .get(&id)
            .and_then(|scope| scope.current.as_ref())
        else {
            return Err(Fault::runtime("The state is no longer current."));
        };
        let effective = self.select(id, &state.operations.input, current.input.clone())?;
        self.see(state, Sight::EffectiveInput(&effective));
        Ok(effective)
    }

    pub(super) fn select(
        &self,
        id: ScopeId,
        selector: &Selector,
        payload: Payload,
    ) -> Result<Payload, Fault> {
        match selector {
            Selector::Whole => Ok(payload),
            Selector::Nothing => Ok(Payload::from_value(Value::Object(Map::new()))),
            Selector::Path(expression) => {
                let reading = self.reading(id)?;
                match self.chosen(&reading, expression, payload.value())? {
                    Cow::Borrowed(found) => {
                        let copied = self.budget.value(found);
                        copied.map_err(|exhausted| exhausted_fault(expression, exhausted))?;
                        Ok(Payload::from_value(found.clone()))
                    }
                    Cow::Owned(found) => Ok(Payload::from_value(found)),
                }
            }
        }
    }

    /// The effective input where it lies in the raw one: for who reads it again and again, as a
    /// Map does for each item.
    pub(super) fn effective_in<'v>(
        &'v self,
        reading: &'v Reading,
        state: &State,
    ) -> Result<Cow<'v, Value>, Fault> {
        match &state.operations.input {
            Selector::Whole => Ok(Cow::Borrowed(reading.input.value())),
            Selector::Nothing => Ok(Cow::Owned(Value::Object(Map::new()))),
            Selector::Path(expression) => self.chosen(reading, expression, reading.input.value()),
        }
    }

    fn chosen<'v>(
        &'v self,
        reading: &'v Reading,
        expression: &Expression,
        input: &'v Value,
    ) -> Result<Cow<'v, Value>, Fault> {
        let Query::Path(path) = &expression.query else {
            return Err(Fault::runtime("The path is not a path."));
        };
        check_not_null(expression, input)?;
        let scope = self.scope(reading, input);
        path.evaluate(&scope).map_err(|error| match error {
            // The blank before the colon is AWS's, here and nowhere else.
            jsonpath::EvaluationError::PathNotFound { .. } => Fault::runtime(format!(
                "Invalid path '{}' : {}",
                expression.source,
                path.missing(&scope)
            )),
            error => Fault::runtime(format!("Invalid path '{}': {error}", expression.source)),
        })
    }

    /// `Parameters` or `Arguments`, over the effective input; the input where there are none.
    pub(super) fn arguments(
        &self,
        id: ScopeId,
        state: &State,
        effective: Payload,
    ) -> Result<Payload, Fault> {
        let arguments = match &state.operations.arguments {
            None => effective,
            Some(template) => {
                let reading = self.reading(id)?;
                let value = self.fill(&reading, template, effective.value())?;
                checked(value)?
            }
        };
        self.see(state, Sight::Arguments(&arguments));
        Ok(arguments)
    }

    /// Ends the state's work with this result: selects, assigns, places, and leaves the
    /// state by its own transition.
    pub(super) fn complete(
        &mut self,
        id: ScopeId,
        state: &State,
        result: Payload,
    ) -> Result<(), Fault> {
        let next = match state.transition {
            Transition::Next(next) => Some(next),
            Transition::End => None,
        };
        self.see(state, Sight::Result(&result));
        let mut reading = self.reading(id)?;
        let operations = &state.operations;
        if state.language == QueryLanguage::Jsonata {
            if state.kind.has_result() {
                reading.result = Some(result.clone());
            }
            let assigned = self.assign(&reading, &operations.assign, result.value())?;
            let output = match &operations.output {
                Some(template) => checked(self.fill(&reading, template, result.value())?)?,
                None => result,
            };
            self.see(state, Sight::Completed);
            return self.exit(id, state, output, assigned, next);
        }
        let result = match &operations.result_selector {
            Some(template) => checked(self.fill(&reading, template, result.value())?)?,
            None => result,
        };
        self.see(state, Sight::SelectedResult(&result));
        let assigned = self.assign(&reading, &operations.assign, result.value())?;
        let placed = place(&reading.input, &operations.result, result)?;
        self.see(state, Sight::PlacedResult(&placed));
        let output = self.select(id, &operations.output_path, placed)?;
        self.see(state, Sight::Completed);
        self.exit(id, state, output, assigned, next)
    }

    /// Leaves the state.
    pub(super) fn exit(
        &mut self,
        id: ScopeId,
        state: &State,
        output: Payload,
        assigned: Assigned,
        next: Option<StateId>,
    ) -> Result<(), Fault> {
        if output.exceeds_limit() {
            return Err(Fault::named(
                ErrorName::DATA_LIMIT_EXCEEDED,
                format!(
                    "The state/task '{}' returned a result with a size exceeding the maximum \
                     number of bytes service limit.",
                    state.name
                ),
            ));
        }
        let Some(scope) = self.execution.scopes.get(&id) else {
            return Ok(());
        };
        let (previous, parent) = (scope.previous, scope.parent);
        let detail = Detail::StateExited {
            state: state.kind.history_type(),
            name: state.name.clone(),
            output,
            assigned,
            next: next.map(|next| self.execution.machine.0.state(next).name.clone()),
        };
        self.emit(id, previous, detail);
        if self.execution.scopes.contains_key(&id) {
            self.ready(id);
        } else if let Some((parent, _)) = parent {
            // The branch ended with this state, and its scope with it.
            self.ready(parent);
        }
        Ok(())
    }

    /// All of an `Assign`, evaluated over the values from before it.
    pub(super) fn assign(
        &self,
        reading: &Reading,
        assign: &[(Arc<str>, Template)],
        input: &Value,
    ) -> Result<Assigned, Fault> {
        let mut assigned = Assigned::with_capacity(assign.len());
        let mut bytes = 0;
        for (name, template) in assign {
            let value = Payload::from_value(self.fill(reading, template, input)?);
            bytes += value.text().len();
            if bytes > limits::VARIABLE_BYTES_MAX {
                return Err(Fault::runtime(format!(
                    "The variables assigned in one state exceed {} bytes (at '{name}').",
                    limits::VARIABLE_BYTES_MAX
                )));
            }
            assigned.push((name.clone(), value));
        }
        if assigned.is_empty() {
            return Ok(assigned);
        }
        assigned.sort_by(|(a, _), (b, _)| a.cmp(b));
        let kept: usize = reading
            .variables
            .iter()
            .filter(|(name, _)| assigned.binary_search_by(|(new, _)| new.cmp(name)).is_err())
            .map(|(_, value)| json_bytes(value))
            .sum();
        if kept + bytes > limits::VARIABLES_BYTES_MAX {
            return Err(Fault::runtime(format!(
                "The variables of the execution exceed {} bytes.",
                limits::VARIABLES_BYTES_MAX
            )));
        }
        Ok(assigned)
    }

    /// A template, with its expressions evaluated over `input` (`$` in JSONPath).
    pub(super) fn fill(
        &self,
        reading: &Reading,
        template: &Template,
        input: &Value,
    ) -> Result<Value, Fault> {
        match template {
            Template::Constant(value) => Ok(value.clone()),
            Template::Expression(expression) => {
                check_not_null(expression, input)?;
                let value = self.evaluate(reading, expression, input)?;
                if let Cow::Borrowed(value) = value {
                    let copied = self.budget.value(value);
                    copied.map_err(|exhausted| exhausted_fault(expression, exhausted))?;
                }
                Ok(value.into_owned())
            }
            Template::Object(fields) => {
                let mut object = Map::with_capacity(fields.len());
                for (key, field) in fields {
                    object.insert(key.clone(), self.fill(reading, field, input)?);
                }
                Ok(Value::Object(object))
            }
            Template::Array(elements) => {
                let filled = elements
                    .iter()
                    .map(|element| self.fill(reading, element, input));
                filled.collect::<Result<_, _>>().map(Value::Array)
            }
        }
    }

    /// One expression.
    pub(super) fn evaluate<'v>(
        &'v self,
        reading: &'v Reading,
        expression: &Expression,
        input: &'v Value,
    ) -> Result<Cow<'v, Value>, Fault> {
        let scope = self.scope(reading, input);
        match &expression.query {
            Query::Path(path) => path
                .evaluate(&scope)
                .map_err(|error| path_fault(expression, &error, input)),
            Query::Intrinsic(intrinsic) => intrinsic
                .evaluate(&scope)
                .map(Cow::Owned)
                .map_err(|error| intrinsic_fault(expression, &error)),
            Query::Jsonata(jsonata) => {
                let scope = query::Scope {
                    input: reading.input.value(),
                    ..scope
                };
                let value = jsonata.evaluate(&scope);
                value
                    .map(Cow::Owned)
                    .map_err(|error| jsonata_fault(expression, &error))
            }
        }
    }

    pub(super) fn scope<'v>(&'v self, reading: &'v Reading, input: &'v Value) -> query::Scope<'v> {
        query::Scope {
            input,
            result: reading.result.as_ref().map(Payload::value),
            error_output: reading.error_output.as_ref().map(Payload::value),
            context: &reading.context,
            variables: &reading.variables,
            draws: &self.draws,
            budget: &self.budget,
            now: self.now,
        }
    }
}

/// As AWS has it, no path of a template, nor one that selects, leads anywhere in `null`: not even
/// `$`, where it is written out.
fn check_not_null(expression: &Expression, input: &Value) -> Result<(), Fault> {
    match &expression.query {
        Query::Path(path) if input.is_null() && path.input_names().is_some() => Err(
            Fault::runtime("Unable to apply Path transformation to null or empty input."),
        ),
        _ => Ok(()),
    }
}

/// The result, put where ResultPath says, into the raw input.
pub(super) fn place(
    input: &Payload,
    result_path: &ResultPath,
    result: Payload,
) -> Result<Payload, Fault> {
    match result_path {
        ResultPath::Replace => Ok(result),
        ResultPath::Discard => Ok(input.clone()),
        ResultPath::Into(path) => {
            let placed = path.put(input.value().clone(), result.value().clone());
            checked(placed.map_err(|error| unplaced(path, input, &error))?)
        }
    }
}

/// AWS's words, but for what it does not bound.
fn unplaced(path: &ReferencePath, input: &Payload, error: &PutError) -> Fault {
    let what = match error {
        PutError::TooDeep { .. } => error.to_string(),
        _ => format!(
            "Unable to apply ReferencePath {path} to input {}",
            input.text()
        ),
    };
    Fault::named(ErrorName::RESULT_PATH_MATCH_FAILURE, what)
}

/// A value that was built here may nest deeper than any text that was read.
pub(super) fn checked(value: Value) -> Result<Payload, Fault> {
    if deeper_than(&value, limits::JSON_DEPTH_MAX) {
        return Err(Fault::runtime(format!(
            "The data nests deeper than {} levels.",
            limits::JSON_DEPTH_MAX
        )));
    }
    Ok(Payload::from_value(value))
}

fn deeper_than(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(elements) => {
            levels == 0
                || elements
                    .iter()
                    .any(|element| deeper_than(element, levels - 1))
        }
        Value::Object(fields) => {
            levels == 0 || fields.values().any(|field| deeper_than(field, levels - 1))
        }
        _ => false,
    }
}

/// The length of a value's text, within a few bytes, without printing it.
fn json_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 5,
        Value::Number(_) => 8,
        Value::String(text) => text.len() + 2,
        Value::Array(elements) => 2 + elements.iter().map(|e| json_bytes(e) + 1).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields
                .iter()
                .map(|(k, v)| k.len() + 4 + json_bytes(v))
                .sum::<usize>()
        }
    }
}
