//! A function's settings: read from requests, merged into what stands.

use std::collections::BTreeMap;

use host::Grants;
use serde_json::{Map, Value, json};

use super::sandbox::{self, Sandbox};
use super::shape::{
    DESCRIPTION, HANDLER, MEMORY_SIZE, ROLE, RUNTIME, TIMEOUT, VARIABLE_NAME, VARIABLE_VALUE,
};
use super::{Lambda, refusal};
use crate::ApiError;
use crate::registry::{FunctionSettings, FurtherLimits};
use crate::request::Request;

/// All variables together, in bytes. Source: AWS, quotas of Lambda.
const ENVIRONMENT_BYTES_MAX: usize = 4_096;

/// Variables that Lambda sets itself. Source: AWS, "Defined runtime environment variables".
const RESERVED: [&str; 18] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Settings that a sandbox has no use for, and that change nothing of what a function does:
/// kept, and told as they were given; and what they are when nothing is.
const TOLD: [&str; 5] = [
    "Architectures",
    "EphemeralStorage",
    "LoggingConfig",
    "SnapStart",
    "TracingConfig",
];

/// Settings that would change what a function does, and cannot be honoured.
const REFUSED: [&str; 13] = [
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DeadLetterConfig",
    "DurableConfig",
    "FileSystemConfigs",
    "ImageConfig",
    "KMSKeyArn",
    "Layers",
    "PublishTo",
    "RuntimeConfig",
    "TenancyConfig",
    "VpcConfig",
];

/// The settings that a request gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    description: Option<String>,
    role: Option<String>,
    handler: Option<String>,
    runtime: Option<String>,
    memory_mebibytes: Option<u64>,
    timeout_seconds: Option<u64>,
    fuel_max: Option<u64>,
    environment: Option<BTreeMap<String, String>>,
    sandbox: Sandbox,
    told: Map<String, Value>,
    refused: Option<&'static str>,
}

/// Reads the settings that CreateFunction and UpdateFunctionConfiguration share.
pub(super) fn read(request: &mut Request) -> Given {
    let whole = |number: Option<i64>| number.and_then(|number| u64::try_from(number).ok());
    let ours = sandbox::read(request);
    let memory = request.integer("MemorySize", &MEMORY_SIZE);
    let mut given = Given {
        description: request.optional("Description", &DESCRIPTION),
        role: request.optional("Role", &ROLE),
        handler: request.optional("Handler", &HANDLER),
        runtime: request.optional("Runtime", &RUNTIME),
        memory_mebibytes: whole(ours.memory_mebibytes.or(memory)),
        timeout_seconds: whole(request.integer("Timeout", &TIMEOUT)),
        fuel_max: whole(ours.fuel_max),
        environment: environment(request),
        sandbox: ours,
        ..Given::default()
    };
    for name in TOLD {
        if let Some(value) = request.given(name) {
            given.told.insert(name.to_owned(), value);
        }
    }
    for name in REFUSED {
        if request
            .given(name)
            .is_some_and(|value| means_something(&value))
        {
            given.refused.get_or_insert(name);
        }
    }
    given
}

fn environment(request: &mut Request) -> Option<BTreeMap<String, String>> {
    request.structure("Environment", |environment| {
        environment
            .map("Variables", &VARIABLE_NAME, &VARIABLE_VALUE)
            .unwrap_or_default()
    })
}

/// Whether a setting asks for anything: tools send those that they leave alone as empty.
fn means_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => elements.iter().any(means_something),
        Value::Object(fields) => fields.values().any(means_something),
        Value::Bool(set) => *set,
        Value::Number(_) => true,
    }
}

impl Given {
    /// Says that a role must be given.
    pub(super) fn require_role(&self, request: &mut Request) {
        if self.role.is_none() {
            request.missing("Role");
        }
    }

    /// Refuses what cannot be honoured.
    ///
    /// # Errors
    /// `InvalidParameterValueException`.
    pub(super) fn check(&self, lambda: &Lambda) -> Result<(), ApiError> {
        if let Some(name) = self.refused {
            return Err(refusal::invalid(format!(
                "{name} is not supported: functions run here as WebAssembly, in a sandbox that \
                 has nothing of the kind."
            )));
        }
        if let Some(why) = &self.sandbox.wrong {
            return Err(refusal::invalid(format!("Stepwell.Grants: {why}")));
        }
        let grants = self.sandbox.grants.iter();
        for directory in grants.flat_map(|grants| &grants.directories) {
            if !lambda.may_grant(directory) {
                return Err(refusal::invalid(format!(
                    "Stepwell.Grants: the directory {} is not among those that this server lets \
                     be granted; name one that it lies in with stepwell serve --grantable-dir.",
                    directory.host.display()
                )));
            }
        }
        let variables = self.environment.iter().flatten();
        let reserved: Vec<&str> = variables
            .filter_map(|(name, _)| RESERVED.contains(&&**name).then_some(&**name))
            .collect();
        if !reserved.is_empty() {
            return Err(refusal::invalid(format!(
                "Lambda was unable to configure your environment variables because the \
                 environment variables you have provided contains reserved keys that are \
                 currently not supported for modification. Reserved keys used in this request: {}",
                reserved.join(", ")
            )));
        }
        let text = json!(self.environment).to_string();
        match self.environment.is_some() && text.len() > ENVIRONMENT_BYTES_MAX {
            true => Err(refusal::invalid(
                "Lambda was unable to configure your environment variables because the \
                 environment variables you have provided exceeded the 4KB limit.",
            )),
            false => Ok(()),
        }
    }

    /// A new function's settings: what is given, else as AWS has it.
    pub(super) fn settings(self) -> FunctionSettings {
        let standing = FunctionSettings {
            description: String::new(),
            role: String::new(),
            handler: None,
            runtime: None,
            memory_mebibytes: 128,
            timeout_seconds: 3,
            fuel_max: None,
            environment: BTreeMap::new(),
            further_limits: FurtherLimits::default(),
            grants: Grants::default(),
            source: String::new(),
            told: Map::new(),
        };
        self.merged_into(&standing)
    }

    /// What a function's settings become: what is not given stays.
    pub(super) fn merged_into(self, standing: &FunctionSettings) -> FunctionSettings {
        let old = standing.clone();
        let mut told = old.told;
        told.extend(self.told);
        FunctionSettings {
            description: self.description.unwrap_or(old.description),
            role: self.role.unwrap_or(old.role),
            handler: self.handler.or(old.handler),
            runtime: self.runtime.or(old.runtime),
            memory_mebibytes: self.memory_mebibytes.unwrap_or(old.memory_mebibytes),
            timeout_seconds: self.timeout_seconds.unwrap_or(old.timeout_seconds),
            fuel_max: self.fuel_max.or(old.fuel_max),
            environment: self.environment.unwrap_or(old.environment),
            further_limits: self.sandbox.limits_over(old.further_limits),
            grants: self.sandbox.grants_over(&old.grants),
            source: self.sandbox.source.unwrap_or(old.source),
            told,
        }
    }
}
