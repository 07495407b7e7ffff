//! UpdateMapRun: how many children run at once, and how much failure is tolerated.

use serde_json::Value;

use crate::arn::Arn;
use crate::request::{COUNT, LONG_ARN, PERCENTAGE, Request, WHOLE};
use crate::{Api, ApiError, Caller};

pub(crate) async fn update_map_run(
    _api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("mapRunArn", &LONG_ARN);
    let concurrency = request.integer("maxConcurrency", &COUNT);
    let percentage = request.number("toleratedFailurePercentage", &PERCENTAGE);
    let count = request.integer("toleratedFailureCount", &WHOLE);
    request.finish()?;
    let arn = Arn::map_run(&arn)?;
    if concurrency.is_none() && percentage.is_none() && count.is_none() {
        return Err(ApiError {
            reason: Some("MISSING_REQUIRED_PARAMETER"),
            ..ApiError::validation(
                "Either the maximum concurrency or a tolerated failure threshold must be specified",
            )
        });
    }
    // No Map runs in DISTRIBUTED mode yet, so there is no Map Run.
    Err(ApiError::resource_not_found(arn.text))
}
