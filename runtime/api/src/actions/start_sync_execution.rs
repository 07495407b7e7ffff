//! StartSyncExecution: an Express execution, answered when it has ended.

use asl::interpreter::{End, Kind};
use engine::Ended;
use serde_json::{Map, Value, json};

use super::describe_execution::put_failure;
use super::start_execution::Start;
use crate::protocol::seconds;
use crate::request::{INCLUDED_DATA, Request};
use crate::{Api, ApiError, Caller};

/// Durations are billed by the 100 ms begun, memory by the 64 MB. Source: AWS, pricing of
/// Step Functions.
const BILLED_MILLISECONDS: u64 = 100;
const BILLED_MEGABYTES: u64 = 64;

pub(crate) async fn start_sync_execution(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let included = request.optional("includedData", &INCLUDED_DATA);
    let start = Start::read(&mut request)?;
    let target = api.registry.target(&start.arn, api.entropy.draw())?;
    if target.machine.kind != Kind::Express {
        return Err(ApiError::type_not_supported());
    }
    let arn = start.arn.clone();
    let request = start.of(api, &target)?;
    let (identity, input) = (request.identity.clone(), request.input.clone());
    let header = request.started_as.trace_header.clone();
    let ended = api.engine.run_express(request).await;
    let all = included.as_deref() != Some("METADATA_ONLY");
    let mut answer = Map::new();
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("executionArn", identity.execution_arn.as_str().into());
    put("stateMachineArn", arn.into());
    put("name", identity.name.into());
    put("startDate", seconds(ended.started_at));
    put("stopDate", seconds(ended.stopped_at));
    put("status", status(&ended.end).into());
    put("billingDetails", billing(&ended));
    if let Some(header) = header {
        put("traceHeader", header.into());
    }
    let there = json!({ "included": true });
    if all {
        put("input", input.text().into());
        put("inputDetails", there.clone());
    }
    match &ended.end {
        End::Succeeded(output) if all => {
            put("output", output.text().into());
            put("outputDetails", there);
        }
        End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure) => {
            put_failure(&mut answer, failure);
        }
        End::Succeeded(_) => {}
    }
    Ok(Value::Object(answer))
}

/// `SyncExecutionStatus`, which has no word for an abort.
fn status(end: &End) -> &'static str {
    match end {
        End::Succeeded(_) => "SUCCEEDED",
        End::TimedOut(_) => "TIMED_OUT",
        End::Failed(_) | End::Aborted(_) => "FAILED",
    }
}

fn billing(ended: &Ended) -> Value {
    let lasted = ended.stopped_at.0.saturating_sub(ended.started_at.0);
    let lasted = u64::try_from(lasted).unwrap_or(0).max(1);
    let begun = lasted.div_ceil(BILLED_MILLISECONDS) * BILLED_MILLISECONDS;
    let megabytes = ended.memory_bytes_peak.div_ceil(1 << 20).max(1);
    json!({
        "billedDurationInMilliseconds": begun,
        "billedMemoryUsedInMB": megabytes.div_ceil(BILLED_MEGABYTES) * BILLED_MEGABYTES,
    })
}
