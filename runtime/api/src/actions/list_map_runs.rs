//! ListMapRuns: those that an execution started.

use asl::arn::ExecutionArn;
use serde_json::{Value, json};

use crate::arn::Arn;
use crate::paging::Paging;
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
    Paging::read(format!("{arn}:m"), max, token.as_deref(), api.now())?;
    api.journal.summary(&arn)?;
    // No Map runs in DISTRIBUTED mode yet, so no execution has started a Map Run.
    Ok(json!({ "mapRuns": [] }))
}
