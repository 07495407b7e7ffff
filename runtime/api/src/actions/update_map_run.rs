//! UpdateMapRun: what a Map Run that runs may do from now on.

use asl::map_run::Settings;
use engine::UpdateError;
use serde_json::{Value, json};

use crate::request::{COUNT, LONG_ARN, PERCENTAGE, Request, WHOLE};
use crate::{Api, ApiError, Caller};

/// Children open at once where 0 is asked for. Source: AWS, quotas of Step Functions.
const CHILDREN_MAX: u32 = 10_000;

pub(crate) async fn update_map_run(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("mapRunArn", &LONG_ARN);
    let concurrency = request.integer("maxConcurrency", &COUNT);
    let percentage = request.number("toleratedFailurePercentage", &PERCENTAGE);
    let count = request.integer("toleratedFailureCount", &WHOLE);
    request.finish()?;
    if concurrency.is_none() && percentage.is_none() && count.is_none() {
        return Err(ApiError {
            reason: Some("MISSING_REQUIRED_PARAMETER"),
            ..ApiError::validation(
                "Either the maximum concurrency or a tolerated failure threshold must be specified",
            )
        });
    }
    let told = api.map_run(&arn)?;
    let standing = told.run.settings();
    let settings = Settings {
        concurrency: match concurrency.map(|wanted| u32::try_from(wanted).unwrap_or(u32::MAX)) {
            None => standing.concurrency,
            Some(0) => CHILDREN_MAX,
            Some(wanted) => wanted.min(CHILDREN_MAX),
        },
        tolerated_failure_count: match count.map(u64::try_from) {
            Some(Ok(count)) => count,
            _ => standing.tolerated_failure_count,
        },
        tolerated_failure_ppm: match percentage {
            Some(percentage) => (percentage * 10_000.0) as u32,
            None => standing.tolerated_failure_ppm,
        },
    };
    match api.engine.update_map_run(&told, settings).await {
        Ok(()) => Ok(json!({})),
        Err(UpdateError::Ended) => Err(ApiError {
            reason: Some("CANNOT_UPDATE_COMPLETED_MAP_RUN"),
            ..ApiError::validation("Map Run has completed and cannot be updated")
        }),
        Err(UpdateError::Engine(error)) => Err(error.into()),
    }
}
