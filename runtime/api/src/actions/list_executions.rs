//! ListExecutions: newest first; of a state machine, a version, an alias or a Map Run.

use journal::{Listing, PageToken, Status, Under};
use serde_json::{Value, json};

use super::describe_execution::listed;
use crate::arn::MachineArn;
use crate::paging::Paging;
use crate::request::{
    ARN, EXECUTION_STATUS, EXECUTIONS_PAGE_TOKEN, LONG_ARN, PAGE_SIZE, REDRIVE_FILTER, Request,
};
use crate::{Api, ApiError, Caller};

pub(crate) async fn list_executions(
    api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let machine_arn = request.optional("stateMachineArn", &ARN);
    let status = request.optional("statusFilter", &EXECUTION_STATUS);
    let max = request.integer("maxResults", &PAGE_SIZE);
    let token = request.optional("nextToken", &EXECUTIONS_PAGE_TOKEN);
    let map_run_arn = request.optional("mapRunArn", &LONG_ARN);
    let redriven = request.optional("redriveFilter", &REDRIVE_FILTER);
    request.finish()?;
    let pending = status.as_deref() == Some("PENDING_REDRIVE");
    let (arn, under) = match (&machine_arn, &map_run_arn) {
        (Some(arn), None) => (arn, of_machine(api, arn, pending)?),
        (None, Some(arn)) => (arn, of_map_run(api, arn)?),
        (None, None) => return Err(one_of_two("Must provide a StateMachine ARN or MapRun ARN")),
        (Some(_), Some(_)) => {
            return Err(one_of_two(
                "Must provide either a StateMachine ARN or a MapRun ARN, not both",
            ));
        }
    };
    if pending {
        // Children of a Map Run are not redriven here: none ever waits for it.
        return Ok(json!({ "executions": [] }));
    }
    let redriven = redriven.map(|word| word == "REDRIVEN");
    let list = format!("{arn}:{status:?}:{redriven:?}");
    let paging = Paging::read(list, max, token.as_deref(), api.now())?;
    let page = api.journal.list(&Listing {
        under: Some(under),
        status: status.as_deref().and_then(Status::parse),
        redriven,
        limit: paging.limit,
        after: paging.after.clone().map(PageToken),
    })?;
    let executions: Vec<Value> = page
        .summaries
        .iter()
        .map(|summary| Value::Object(listed(summary)))
        .collect();
    let mut answer = json!({ "executions": executions });
    if let Some(PageToken(next)) = page.next {
        answer["nextToken"] = paging.token(next).into();
    }
    Ok(answer)
}

/// What an ARN asks for: what a machine, a version or an alias of it was started as.
fn of_machine(api: &Api, arn: &str, pending: bool) -> Result<Under, ApiError> {
    let arn = MachineArn::read(arn)?;
    if pending {
        return Err(ApiError::validation(
            "The status filter PENDING_REDRIVE can only be used with a Map Run ARN",
        ));
    }
    let machine = api.machine(arn.machine)?;
    if machine.kind == asl::interpreter::Kind::Express {
        return Err(ApiError::type_not_supported());
    }
    Ok(match arn.qualifier {
        None => Under::StateMachine(arn.machine.into()),
        Some(_) if arn.version().is_some() => Under::Version(arn.text.into()),
        Some(_) => Under::Alias(arn.text.into()),
    })
}

/// The children of a Map Run.
fn of_map_run(api: &Api, arn: &str) -> Result<Under, ApiError> {
    Ok(Under::MapRun(api.map_run(arn)?.plan.arn.0))
}

fn one_of_two(message: &str) -> ApiError {
    ApiError {
        reason: Some("MISSING_REQUIRED_PARAMETER"),
        ..ApiError::validation(message)
    }
}
