//! Who does the work of a Task: from its Resource to a deployed module, and from the
//! module's answer to the service's.
//!
//! Source: AWS, "Invoke Lambda functions with Step Functions"; the answer's shape is as
//! recorded.

use asl::arn::Place;
use asl::history::Via;
use asl::interpreter::{Identity, Report, TaskCommand};
use asl::{ErrorName, Failure, Payload};
use host::{Module, Outcome};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::attempt::{idempotency_key, request_id};
use crate::function::{FunctionName, Modules, NotDeployed};
use crate::log_result::log_result;
use crate::services::Invoked;

/// What is to be run, and how its answer is worded.
pub(crate) struct Work {
    pub(crate) module: Module,
    pub(crate) input: Payload,
    answer: Answer,
}

enum Answer {
    /// As it is.
    Plain,
    /// In the envelope of `lambda:invoke`.
    Invocation {
        /// `ExecutedVersion`
        version: String,
        request_id: String,
        /// Whether the end of the log is told, too: `LogType` is `Tail`.
        with_log: bool,
    },
}

impl Work {
    /// The report of an attempt that came to an end.
    pub(crate) fn report(&self, outcome: Outcome, command: &TaskCommand) -> Report {
        match (&outcome.result, &self.answer) {
            (Ok(output), Answer::Plain) => Report::Succeeded(output.clone()),
            (
                Ok(output),
                Answer::Invocation {
                    version,
                    request_id,
                    with_log,
                },
            ) => {
                let limits = &self.module.limits;
                let log = with_log.then(|| log_result(&outcome, limits, request_id, version));
                Report::Succeeded(invocation(output, version, request_id, log, command))
            }
            (Err(failure), _) if failure.error_name() == ErrorName::TIMEOUT => Report::TimedOut,
            (Err(failure), _) => Report::Failed(failure.clone()),
        }
    }
}

/// A function that is not deployed here, and what it would be given.
pub(crate) struct Elsewhere {
    pub(crate) function: FunctionName,
    pub(crate) input: Payload,
    /// Whether its answer comes in the envelope of `lambda:invoke`.
    is_wrapped: bool,
    /// Whether it is of the execution's own account and region.
    pub(crate) is_at_home: bool,
    /// Whether it was named as no function of AWS is: `wasm:NAME`.
    pub(crate) is_ours: bool,
}

impl Elsewhere {
    /// The Task's result.
    pub(crate) fn answer(&self, invoked: Invoked) -> Payload {
        match self.is_wrapped {
            true => envelope(&invoked),
            false => invoked.payload,
        }
    }

    /// AWS's words for a function that is nowhere.
    pub(crate) fn not_found(&self, key: &str) -> Failure {
        let (function, request_id) = (&self.function, request_id(key));
        let qualifier = function.qualifier.as_deref().unwrap_or("$LATEST");
        Failure::new(
            ErrorName::RESOURCE_NOT_FOUND,
            format!(
                "Function not found: {}:{qualifier} (Service: AWSLambda; Status Code: 404; \
                 Error Code: ResourceNotFoundException; Request ID: {request_id}; Proxy: null)",
                function.arn()
            ),
        )
    }
}

/// Who does the work.
pub(crate) enum Plan<'c> {
    /// A deployed module.
    Module(Work),
    /// A function that is not deployed here.
    Elsewhere(Elsewhere),
    /// A service.
    Service {
        service: &'c str,
        /// Without its pattern.
        action: &'c str,
    },
}

/// When the work of an attempt may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Beginning {
    /// At once: should the row that schedules it be lost, nobody will ever know.
    AtOnce,
    /// When that row is durable: what is outside is told the attempt's key.
    Scheduled,
    /// When it is durable that it begins: it must not begin again.
    Once,
}

impl Plan<'_> {
    /// When the work may begin.
    pub(crate) fn beginning(&self) -> Beginning {
        match self {
            Self::Module(work) if work.module.grants.are_pure() => Beginning::AtOnce,
            Self::Module(work) if !work.module.grants.repeat_attempts() => Beginning::Once,
            // Who is outside is told the attempt's key, or called at least once as on AWS.
            Self::Module(_) | Self::Service { .. } | Self::Elsewhere(_) => Beginning::Scheduled,
        }
    }
}

/// Finds out who does the work.
///
/// # Errors
/// The Task's failure, when there is nothing that could.
pub(crate) fn plan<'c>(
    identity: &Identity,
    command: &'c TaskCommand,
    modules: &dyn Modules,
) -> Result<Plan<'c>, Failure> {
    match &command.via {
        Via::Lambda => {
            let home = caller(identity, command.credentials.as_ref())?;
            let function = FunctionName::read(&command.resource, &home);
            let input = command.input.clone();
            Ok(match find(identity, command, modules, &function)? {
                Some((module, _)) => Plan::Module(Work {
                    module,
                    input,
                    answer: Answer::Plain,
                }),
                None => Plan::Elsewhere(Elsewhere {
                    is_at_home: function.place == self::home(identity),
                    function,
                    input,
                    is_wrapped: false,
                    is_ours: is_ours(&command.resource),
                }),
            })
        }
        Via::Service {
            resource_type,
            resource,
        } => {
            let action = resource.split('.').next().unwrap_or_default();
            match (&**resource_type, action) {
                ("lambda", "invoke") => invoke(identity, command, modules),
                (service, action) => Ok(Plan::Service { service, action }),
            }
        }
        // Activities are offered to workers, never carried out here.
        Via::Activity => Err(Failure::named(ErrorName::RUNTIME)),
    }
}

/// `arn:aws:states:::lambda:invoke`: the function and its payload are parameters.
fn invoke<'c>(
    identity: &Identity,
    command: &'c TaskCommand,
    modules: &dyn Modules,
) -> Result<Plan<'c>, Failure> {
    let parameters = command.input.value();
    let Some(written) = parameters.get("FunctionName").and_then(Value::as_str) else {
        return Err(Failure::new(
            ErrorName::RUNTIME,
            "The Parameters of lambda:invoke must have a string FunctionName.",
        ));
    };
    let caller = caller(identity, command.credentials.as_ref())?;
    let Called {
        function, input, ..
    } = invoked(written, parameters, &caller);
    Ok(match find(identity, command, modules, &function)? {
        Some((module, version)) => Plan::Module(Work {
            module,
            input,
            answer: Answer::Invocation {
                version,
                request_id: request_id(&idempotency_key(identity, command)),
                with_log: parameters.get("LogType").and_then(Value::as_str) == Some("Tail"),
            },
        }),
        None => Plan::Elsewhere(Elsewhere {
            is_at_home: function.place == home(identity),
            function,
            input,
            is_wrapped: true,
            is_ours: is_ours(written),
        }),
    })
}

/// A call of a function, as a Task words it.
pub(crate) struct Called {
    pub(crate) function: FunctionName,
    /// What the function is given.
    pub(crate) input: Payload,
    /// Whether the Task's result has the answer in an envelope.
    pub(crate) in_envelope: bool,
}

/// The function that a Task calls, by its Resource and what it was scheduled with; none when
/// it calls something else. `place` is where it is called from, see [`caller`].
pub(crate) fn called(via: &Via, resource: &str, input: &Payload, place: &Place) -> Option<Called> {
    match via {
        Via::Lambda => Some(Called {
            function: FunctionName::read(resource, place),
            input: input.clone(),
            in_envelope: false,
        }),
        Via::Service {
            resource_type,
            resource,
        } if &**resource_type == "lambda" && resource.split('.').next() == Some("invoke") => {
            let parameters = input.value();
            let written = parameters.get("FunctionName")?.as_str()?;
            Some(invoked(written, parameters, place))
        }
        Via::Service { .. } | Via::Activity => None,
    }
}

/// What the parameters of `lambda:invoke` call.
fn invoked(written: &str, parameters: &Value, place: &Place) -> Called {
    let mut function = FunctionName::read(written, place);
    if let Some(qualifier) = parameters.get("Qualifier").and_then(Value::as_str) {
        function.qualifier = Some(qualifier.to_owned());
    }
    // As recorded, a function that is given nothing, or null, sees an empty object.
    let payload = parameters
        .get("Payload")
        .filter(|payload| !payload.is_null());
    Called {
        function,
        input: Payload::from_value(payload.cloned().unwrap_or_else(|| json!({}))),
        in_envelope: true,
    }
}

/// Whether a function is named as only this runtime names one.
fn is_ours(written: &str) -> bool {
    written.starts_with("wasm:")
}

/// Where an execution is at home: what a name alone means there.
pub(crate) fn home(identity: &Identity) -> Place {
    let account_id = identity.execution_arn.as_str().split(':').nth(4);
    Place {
        region: identity.region.to_string(),
        account_id: account_id.unwrap_or_default().to_owned(),
    }
}

/// Where a Task's call is made from: the account of the role in its Credentials, or home.
///
/// # Errors
/// The Task's failure, when the role is none.
pub(crate) fn caller(identity: &Identity, credentials: Option<&Payload>) -> Result<Place, Failure> {
    let mut place = home(identity);
    let Some(credentials) = credentials else {
        return Ok(place);
    };
    let role = credentials.value().get("RoleArn").unwrap_or(&Value::Null);
    let account = role.as_str().and_then(account_of_role);
    place.account_id = account
        .ok_or_else(|| {
            let cause = format!("Credentials.RoleArn is not the ARN of an IAM role: {role}");
            Failure::new(ErrorName::RUNTIME, cause)
        })?
        .to_owned();
    Ok(place)
}

/// The account in `arn:aws:iam::ACCOUNT:role/NAME`.
fn account_of_role(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, role] = parts[..] else {
        return None;
    };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && role.starts_with("role/")).then_some(account)
}

/// The module of a function, if it is deployed here. One of another account or region is looked
/// for at home too: a definition written for an account of AWS runs here as it is. A Task that
/// takes on a role says that it means the role's account.
fn find(
    identity: &Identity,
    command: &TaskCommand,
    modules: &dyn Modules,
    function: &FunctionName,
) -> Result<Option<(Module, String)>, Failure> {
    let key = idempotency_key(identity, command);
    let (home, draw) = (home(identity), draw(&key));
    let found = match modules.find(function, draw) {
        Err(NotDeployed::Unknown) if function.place != home && command.credentials.is_none() => {
            let place = home;
            modules.find(
                &FunctionName {
                    place,
                    ..function.clone()
                },
                draw,
            )
        }
        found => found,
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(NotDeployed::Unknown) => Ok(None),
        Err(NotDeployed::Unreadable(why)) => Err(Failure::new("Lambda.ServiceException", why)),
    }
}

/// A number that is the same whenever this attempt is repeated.
fn draw(idempotency_key: &str) -> u64 {
    let hash = Sha256::digest(idempotency_key);
    u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
}

/// The answer of a module that was run here, in the envelope of an invocation. The headers are
/// what a function's answer has on AWS; their values are of this attempt.
fn invocation(
    output: &Payload,
    version: &str,
    id: &str,
    log: Option<String>,
    command: &TaskCommand,
) -> Payload {
    let length = output.text().len().to_string();
    let date = command.scheduled_at.to_string();
    let headers = [
        ("X-Amz-Executed-Version", version),
        ("x-amzn-Remapped-Content-Length", "0"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", id),
        ("Content-Length", &length),
        ("Date", &date),
        ("X-Amzn-Trace-Id", id),
        ("Content-Type", "application/json"),
    ];
    let log = log.map(|log| ("X-Amz-Log-Result".to_owned(), log));
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    envelope(&Invoked {
        status: 200,
        headers: log.into_iter().chain(headers).collect(),
        payload: output.clone(),
    })
}

/// `SdkHttpMetadata`, as answers of AWS's SDK have it.
pub(crate) fn http_metadata<'h>(
    headers: impl Iterator<Item = (&'h str, &'h str)>,
    status: u16,
) -> Value {
    let (mut all, mut flat) = (Map::new(), Map::new());
    for (name, value) in headers {
        if let Value::Array(values) = all.entry(name).or_insert_with(|| json!([])) {
            values.push(value.into());
        }
        flat.insert(name.to_owned(), value.into());
    }
    json!({ "AllHttpHeaders": all, "HttpHeaders": flat, "HttpStatusCode": status })
}

/// What `lambda:invoke` answers.
fn envelope(invoked: &Invoked) -> Payload {
    let mut answer = Map::new();
    let mut put = |name: &str, value: Value| answer.insert(name.to_owned(), value);
    if let Some(version) = invoked.header("x-amz-executed-version") {
        put("ExecutedVersion", version.into());
    }
    if let Some(log) = invoked.header("x-amz-log-result") {
        put("LogResult", log.into());
    }
    put("Payload", invoked.payload.value().clone());
    let headers = invoked.headers.iter();
    let headers = headers.map(|(name, value)| (&**name, &**value));
    put("SdkHttpMetadata", http_metadata(headers, invoked.status));
    let id = invoked.header("x-amzn-requestid").unwrap_or_default();
    put("SdkResponseMetadata", json!({ "RequestId": id }));
    put("StatusCode", invoked.status.into());
    Payload::from_value(Value::Object(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_of_an_account() {
        let account = account_of_role("arn:aws:iam::000000000000:role/path/name");
        assert_eq!(account, Some("000000000000"));
        for arn in [
            "arn:aws:iam::000000000000:user/name",
            "arn:aws:iam::12:role/name",
            "arn:aws:sts::000000000000:role/name",
            "role/name",
            "",
        ] {
            assert_eq!(account_of_role(arn), None, "{arn}");
        }
    }
}
