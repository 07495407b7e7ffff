//! GetExecutionHistory: a page of events, from either end.

use asl::arn::ExecutionArn;
use engine::StartedAs;
use engine::excerpt::{self, Place};
use serde_json::{Map, Value, json};

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
    let with_ours = request.boolean("stepwell").unwrap_or_default();
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let list = format!("{arn}:{reverse}");
    let paging = Paging::read(list, max, token.as_deref(), api.now())?;
    let after = paging.after.as_deref().and_then(place);
    let mut found = excerpt::events(&*api.journal, &arn, after, reverse, paging.limit + 1)?;
    let next = paging.cut(&mut found, |(place, _)| {
        format!("{}.{}", place.row, place.event)
    });
    let mut events: Vec<Value> = found
        .iter()
        .map(|(_, event)| match with_data {
            true => event.to_aws(),
            false => without_data(event.to_aws()),
        })
        .collect();
    let is_start = |event: &&mut Value| event["type"] == "ExecutionStarted";
    if let Some(start) = events.iter_mut().find(is_start) {
        let beginning = excerpt::beginning(&*api.journal, &arn)?;
        put_origin(start, &beginning.started_as);
    }
    let mut answer = json!({ "events": events });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    if with_ours {
        let places = found.iter().map(|(place, _)| place.row);
        answer["stepwell"] = json!({ "attemptsUsed": used(api, &arn, places)? });
    }
    Ok(answer)
}

/// What attempts used that came to their end in these rows, by the id of the event that scheduled
/// each. Ours, and only told to who asks with `"stepwell": true`: AWS has no such thing.
fn used(
    api: &Api,
    arn: &ExecutionArn,
    rows: impl Iterator<Item = u64> + Clone,
) -> Result<Map<String, Value>, ApiError> {
    let (Some(first), Some(last)) = (rows.clone().min(), rows.max()) else {
        return Ok(Map::new());
    };
    let usages = excerpt::usages(&*api.journal, arn, first..=last)?;
    let by_event = usages.into_iter();
    Ok(by_event
        .map(|(event, usage)| (event.0.to_string(), json!(usage)))
        .collect())
}

/// Where a page ended, as its token has it.
fn place(text: &str) -> Option<Place> {
    let (row, event) = text.split_once('.')?;
    Some(Place {
        row: row.parse().ok()?,
        event: event.parse().ok()?,
    })
}

/// What the first event says of how the state machine was named.
fn put_origin(start: &mut Value, started_as: &StartedAs) {
    let details = &mut start["executionStartedEventDetails"];
    for (field, arn) in [
        ("stateMachineAliasArn", &started_as.alias_arn),
        ("stateMachineVersionArn", &started_as.version_arn),
    ] {
        if let Some(arn) = arn {
            details[field] = arn.as_str().into();
        }
    }
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
