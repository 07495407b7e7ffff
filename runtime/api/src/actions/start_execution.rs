//! StartExecution: answered once the start is durable. Standard starts are idempotent by name
//! and input while the execution runs.

use std::sync::Arc;

use asl::Payload;
use asl::interpreter::{Identity, Kind};
use asl::json_complaint;
use engine::{Mocks, StartError, StartRequest, StartedAs};
use serde_json::{Value, json};

use crate::protocol::seconds;
use crate::registry::Target;
use crate::request::{ARN, DATA, NAME, Request, TRACE_HEADER};
use crate::{Api, ApiError, Caller, name};

/// A start as its request has it.
pub(super) struct Start {
    pub(super) arn: String,
    name: Option<String>,
    input: Payload,
    trace_header: Option<String>,
    /// The test case whose answers its Tasks are to give.
    test_case: Option<String>,
}

impl Start {
    /// Reads the fields that both starts have; other fields must have been read before.
    pub(super) fn read(request: &mut Request) -> Result<Self, ApiError> {
        let mut arn = request.required("stateMachineArn", &ARN);
        let test_case = test_case(&mut arn);
        let chosen = request.optional("name", &NAME);
        let input = request.optional("input", &DATA);
        let trace_header = request.optional("traceHeader", &TRACE_HEADER);
        request.finish()?;
        if let Some(chosen) = &chosen {
            name::check(chosen)?;
        }
        Ok(Self {
            arn,
            name: chosen,
            input: payload(input)?,
            trace_header,
            test_case,
        })
    }

    /// The start of what was found.
    pub(super) fn of(self, api: &Api, target: &Target) -> Result<StartRequest, ApiError> {
        let definition = api
            .registry
            .definition(&target.revision.settings.definition)?;
        let mocks = match &self.test_case {
            Some(case) => Some(mocks(api, target, case)?),
            None => None,
        };
        let name = self.name.unwrap_or_else(|| api.uuid());
        Ok(StartRequest {
            identity: identity(target, name, || api.uuid()),
            definition,
            input: self.input,
            started_as: StartedAs {
                version_arn: target.version_arn.clone(),
                alias_arn: target.alias_arn.clone(),
                trace_header: self.trace_header,
                mocks,
                ..StartedAs::default()
            },
        })
    }
}

/// Splits a test case off: `ARN#CASE`. No name has a `#` in it.
fn test_case(arn: &mut String) -> Option<String> {
    let place = arn.find('#')?;
    let case = arn[place + 1..].to_owned();
    arn.truncate(place);
    Some(case)
}

/// The answers of a test case, read anew for each start.
///
/// # Errors
/// `ValidationException`, in our words: AWS has no such thing but in Step Functions Local.
fn mocks(api: &Api, target: &Target, case: &str) -> Result<Arc<Mocks>, ApiError> {
    let Some(path) = &api.mock_config else {
        return Err(ApiError::validation(format!(
            "'#{case}' names a test case, but no mock configuration is set: start the server \
             with SFN_MOCK_CONFIG=FILE"
        )));
    };
    let refused = |why: String| ApiError::validation(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
    let mocks = Mocks::read(&text, &target.machine.name, case);
    Ok(Arc::new(mocks.map_err(|error| refused(error.to_string()))?))
}

/// The input, or `{}`.
fn payload(input: Option<String>) -> Result<Payload, ApiError> {
    let refused = |why: String| {
        let message = format!("Invalid State Machine Execution Input: '{why}'");
        ApiError::new("InvalidExecutionInput", message)
    };
    let Some(text) = input else {
        return Ok(Payload::from_value(json!({})));
    };
    let payload = Payload::from_text(&*text);
    let payload = payload.map_err(|error| refused(json_complaint::words(&text, &error)))?;
    match payload.exceeds_limit() {
        true => Err(refused(format!(
            "The input is longer than {} bytes in UTF-8",
            asl::limits::PAYLOAD_BYTES_MAX
        ))),
        false => Ok(payload),
    }
}

/// Who an execution of this target is; `unique` tells apart Express executions of one name.
pub(crate) fn identity(target: &Target, name: String, unique: impl Fn() -> String) -> Identity {
    let machine = &*target.machine;
    let place = crate::arn::place(&machine.arn);
    let execution_arn = match machine.kind {
        Kind::Standard => place.execution(&machine.name, &name),
        Kind::Express => place.express(&machine.name, &name, &unique()),
    };
    Identity {
        execution_arn,
        name,
        state_machine_arn: machine.arn.as_str().into(),
        state_machine_name: machine.name.clone(),
        role_arn: Arc::from(&*target.revision.settings.role_arn),
        region: place.region.into(),
        kind: machine.kind,
        map_state: None,
    }
}

pub(crate) async fn start_execution(
    api: &Api,
    caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let mut start = Start::read(&mut request)?;
    start.trace_header = start.trace_header.or_else(|| caller.trace_header.clone());
    let target = api.registry.target(&start.arn, api.entropy.draw())?;
    api.check_start(target.machine.kind, caller)?;
    let request = start.of(api, &target)?;
    let arn = request.identity.execution_arn.clone();
    let started = api
        .engine
        .start(request)
        .await
        .map_err(|error| match error {
            StartError::Exists { execution, .. } => ApiError::execution_exists(&execution),
            StartError::TooMany => ApiError::new("ThrottlingException", "Rate exceeded"),
            StartError::Engine(error) => error.into(),
        })?;
    Ok(json!({
        "executionArn": arn.as_str(),
        "startDate": seconds(started.started_at),
    }))
}
