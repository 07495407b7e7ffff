//! `stateConfiguration`: what of it fits which state.

use super::refusal::{Refusal, request as refused};
use super::request::{Request, StateConfiguration};
use super::subject::Subject;
use crate::definition::StateKind;

/// Checks the configuration against the request and the state.
///
/// Of the messages, those for a missing mock are AWS's (one is recorded, the others follow
/// it); for what does not fit the state none is known.
pub(super) fn check(
    configuration: &StateConfiguration,
    request: &Request,
    subject: &Subject,
) -> Result<(), Refusal> {
    let StateConfiguration {
        retrier_retry_count,
        error_caused_by_state,
        map_iteration_failure_count,
        map_item_reader_data,
    } = configuration;
    if request.mock.is_none() {
        let given = [
            ("RetrierRetryCount", retrier_retry_count.is_some()),
            ("ErrorCausedByState", error_caused_by_state.is_some()),
            (
                "MapIterationFailureCount",
                map_iteration_failure_count.is_some(),
            ),
            ("MapItemReaderData", map_item_reader_data.is_some()),
        ];
        return match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => Err(refused(format!(
                "TestState does not support {name} when a mock is not specified."
            ))),
        };
    }
    let is_map = matches!(subject.kind(), StateKind::Map(_));
    if map_item_reader_data.is_some() && !is_map {
        return Err(refused(
            "TestState supports MapItemReaderData only for Map states.",
        ));
    }
    if map_iteration_failure_count.is_some() && !is_map && !subject.is_in_a_map() {
        return Err(refused(
            "TestState supports MapIterationFailureCount only for Map states and states inside \
             a Map state.",
        ));
    }
    match error_caused_by_state {
        Some(name) => check_cause(name, subject),
        None => Ok(()),
    }
}

fn check_cause(name: &str, subject: &Subject) -> Result<(), Refusal> {
    if !matches!(subject.kind(), StateKind::Map(_) | StateKind::Parallel(_)) {
        return Err(refused(
            "TestState supports ErrorCausedByState only for Map and Parallel states.",
        ));
    }
    if subject.holds(name) {
        return Ok(());
    }
    Err(refused(format!(
        "ErrorCausedByState '{name}' is not a state inside the state under test."
    )))
}
