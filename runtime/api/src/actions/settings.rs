//! What CreateStateMachine, UpdateStateMachine and their like have in common: how settings
//! are read, checked and worded.

use asl::diagnostic::invalid_definition;
use asl::interpreter::Kind;
use asl::validate::{MachineType, validate};
use engine::Definition;
use serde_json::{Map, Value, json};

use crate::protocol::seconds;
use crate::registry::{Encryption, Logging, Machine, Revision, Tags};
use crate::request::{
    ARN, ENCRYPTION_TYPE, KMS_KEY_ID, KMS_REUSE_SECONDS, LOG_LEVEL, Request, TAG_KEY, TAG_VALUE,
    UNBOUNDED,
};
use crate::{Api, ApiError};

/// Tags a resource may have. Source: AWS, quotas of Step Functions.
const TAGS_MAX: usize = 50;

/// `STANDARD` unless it says otherwise.
pub(super) fn kind(word: Option<&str>) -> Kind {
    match word {
        Some("EXPRESS") => Kind::Express,
        _ => Kind::Standard,
    }
}

/// AWS's word for a type.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Standard => "STANDARD",
        Kind::Express => "EXPRESS",
    }
}

/// The type as the validator has it.
pub(super) fn machine_type(kind: Kind) -> MachineType {
    match kind {
        Kind::Standard => MachineType::Standard,
        Kind::Express => MachineType::Express,
    }
}

/// Reads `loggingConfiguration`.
pub(super) fn logging(request: &mut Request) -> Option<Logging> {
    request.structure("loggingConfiguration", |fields| Logging {
        level: fields
            .optional("level", &LOG_LEVEL)
            .unwrap_or_else(|| "OFF".into()),
        include_execution_data: fields.boolean("includeExecutionData").unwrap_or_default(),
        destinations: fields.structures("destinations", &UNBOUNDED, |destination| {
            let group = destination.structure("cloudWatchLogsLogGroup", |group| {
                group.optional("logGroupArn", &ARN)
            });
            group.flatten().unwrap_or_default()
        }),
    })
}

/// Whoever logs says where to, once.
pub(super) fn checked_logging(logging: Option<Logging>) -> Result<Option<Logging>, ApiError> {
    let refused = |why: &str| {
        let message = format!("Invalid Logging Configuration: {why}");
        Err(ApiError::new("InvalidLoggingConfiguration", message))
    };
    if let Some(logging) = &logging {
        let destinations = logging.destinations.as_deref().unwrap_or_default();
        if destinations.len() > 1 || (destinations.is_empty() && logging.level != "OFF") {
            return refused("Must specify exactly one Log Destination.");
        }
        for arn in destinations {
            if !(arn.starts_with("arn:") && arn.contains(":logs:") && arn.contains(":log-group:")) {
                return refused("Log Destination must be the ARN of a log group.");
            }
            if !arn.ends_with(":*") {
                return refused("Log Group ARN must be provided with '*' qualifier.");
            }
        }
    }
    Ok(logging)
}

/// Reads `tracingConfiguration`.
pub(super) fn tracing(request: &mut Request) -> Option<bool> {
    request.structure("tracingConfiguration", |fields| {
        fields.boolean("enabled").unwrap_or_default()
    })
}

/// Reads `encryptionConfiguration`.
pub(super) fn encryption(request: &mut Request) -> Option<Encryption> {
    request.structure("encryptionConfiguration", |fields| Encryption {
        key_id: fields.optional("kmsKeyId", &KMS_KEY_ID),
        reuse_seconds: fields.integer("kmsDataKeyReusePeriodSeconds", &KMS_REUSE_SECONDS),
        kind: fields.required("type", &ENCRYPTION_TYPE),
    })
}

/// Tags as a request has them.
#[derive(Debug, Default)]
pub(super) struct Tagged(Vec<(String, String)>);

/// Reads `tags`.
pub(super) fn tags(request: &mut Request) -> Option<Tagged> {
    let tags = request.structures("tags", &UNBOUNDED, |tag| {
        let key = tag.required("key", &TAG_KEY);
        (key, tag.optional("value", &TAG_VALUE).unwrap_or_default())
    });
    tags.map(Tagged)
}

impl Tagged {
    /// What a resource's tags become.
    ///
    /// # Errors
    /// `ValidationException`, `TooManyTags`.
    pub(super) fn merged_into(&self, standing: &Tags) -> Result<Tags, ApiError> {
        let mut tags = standing.clone();
        for (key, value) in &self.0 {
            if key.to_ascii_lowercase().starts_with("aws:") {
                let message = "System tags (aws:) cannot be added or changed by a caller";
                return Err(ApiError::validation(message));
            }
            if let Some(wrong) = [key, value].into_iter().find(|text| !is_tag_text(text)) {
                return Err(ApiError::validation(format!("Invalid tag text: '{wrong}'")));
            }
            tags.insert(key.clone(), value.clone());
        }
        match tags.len() > TAGS_MAX {
            true => Err(ApiError::new("TooManyTags", "Too many tags")),
            false => Ok(tags),
        }
    }
}

fn is_tag_text(text: &str) -> bool {
    let is_sound = |char: char| char.is_alphanumeric() || " _.:/=+-@".contains(char);
    text.chars().all(is_sound)
}

/// A role's ARN: `arn:aws:iam::123456789012:role/path/name`. Whether there is such a role is
/// not asked.
pub(super) fn check_role(arn: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_role = match parts.as_slice() {
        ["arn", partition, "iam", "", account, role] => {
            let is_account =
                account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let name = role.strip_prefix("role/").unwrap_or_default();
            is_account && !partition.is_empty() && !name.is_empty()
        }
        _ => false,
    };
    match is_role {
        true => Ok(()),
        false => Err(ApiError::new(
            "InvalidArn",
            format!("Invalid Role Arn: '{arn}'"),
        )),
    }
}

/// A key is named when it is one's own, and only then.
pub(super) fn checked_encryption(
    encryption: Option<Encryption>,
) -> Result<Option<Encryption>, ApiError> {
    let Some(found) = &encryption else {
        return Ok(None);
    };
    let is_own = found.kind == "CUSTOMER_MANAGED_KMS_KEY";
    let why = match (
        is_own,
        found.key_id.is_some(),
        found.reuse_seconds.is_some(),
    ) {
        (true, false, _) => "kmsKeyId must be given for the type CUSTOMER_MANAGED_KMS_KEY",
        (false, true, _) | (false, _, true) => {
            "kmsKeyId and kmsDataKeyReusePeriodSeconds must not be given for the type AWS_OWNED_KEY"
        }
        _ => return Ok(encryption),
    };
    let message = format!("Invalid Encryption Configuration: {why}");
    Err(ApiError::new("InvalidEncryptionConfiguration", message))
}

/// A version's description needs a version.
pub(super) fn check_description(publish: bool, description: Option<&str>) -> Result<(), ApiError> {
    match description {
        Some(_) if !publish => Err(ApiError::validation(
            "Version description can only be set when publish is true",
        )),
        _ => Ok(()),
    }
}

/// Judges a definition, and keeps it.
pub(super) async fn definition(api: &Api, text: &str, kind: Kind) -> Result<Definition, ApiError> {
    let parsed = validate(text, machine_type(kind));
    if parsed
        .diagnostics
        .iter()
        .any(asl::diagnostic::Diagnostic::is_error)
    {
        let message = invalid_definition(&parsed.diagnostics);
        return Err(ApiError::new("InvalidDefinition", message));
    }
    let definition = Definition::parse(text).map_err(|diagnostics| {
        ApiError::new("InvalidDefinition", invalid_definition(&diagnostics))
    })?;
    api.registry.keep(&definition).await?;
    Ok(definition)
}

/// What DescribeStateMachine and DescribeStateMachineForExecution say of a revision.
pub(super) fn described(
    machine: &Machine,
    revision: &Revision,
    definition: &Definition,
    all: bool,
) -> Map<String, Value> {
    let settings = &revision.settings;
    let mut answer = Map::new();
    let mut put = |field: &str, value: Value| answer.insert(field.into(), value);
    put("name", machine.name.as_str().into());
    put("roleArn", settings.role_arn.as_str().into());
    put("loggingConfiguration", settings.logging.to_aws());
    put(
        "tracingConfiguration",
        json!({ "enabled": settings.tracing }),
    );
    put("encryptionConfiguration", settings.encryption.to_aws());
    if let Some(id) = &revision.id {
        put("revisionId", id.as_str().into());
    }
    // What METADATA_ONLY gives, by the API reference.
    let text = if all { &*definition.text } else { "{}" };
    put("definition", text.into());
    let references = asl::validate::variable_references(&definition.machine);
    if all && !references.is_empty() {
        put("variableReferences", json!(references));
    }
    answer
}

/// A list's element for a state machine.
pub(super) fn listed(machine: &Machine) -> Value {
    json!({
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": kind_word(machine.kind),
        "creationDate": seconds(machine.created_at),
    })
}
