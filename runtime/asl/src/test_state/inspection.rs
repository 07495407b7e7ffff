//! Watches a visited state, and keeps what the answer tells of it.

use std::cell::RefCell;

use super::answer::{ErrorDetails, Exchange, InspectionData};
use crate::definition::{Items, QueryLanguage, State, StateKind};
use crate::interpreter::{Batches, Observer, Sight, Survey};
use crate::{Failure, Payload};

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Inspection(RefCell<Seen>);

/// What was seen of a state.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) data: InspectionData,
    /// The failure, whatever became of it.
    pub(super) failure: Option<Failure>,
    /// What took the failure, or would have.
    pub(super) handlers: ErrorDetails,
}

impl Inspection {
    pub(super) fn seen(&self) -> Seen {
        self.0.borrow().clone()
    }

    /// Keeps what a Map would run over.
    pub(super) fn surveyed(&self, survey: &Survey, state: &State) {
        let data = &mut self.0.borrow_mut().data;
        let jsonpath = state.language == QueryLanguage::JsonPath;
        let StateKind::Map(map) = &state.kind else {
            return;
        };
        if jsonpath && matches!(map.items, Items::Template(_)) {
            data.after_items_path = Some(list(&survey.items));
        }
        data.after_item_selector = survey.selected.as_deref().map(list);
        data.after_item_batcher = survey.batches.as_ref().map(batches);
        data.max_concurrency = Some(survey.concurrency_max);
        data.tolerated_failure_count = survey.tolerated_count;
        data.tolerated_failure_percentage = survey.tolerated_percentage;
    }

    /// Keeps what an HTTP Task sent and got.
    pub(super) fn exchanged(&self, exchange: Option<Box<Exchange>>) {
        let data = &mut self.0.borrow_mut().data;
        let Exchange { request, response } = exchange.map(|both| *both).unwrap_or_default();
        (data.request, data.response) = (request, response);
    }

    /// Keeps what an ItemsPointer points at.
    pub(super) fn pointed(&self, items: &Payload) {
        self.0.borrow_mut().data.after_items_pointer = Some(items.text().to_owned());
    }
}

impl Observer for Inspection {
    fn see(&self, state: &State, sight: Sight<'_>) {
        let Seen {
            data,
            failure,
            handlers,
        } = &mut *self.0.borrow_mut();
        let jsonpath = state.language == QueryLanguage::JsonPath;
        let text = |payload: &Payload| Some(payload.text().to_owned());
        match sight {
            Sight::EffectiveInput(input) if jsonpath => data.after_input_path = text(input),
            Sight::Arguments(input) if jsonpath => data.after_parameters = text(input),
            Sight::Arguments(input) => data.after_arguments = text(input),
            Sight::Result(result) => data.result = text(result),
            Sight::SelectedResult(result) => data.after_result_selector = text(result),
            Sight::PlacedResult(result) => data.after_result_path = text(result),
            Sight::Failed(failed) => {
                *failure = Some(failed.clone());
                *handlers = ErrorDetails::default();
            }
            Sight::Retried {
                retrier,
                delay_milliseconds,
            } => {
                handlers.retry_index = Some(retrier);
                handlers.retry_backoff_interval_seconds = Some(delay_milliseconds / 1000);
            }
            Sight::Exhausted(retrier) => handlers.retry_index = Some(retrier),
            Sight::Caught(catcher) => handlers.catch_index = Some(catcher),
            Sight::EffectiveInput(_) | Sight::Rule(_) | Sight::Default | Sight::Completed => {}
        }
    }
}

/// An array as AWS prints one of texts that are JSON already: recorded with a space after
/// each comma.
fn list(elements: &[String]) -> String {
    format!("[{}]", elements.join(", "))
}

/// Batches, each item as JSON in a string, as AWS shows them.
fn batches(batches: &Batches) -> String {
    let batch = |items: &Vec<String>| {
        let mut batch = serde_json::Map::new();
        if let Some(input) = &batches.input {
            batch.insert("BatchInput".into(), input.clone());
        }
        batch.insert("Items".into(), items.as_slice().into());
        serde_json::Value::Object(batch).to_string()
    };
    list(&batches.items.iter().map(batch).collect::<Vec<_>>())
}
