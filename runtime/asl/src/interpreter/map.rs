//! Map: opens a scope for each item, as many at once as may be, and gathers what they give.

use std::sync::Arc;

use serde_json::Value;

use super::apply::item_at;
use super::driver::Driver;
use super::fault::Fault;
use super::scope::{Item, Phase};
use super::transition::{Reading, checked};
use crate::definition::{Expression, Items, Map, Query, State, Template};
use crate::history::{Detail, Note, ScopeId};
use crate::query::jsonata;
use crate::{Payload, limits};

impl Driver<'_> {
    pub(super) fn map(&mut self, id: ScopeId, state: &State, map: &Map) -> Result<(), Fault> {
        if let Some(distributed) = &map.distributed {
            return self.start_map_run(id, state, map, distributed);
        }
        let effective = self.effective_input(id, state)?;
        let reading = self.reading(id)?;
        let items = self.items(&reading, map, &effective)?;
        let concurrency = self.concurrency(&reading, map, effective.value())?;
        self.note(Note::Items {
            scope: id,
            items,
            concurrency,
        });
        self.start_mapping(id);
        Ok(())
    }

    /// Says that the Map starts, now that its items are known.
    pub(super) fn start_mapping(&mut self, id: ScopeId) {
        let Some(scope) = self.execution.scopes.get(&id) else {
            return;
        };
        let Phase::Mapping(nested) = &scope.phase else {
            return;
        };
        let detail = Detail::MapStateStarted {
            length: nested.total,
        };
        self.emit(id, scope.previous, detail);
        self.ready(id);
    }

    pub(super) fn items(
        &self,
        reading: &Reading,
        map: &Map,
        effective: &Payload,
    ) -> Result<Payload, Fault> {
        let template = match &map.items {
            Items::Input => {
                let items = effective.clone();
                return match items.value() {
                    Value::Array(_) => Ok(items),
                    other => Err(not_iterable(None, other)),
                };
            }
            Items::Template(template) => template,
        };
        let value = self.fill(reading, template, effective.value())?;
        match value {
            Value::Array(_) => checked(value),
            // Only JSONata's Items and newer paths iterate over an object; as recorded, an
            // expression that gives one is refused.
            other => Err(not_iterable(expression_of(template), &other)),
        }
    }

    fn concurrency(&self, reading: &Reading, map: &Map, input: &Value) -> Result<u32, Fault> {
        let most = limits::INLINE_MAP_CONCURRENCY_MAX as u32;
        let wanted = self.concurrency_wanted(reading, map, input)?;
        Ok(match u32::try_from(wanted) {
            Ok(0) => most,
            Ok(wanted) => wanted.min(most),
            Err(_) => most,
        })
    }

    /// Opens as many iterations as may be, and ends when all have.
    pub(super) fn iterate(&mut self, id: ScopeId, state: &State, map: &Map) -> Result<(), Fault> {
        while let Some(index) = self.next_iteration(id) {
            self.iteration(id, state, map, index)?;
        }
        self.gather(id, state)
    }

    fn next_iteration(&self, id: ScopeId) -> Option<u32> {
        match &self.execution.scopes.get(&id)?.phase {
            Phase::Nesting(nested) if nested.can_open() => Some(nested.next),
            _ => None,
        }
    }

    fn iteration(
        &mut self,
        id: ScopeId,
        state: &State,
        map: &Map,
        index: u32,
    ) -> Result<(), Fault> {
        let Some(item) = self.item(id, index) else {
            return Ok(());
        };
        let input = match &map.item_selector {
            None => Payload::from_value((*item.value).clone()),
            Some(template) => {
                let reading = self.reading_item(id, Some(&item))?;
                let whole = self.reading(id)?;
                let effective = self.effective_in(&whole, state)?;
                checked(self.fill(&reading, template, &effective)?)?
            }
        };
        let previous = self.previous(id);
        let scope = self.open(id, index, input);
        let detail = Detail::MapIterationStarted {
            name: Arc::clone(&state.name),
            index,
        };
        self.emit(scope, previous, detail);
        Ok(())
    }

    fn item(&self, id: ScopeId, index: u32) -> Option<Arc<Item>> {
        match &self.execution.scopes.get(&id)?.phase {
            Phase::Nesting(nested) => item_at(nested.items.as_ref()?, index).map(Arc::new),
            _ => None,
        }
    }

    /// The last state of an iteration was left.
    pub(super) fn iteration_succeeded(&mut self, id: ScopeId, parent: ScopeId, index: u32) {
        let machine = self.execution.machine().clone();
        let Some(state) = self.current_state(parent, &machine) else {
            return;
        };
        let detail = Detail::MapIterationSucceeded {
            name: Arc::clone(&state.name),
            index,
        };
        self.emit(id, self.previous(id), detail);
        self.ready(parent);
    }
}

/// The expression that stands for the whole of a template.
fn expression_of(template: &Template) -> Option<&Expression> {
    match template {
        Template::Expression(expression) => Some(expression),
        _ => None,
    }
}

fn not_iterable(expression: Option<&Expression>, value: &Value) -> Fault {
    match expression {
        Some(
            expression @ Expression {
                source,
                field,
                query: Query::Jsonata(_),
            },
        ) => Fault::query(
            expression,
            jsonata::unexpected_type(source, &field.0, "array", value),
        ),
        Some(Expression { source, .. }) => {
            Fault::runtime(format!("Reference path \"{source}\" must point to array."))
        }
        None => Fault::runtime("Reference path \"$\" must point to array."),
    }
}
