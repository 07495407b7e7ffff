//! DescribeExecution: how a Standard execution stands. Its first row and its last tell all of
//! it: a history is not read for it.

use asl::arn::ExecutionArn;
use asl::history::{Detail, Record};
use asl::{Failure, Timestamp};
use engine::Redrivable;
use engine::excerpt::{self, Beginning};
use journal::{Status, Summary};
use serde_json::{Map, Value, json};

use super::current_states;
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
    let with_ours = request.boolean("stepwell").unwrap_or_default();
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let mut summary = api.journal.summary(&arn)?;
    let (beginning, ending) = match summary.status {
        Status::Running => (excerpt::beginning(&*api.journal, &arn)?, None),
        _ => excerpt::ends(&*api.journal, &arn)?,
    };
    if ending.is_none() {
        // Its end is being committed: until its last row is seen it runs.
        summary.status = Status::Running;
        summary.stopped_at = None;
    }
    let events = ending.as_ref().map_or(0, |last| last.id.0);
    let mut answer = described(&summary, events, api.now());
    if let Some(header) = &beginning.started_as.trace_header {
        answer.insert("traceHeader".into(), header.as_str().into());
    }
    if included.as_deref() != Some("METADATA_ONLY") {
        put_input(&mut answer, &beginning);
        if let Some(ending) = ending {
            put_end(&mut answer, &ending.detail);
        }
    }
    if with_ours {
        let states = current_states::told(api, &arn)?;
        let cost = engine::tell(&*api.journal, &arn)?.cost();
        let ours = json!({ "currentStates": states, "cost": cost });
        answer.insert("stepwell".into(), ours);
    }
    Ok(Value::Object(answer))
}

fn described(summary: &Summary, events: u64, now: Timestamp) -> Map<String, Value> {
    let mut answer = listed(summary);
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("redriveCount", summary.redrive_count.into());
    if let Some(arn) = &summary.opened.origin.map_run {
        put("mapRunArn", (**arn).into());
    }
    let (status, reason) = redrive_status(summary, events, now);
    put("redriveStatus", status.into());
    if let Some(reason) = reason {
        put("redriveStatusReason", reason.into());
    }
    answer
}

fn put_input(answer: &mut Map<String, Value>, beginning: &Beginning) {
    let started = beginning.records.iter().find_map(|record| match record {
        Record::Event(_, event) => match &event.detail {
            Detail::ExecutionStarted { input, .. } => Some(input),
            _ => None,
        },
        Record::Note(_) => None,
    });
    if let Some(input) = started {
        answer.insert("input".into(), input.text().into());
        answer.insert("inputDetails".into(), json!({ "included": true }));
    }
}

fn put_end(answer: &mut Map<String, Value>, end: &Detail) {
    match end {
        Detail::ExecutionSucceeded { output } => {
            answer.insert("output".into(), output.text().into());
            answer.insert("outputDetails".into(), json!({ "included": true }));
        }
        Detail::ExecutionFailed(failure)
        | Detail::ExecutionTimedOut(failure)
        | Detail::ExecutionAborted(failure) => put_failure(answer, failure),
        _ => {}
    }
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

/// Whether it can be redriven, and why not. A Map Run's child is redriven with its Map Run.
fn redrive_status(
    summary: &Summary,
    events: u64,
    now: Timestamp,
) -> (&'static str, Option<String>) {
    let standing = Redrivable {
        status: summary.status,
        events,
        started_at: summary.opened.started_at,
        stopped_at: summary.stopped_at.unwrap_or(now),
    };
    match standing.check(now) {
        Err(why) => ("NOT_REDRIVABLE", Some(why.to_string())),
        Ok(()) if summary.opened.origin.map_run.is_some() => ("REDRIVABLE_BY_MAP_RUN", None),
        Ok(()) => ("REDRIVABLE", None),
    }
}
