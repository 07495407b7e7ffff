//! DescribeMapRun: how far a Map Run is.

use asl::map_run::RunEnd;
use serde_json::{Value, json};

use super::map_runs::counts;
use crate::protocol::seconds;
use crate::request::{LONG_ARN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_map_run(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("mapRunArn", &LONG_ARN);
    request.finish()?;
    let told = api.map_run(&arn)?;
    let (run, settings) = (&told.run, told.run.settings());
    let succeeded = matches!(run.end(), Some((RunEnd::Succeeded(_), _)));
    let written = match succeeded && run.writer().target.is_some() {
        true => run.children().succeeded,
        false => 0,
    };
    let (children, items) = run.total().unzip();
    let (redrive_children, redrive_items) = run.pending_redrive();
    let (running_children, running_items) = told.running;
    let mut answer = json!({
        "mapRunArn": told.plan.arn.as_str(),
        "executionArn": told.execution.as_str(),
        "status": told.status.as_str(),
        "startDate": seconds(told.started_at),
        "maxConcurrency": settings.concurrency,
        "toleratedFailurePercentage": f64::from(settings.tolerated_failure_ppm) / 10_000.0,
        "toleratedFailureCount": settings.tolerated_failure_count,
        "itemCounts": counts(run.items(), items, running_items, redrive_items, written),
        "executionCounts": counts(run.children(), children, running_children, redrive_children, written),
        "redriveCount": run.redrives(),
    });
    if let Some(stopped_at) = told.stopped_at {
        answer["stopDate"] = seconds(stopped_at);
    }
    if let Some(redriven_at) = told.redriven_at {
        answer["redriveDate"] = seconds(redriven_at);
    }
    Ok(answer)
}
