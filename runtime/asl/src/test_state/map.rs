//! A Map under test: what it would run over, and whether as many failures are tolerated.

use serde_json::Value;

use super::mock::Mocked;
use super::refusal::{Refusal, request as refused};
use super::request::StateConfiguration;
use super::visit::{Stage, Visit};
use crate::definition::{Map, Number};
use crate::interpreter::Survey;
use crate::{ErrorName, Failure, Timestamp};

/// Takes a Map that was entered to its end, by the mock.
///
/// # Errors
/// [`Refusal`] when the mock does not fit the Map's items.
pub(super) fn run(
    visit: &mut Visit,
    map: &Map,
    mocked: Mocked,
    configuration: &StateConfiguration,
    now: Timestamp,
    entropy: u64,
) -> Result<Stage, Refusal> {
    let data = configuration.map_item_reader_data.as_deref();
    let survey = match visit.survey(data, now, entropy) {
        Ok(survey) => survey,
        Err(_) if data.is_none() && has_reader(map) => {
            return Err(refused(
                "ItemReader data must be specified when testing a Map state with ItemReader \
                 specified.",
            ));
        }
        Err(unfit) => return Ok(unfit),
    };
    let failed = configuration.map_iteration_failure_count.unwrap_or(0);
    let iterations = u64::try_from(survey.iterations()).unwrap_or(u64::MAX);
    if failed > iterations {
        return Err(refused(
            "Map iteration failure count must be less than or equal to the number of Map \
             iterations",
        ));
    }
    let mocked = match mocked {
        Mocked::Result(_) if is_exceeded(&survey, failed) => Mocked::Failure(exceeded()),
        Mocked::Result(result) => {
            check_size(result.value(), iterations, failed)?;
            Mocked::Result(result)
        }
        failure => failure,
    };
    Ok(visit.act(mocked.into_end(), now, entropy))
}

fn has_reader(map: &Map) -> bool {
    let mode = map.distributed.as_ref();
    mode.is_some_and(|mode| mode.item_reader.is_some())
}

/// A Map without failures gives a result for each iteration. What AWS expects of one with
/// some is not known: their results may be left out.
fn check_size(result: &Value, iterations: u64, failed: u64) -> Result<(), Refusal> {
    let Some(results) = result.as_array() else {
        return Ok(());
    };
    let results = u64::try_from(results.len()).unwrap_or(u64::MAX);
    if (iterations - failed..=iterations).contains(&results) {
        return Ok(());
    }
    Err(refused(
        "Input array does not equal the mocked result array's size.",
    ))
}

/// Whether more iterations failed than the Map tolerates.
fn is_exceeded(survey: &Survey, failed: u64) -> bool {
    let count = survey.tolerated_count;
    let percentage = survey.tolerated_percentage;
    let share = failed as f64 * 100.0 / survey.iterations().max(1) as f64;
    let beyond_count = count.is_some_and(|most| failed > most);
    let beyond_share = percentage.is_some_and(|most| share > most);
    let intolerant = count.is_none() && percentage.is_none();
    beyond_count || beyond_share || intolerant && failed > 0
}

/// Whether this many failed children of a distributed Map are more than its definition
/// tolerates, as far as that can be told without its items.
pub(super) fn tolerates_literally(map: &Map, failed: u64) -> bool {
    let literal = |number: &Option<Number>| match number {
        Some(Number::Literal(most)) => Some(*most),
        _ => None,
    };
    match literal(&map.tolerated_failure_count) {
        Some(most) => failed as f64 <= most,
        None => {
            map.tolerated_failure_count.is_some()
                || literal(&map.tolerated_failure_percentage) != Some(0.0)
                    && map.tolerated_failure_percentage.is_some()
        }
    }
}

/// The failure of a Map of which too many iterations failed.
pub(super) fn exceeded() -> Failure {
    Failure::new(
        ErrorName::EXCEED_TOLERATED_FAILURE_THRESHOLD,
        "The specified tolerated failure threshold was exceeded",
    )
}
