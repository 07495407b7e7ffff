//! GetExecutionHistory: a page of events, from either end.

use asl::arn::ExecutionArn;
use asl::history::{HistoryEvent, Record};
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::paging::Paging;
use crate::request::{ARN, PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn get_execution_history(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let max = request.integer("maxResults", &PAGE_SIZE);
    let reverse = request.boolean("reverseOrder").unwrap_or_default();
    let token = request.optional("nextToken", &PAGE_TOKEN);
    let with_data = request.boolean("includeExecutionData").unwrap_or(true);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let list = format!("{arn}:{reverse}");
    let paging = Paging::read(list, max, token.as_deref(), api.now())?;
    let told = api.engine.tell(&arn)?;
    let events = told.records.iter().filter_map(|record| match record {
        Record::Event(_, event) => Some(event),
        Record::Note(_) => None,
    });
    let after: Option<u64> = paging.after.as_deref().and_then(|id| id.parse().ok());
    let limit = paging.limit + 1;
    let mut found: Vec<&HistoryEvent> = match reverse {
        false => {
            let after = after.unwrap_or(0);
            events
                .filter(|event| event.id.0 > after)
                .take(limit)
                .collect()
        }
        true => {
            let before = after.unwrap_or(u64::MAX);
            let all: Vec<_> = events.filter(|event| event.id.0 < before).collect();
            all.into_iter().rev().take(limit).collect()
        }
    };
    let next = paging.cut(&mut found, |event| event.id.0.to_string());
    let events: Vec<Value> = found
        .iter()
        .map(|event| match with_data {
            true => event.to_aws(),
            false => without_data(event.to_aws()),
        })
        .collect();
    let mut answer = json!({ "events": events });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    Ok(answer)
}

/// The fields that `includeExecutionData: false` leaves out.
const DATA_FIELDS: [&str; 8] = [
    "input",
    "output",
    "parameters",
    "taskCredentials",
    "assignedVariables",
    "error",
    "cause",
    "inputDetails",
];

fn without_data(mut event: Value) -> Value {
    for (field, details) in event.as_object_mut().into_iter().flatten() {
        if field.ends_with("EventDetails")
            && let Some(details) = details.as_object_mut()
        {
            details.retain(|field, _| !DATA_FIELDS.contains(&field.as_str()));
        }
    }
    event
}
