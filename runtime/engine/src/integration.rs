//! Who does the work of a Task: from its Resource to a deployed module, and from the
//! module's answer to the service's.
//!
//! Source: AWS, "Invoke Lambda functions with Step Functions"; the answer's shape is as
//! recorded.

use asl::history::Via;
use asl::interpreter::{Identity, TaskCommand};
use asl::{ErrorName, Failure, Payload};
use host::Module;
use serde_json::{Value, json};

use crate::attempt::idempotency_key;
use crate::task_module::{Modules, NotDeployed};

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
            let (name, qualifier) = function(&command.resource);
            let (module, _) = find(identity, command, modules, name, qualifier)?;
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
    let (name, qualifier) = function(written);
    let qualifier = parameters
        .get("Qualifier")
        .and_then(Value::as_str)
        .or(qualifier);
    let (module, version) = find(identity, command, modules, name, qualifier)?;
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

fn find(
    identity: &Identity,
    command: &TaskCommand,
    modules: &dyn Modules,
    name: &str,
    qualifier: Option<&str>,
) -> Result<(Module, String), Failure> {
    modules.find(name, qualifier).map_err(|error| match error {
        NotDeployed::Unknown => {
            let region = &identity.region;
            let account = identity
                .execution_arn
                .as_str()
                .split(':')
                .nth(4)
                .unwrap_or_default();
            let qualifier = qualifier.unwrap_or("$LATEST");
            Failure::new(
                ErrorName::RESOURCE_NOT_FOUND,
                format!(
                    "Function not found: arn:aws:lambda:{region}:{account}:function:{name}:\
                     {qualifier} (Service: AWSLambda; Status Code: 404; Error Code: \
                     ResourceNotFoundException; Request ID: {}; Proxy: null)",
                    idempotency_key(identity, command)
                ),
            )
        }
        NotDeployed::Unreadable(why) => Failure::new("Lambda.ServiceException", why),
    })
}

/// The name and qualifier in any form AWS takes: `NAME`, `NAME:Q`, `ACCOUNT:function:NAME`,
/// `arn:aws:lambda:…:function:NAME[:Q]`; and ours, `wasm:NAME[:Q]`.
pub fn function(written: &str) -> (&str, Option<&str>) {
    let tail = match written.rsplit_once(":function:") {
        Some((_, tail)) => tail,
        None => written.strip_prefix("wasm:").unwrap_or(written),
    };
    match tail.split_once(':') {
        Some((name, qualifier)) => (name, Some(qualifier)),
        None => (tail, None),
    }
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

#[cfg(test)]
mod tests {
    use super::function;

    #[test]
    fn functions_are_named_in_many_ways() {
        for (written, expected) in [
            ("wasm:charge", ("charge", None)),
            ("wasm:charge:7", ("charge", Some("7"))),
            ("charge", ("charge", None)),
            ("charge:live", ("charge", Some("live"))),
            (
                "arn:aws:lambda:us-east-1:000000000000:function:charge",
                ("charge", None),
            ),
            (
                "arn:aws:lambda:us-east-1:000000000000:function:charge:3",
                ("charge", Some("3")),
            ),
            ("000000000000:function:charge", ("charge", None)),
        ] {
            assert_eq!(function(written), expected, "{written}");
        }
    }
}
