//! Who does the work of a Task: from its Resource to a deployed module, and from the
//! module's answer to the service's.
//!
//! Source: AWS, "Invoke Lambda functions with Step Functions"; the answer's shape is as
//! recorded.

use asl::arn::Place;
use asl::history::Via;
use asl::interpreter::{Identity, TaskCommand};
use asl::{ErrorName, Failure, Payload};
use host::Module;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::attempt::idempotency_key;
use crate::function::{FunctionName, Modules, NotDeployed};

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
    },
}

impl Work {
    /// The Task's result.
    pub(crate) fn answer(&self, output: Payload, command: &TaskCommand) -> Payload {
        match &self.answer {
            Answer::Plain => output,
            Answer::Invocation {
                version,
                request_id,
            } => invocation(&output, version, request_id, command),
        }
    }
}

/// Who does the work.
pub(crate) enum Plan<'c> {
    /// A deployed module.
    Module(Work),
    /// A service.
    Service {
        service: &'c str,
        /// Without its pattern.
        action: &'c str,
    },
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
            let function = FunctionName::read(&command.resource, &home(identity));
            let (module, _) = find(identity, command, modules, function)?;
            Ok(Plan::Module(Work {
                module,
                input: command.input.clone(),
                answer: Answer::Plain,
            }))
        }
        Via::Service {
            resource_type,
            resource,
        } => {
            let action = resource.split('.').next().unwrap_or_default();
            match (&**resource_type, action) {
                ("lambda", "invoke") => invoke(identity, command, modules).map(Plan::Module),
                (service, action) => Ok(Plan::Service { service, action }),
            }
        }
        // Activities are offered to workers, never carried out here.
        Via::Activity => Err(Failure::named(ErrorName::RUNTIME)),
    }
}

/// `arn:aws:states:::lambda:invoke`: the function and its payload are parameters.
fn invoke(
    identity: &Identity,
    command: &TaskCommand,
    modules: &dyn Modules,
) -> Result<Work, Failure> {
    let parameters = command.input.value();
    let Some(written) = parameters.get("FunctionName").and_then(Value::as_str) else {
        return Err(Failure::new(
            ErrorName::RUNTIME,
            "The Parameters of lambda:invoke must have a string FunctionName.",
        ));
    };
    let mut function = FunctionName::read(written, &home(identity));
    if let Some(qualifier) = parameters.get("Qualifier").and_then(Value::as_str) {
        function.qualifier = Some(qualifier.to_owned());
    }
    let (module, version) = find(identity, command, modules, function)?;
    // As recorded, a function that is given nothing, or null, sees an empty object.
    let payload = parameters
        .get("Payload")
        .filter(|payload| !payload.is_null());
    let payload = payload.cloned().unwrap_or_else(|| json!({}));
    Ok(Work {
        module,
        input: Payload::from_value(payload),
        answer: Answer::Invocation {
            version,
            request_id: idempotency_key(identity, command),
        },
    })
}

/// Where an execution is at home: what a name alone means there.
fn home(identity: &Identity) -> Place {
    let account_id = identity.execution_arn.as_str().split(':').nth(4);
    Place {
        region: identity.region.to_string(),
        account_id: account_id.unwrap_or_default().to_owned(),
    }
}

/// The module of a function. One of another account or region that is not deployed there is
/// looked for at home too: a definition written for an account of AWS runs here as it is.
fn find(
    identity: &Identity,
    command: &TaskCommand,
    modules: &dyn Modules,
    function: FunctionName,
) -> Result<(Module, String), Failure> {
    let key = idempotency_key(identity, command);
    let (home, draw) = (home(identity), draw(&key));
    let found = match modules.find(&function, draw) {
        Err(NotDeployed::Unknown) if function.place != home => {
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
    found.map_err(|error| match error {
        NotDeployed::Unknown => {
            let qualifier = function.qualifier.as_deref().unwrap_or("$LATEST");
            Failure::new(
                ErrorName::RESOURCE_NOT_FOUND,
                format!(
                    "Function not found: {}:{qualifier} (Service: AWSLambda; Status Code: 404; \
                     Error Code: ResourceNotFoundException; Request ID: {key}; Proxy: null)",
                    function.arn()
                ),
            )
        }
        NotDeployed::Unreadable(why) => Failure::new("Lambda.ServiceException", why),
    })
}

/// A number that is the same whenever this attempt is repeated.
fn draw(idempotency_key: &str) -> u64 {
    let hash = Sha256::digest(idempotency_key);
    u64::from_be_bytes(hash[..8].try_into().expect("a hash has 32 bytes"))
}

/// The envelope of an invocation. The headers are what a function's answer has on AWS;
/// their values are of this attempt.
fn invocation(output: &Payload, version: &str, id: &str, command: &TaskCommand) -> Payload {
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
    let all: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!([value])))
        .collect();
    let flat: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    Payload::from_value(json!({
        "ExecutedVersion": version,
        "Payload": output.value(),
        "SdkHttpMetadata": {
            "AllHttpHeaders": all,
            "HttpHeaders": flat,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": { "RequestId": id },
        "StatusCode": 200,
    }))
}
