//! DescribeExecution: how a Standard execution stands.

use asl::Failure;
use asl::arn::ExecutionArn;
use asl::interpreter::End;
use engine::Told;
use journal::{Status, Summary};
use serde_json::{Map, Value, json};

use crate::arn::Arn;
use crate::protocol::seconds;
use crate::request::{ARN, INCLUDED_DATA, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn describe_execution(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let included = request.optional("includedData", &INCLUDED_DATA);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let summary = api.journal.summary(&arn)?;
    let told = api.engine.tell(&arn)?;
    let all = included.as_deref() != Some("METADATA_ONLY");
    Ok(Value::Object(described(&summary, &told, all)))
}

fn described(summary: &Summary, told: &Told, all: bool) -> Map<String, Value> {
    let execution = told.replay();
    let mut answer = listed(summary);
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("redriveCount", summary.redrive_count.into());
    if let Some(arn) = &summary.opened.origin.map_run {
        put("mapRunArn", (**arn).into());
    }
    let (status, reason) = redrive_status(summary.status);
    put("redriveStatus", status.into());
    if let Some(reason) = reason {
        put("redriveStatusReason", reason.into());
    }
    let included = json!({ "included": true });
    if all {
        put("input", execution.input().text().into());
        put("inputDetails", included.clone());
    }
    match execution.end() {
        Some(End::Succeeded(output)) if all => {
            put("output", output.text().into());
            put("outputDetails", included);
        }
        Some(End::Failed(failure) | End::TimedOut(failure) | End::Aborted(failure)) if all => {
            put_failure(&mut answer, failure);
        }
        _ => {}
    }
    if let Some(header) = &told.started_as.trace_header {
        answer.insert("traceHeader".into(), header.as_str().into());
    }
    answer
}

/// `error` and `cause`, each where there is one.
pub(super) fn put_failure(answer: &mut Map<String, Value>, failure: &Failure) {
    if let Some(error) = &failure.error {
        answer.insert("error".into(), error.as_str().into());
    }
    if let Some(cause) = &failure.cause {
        answer.insert("cause".into(), cause.as_str().into());
    }
}

/// What ListExecutions says of an execution, too.
pub(super) fn listed(summary: &Summary) -> Map<String, Value> {
    let mut answer = Map::new();
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("executionArn", summary.execution.as_str().into());
    put(
        "stateMachineArn",
        summary.opened.state_machine.as_str().into(),
    );
    put("name", summary.opened.name.as_str().into());
    put("status", summary.status.as_str().into());
    put("startDate", seconds(summary.opened.started_at));
    if let Some(stopped_at) = summary.stopped_at {
        put("stopDate", seconds(stopped_at));
    }
    let origin = &summary.opened.origin;
    for (field, arn) in [
        ("stateMachineVersionArn", &origin.version),
        ("stateMachineAliasArn", &origin.alias),
    ] {
        if let Some(arn) = arn {
            put(field, (**arn).into());
        }
    }
    if let Some(at) = summary.redriven_at {
        put("redriveDate", seconds(at));
    }
    answer
}

/// Whether it can be redriven, and why not.
fn redrive_status(status: Status) -> (&'static str, Option<String>) {
    match status {
        Status::Running | Status::Succeeded => (
            "NOT_REDRIVABLE",
            Some(format!(
                "Execution is {} and cannot be redriven",
                status.as_str()
            )),
        ),
        Status::Failed | Status::TimedOut | Status::Aborted => ("REDRIVABLE", None),
    }
}
