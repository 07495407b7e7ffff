//! ListMapRuns: those of one execution, newest first.

use asl::arn::{ExecutionArn, MapRunArn, StateMachineArn};
use journal::{Listing, PageToken, Under};
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::paging::Paging;
use crate::protocol::seconds;
use crate::request::{ARN, PAGE_SIZE, PAGE_TOKEN, Request};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_map_runs(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let arn = request.required("executionArn", &ARN);
    let max = request.integer("maxResults", &PAGE_SIZE);
    let token = request.optional("nextToken", &PAGE_TOKEN);
    request.finish()?;
    let arn = ExecutionArn::from(Arn::of(&arn, &["execution"])?.text);
    let execution = api.journal.summary(&arn)?;
    let paging = Paging::read(format!("{arn}:m"), max, token.as_deref(), api.now())?;
    let page = api.journal.list(&Listing {
        // A run's rows are kept under the execution whose Map it is.
        under: Some(Under::StateMachine(StateMachineArn(arn.0.clone()))),
        limit: paging.limit,
        after: paging.after.clone().map(PageToken),
        ..Listing::default()
    })?;
    let runs = page.summaries.iter().map(|run| {
        let arn = MapRunArn(run.execution.0.clone());
        let mut listed = json!({
            "executionArn": execution.execution.as_str(),
            "mapRunArn": arn.as_str(),
            "stateMachineArn": arn.state_machine().as_str(),
            "startDate": seconds(run.opened.started_at),
        });
        if let Some(stopped_at) = run.stopped_at {
            listed["stopDate"] = seconds(stopped_at);
        }
        listed
    });
    let mut answer = json!({ "mapRuns": runs.collect::<Vec<_>>() });
    if let Some(PageToken(next)) = page.next {
        answer["nextToken"] = paging.token(next).into();
    }
    Ok(answer)
}
