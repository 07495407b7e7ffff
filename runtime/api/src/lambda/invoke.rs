//! Invoke: one attempt of a function, waited for or not.

use std::sync::Arc;

use asl::Payload;
use engine::{Modules, NotDeployed};

use super::invocation::Invocation;
use super::shape::{ANY, INVOCATION_TYPE, LOG_TYPE};
use super::{Lambda, LambdaAnswer, LambdaCall, named, refusal};
use crate::request::Request;
use crate::{ApiError, Caller};

/// The longest payload, in bytes, when the caller waits. Source: AWS, quotas of Lambda.
const PAYLOAD_BYTES_MAX: usize = 6_291_456;
/// The longest payload of an Event, in bytes. Source: as above.
const EVENT_BYTES_MAX: usize = 1_048_576;

/// How a function is invoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    RequestResponse,
    Event,
    DryRun,
}

impl Mode {
    fn parse(word: Option<&str>) -> Self {
        match word {
            Some("Event") => Self::Event,
            Some("DryRun") => Self::DryRun,
            _ => Self::RequestResponse,
        }
    }
}

pub(super) async fn invoke(
    lambda: &Arc<Lambda>,
    caller: &Caller,
    call: LambdaCall,
) -> Result<LambdaAnswer, ApiError> {
    let mut request = Request::rest(b"", call.parameters)?;
    let wanted = named::read_qualified(&mut request);
    let mode = request.optional("InvocationType", &INVOCATION_TYPE);
    let log = request.optional("LogType", &LOG_TYPE);
    // What a mobile client says of itself; nothing here reads it.
    let _client_context = request.optional("ClientContext", &ANY);
    request.finish()?;

    let mode = Mode::parse(mode.as_deref());
    check_length(mode, call.body.len())?;
    let name = wanted.of("Invoke", caller)?;
    let found = lambda.functions.find(&name, lambda.entropy.draw());
    let (module, version) = found.map_err(|error| match error {
        NotDeployed::Unknown => refusal::no_such_function(&name.qualified_arn()),
        error @ NotDeployed::Unreadable(_) => ApiError::internal(&error),
    })?;
    if mode == Mode::DryRun {
        return Ok(LambdaAnswer::empty(204));
    }
    let invocation = Invocation {
        module,
        version,
        input: payload(&call.body)?,
        request_id: lambda.uuid(),
    };
    match mode {
        Mode::Event => {
            let place = lambda.invocations.event()?;
            let lambda = Arc::clone(lambda);
            tokio::spawn(async move {
                invocation.run_as_event(&lambda).await;
                drop(place);
            });
            Ok(LambdaAnswer::empty(202))
        }
        _ => answered(lambda, &invocation, log.as_deref() == Some("Tail")).await,
    }
}

/// Runs it, and words what came of it.
async fn answered(
    lambda: &Lambda,
    invocation: &Invocation,
    with_log: bool,
) -> Result<LambdaAnswer, ApiError> {
    let _place = lambda.invocations.waiting()?;
    let outcome = invocation.run(lambda).await?;
    let mut headers = vec![("X-Amz-Executed-Version", invocation.version.clone())];
    if with_log {
        headers.push(("X-Amz-Log-Result", invocation.log_result(&outcome)));
    }
    let body = match outcome.result {
        Ok(output) => output.text().to_owned(),
        Err(failure) => {
            headers.push(("X-Amz-Function-Error", "Unhandled".to_owned()));
            invocation.failed(&failure)
        }
    };
    Ok(LambdaAnswer {
        status: 200,
        headers,
        body: body.into(),
    })
}

fn check_length(mode: Mode, bytes: usize) -> Result<(), ApiError> {
    let (max, word) = match mode {
        Mode::Event => (EVENT_BYTES_MAX, "Event"),
        Mode::RequestResponse | Mode::DryRun => (PAYLOAD_BYTES_MAX, "RequestResponse"),
    };
    match bytes > max {
        true => Err(ApiError::new(
            "RequestTooLargeException",
            format!(
                "{bytes} byte payload is too large for the {word} invocation type (limit {max} \
                 bytes)"
            ),
        )),
        false => Ok(()),
    }
}

/// The input: nothing is an empty object.
fn payload(body: &[u8]) -> Result<Payload, ApiError> {
    let refused = |why: String| {
        ApiError::new(
            "InvalidRequestContentException",
            format!(
                "Could not parse request body into json: Could not parse payload into json: {why}"
            ),
        )
    };
    let text = std::str::from_utf8(body).map_err(|error| refused(error.to_string()))?;
    let text = if text.trim().is_empty() { "{}" } else { text };
    Payload::from_text(text).map_err(|error| refused(error.to_string()))
}
