//! `FunctionConfiguration`: what most operations answer.

use asl::Timestamp;
use serde_json::{Value, json};

use super::sandbox;
use crate::registry::{Configuration, Function, LATEST};

/// `$LATEST` under the function's own ARN.
pub(super) fn latest(function: &Function) -> Value {
    told(function, &function.latest, function.arn.clone(), LATEST)
}

/// A version under its ARN.
pub(super) fn version(function: &Function, number: u64) -> Value {
    match function.versions.get(&number) {
        Some(version) => {
            let arn = function.qualified(number);
            told(function, version, arn, &number.to_string())
        }
        None => Value::Null,
    }
}

/// A version under the ARN that it was asked for by.
pub(super) fn told(
    function: &Function,
    version: &Configuration,
    arn: String,
    number: &str,
) -> Value {
    let (code, settings) = (&version.code, &version.settings);
    let mut answer = json!({
        "FunctionName": function.name,
        "FunctionArn": arn,
        "Role": settings.role,
        "CodeSize": code.package_bytes,
        "Description": version.version_description.as_ref().unwrap_or(&settings.description),
        "Timeout": settings.timeout_seconds,
        "MemorySize": settings.memory_mebibytes,
        "LastModified": last_modified(version.modified_at),
        "CodeSha256": code.package_sha256,
        "Version": number,
        "TracingConfig": { "Mode": "PassThrough" },
        "RevisionId": version.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": { "Size": 512 },
        "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
        "LoggingConfig": {
            "LogFormat": "Text",
            "LogGroup": format!("/aws/lambda/{}", function.name),
        },
        "Stepwell": {
            "Digest": code.digest.to_string(),
            "Kind": code.kind,
            "Imports": code.imports,
        },
    });
    sandbox::tell(&mut answer["Stepwell"], settings);
    for (name, value) in [
        ("Runtime", &settings.runtime),
        ("Handler", &settings.handler),
    ] {
        if let Some(value) = value {
            answer[name] = value.as_str().into();
        }
    }
    if !settings.environment.is_empty() {
        answer["Environment"] = json!({ "Variables": settings.environment });
    }
    for (name, value) in &settings.told {
        tell(&mut answer[name], value);
    }
    answer
}

/// What was given, over what is there when nothing is.
fn tell(standing: &mut Value, given: &Value) {
    match (standing, given) {
        (Value::Object(standing), Value::Object(given)) => {
            standing.extend(given.clone());
        }
        (standing, given) => *standing = given.clone(),
    }
}

/// A moment in Lambda's form: `2024-03-27T09:14:35.123+0000`.
fn last_modified(at: Timestamp) -> String {
    at.to_string().replace('Z', "+0000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_worded_as_lambda_has_them() {
        let at = Timestamp::parse("2024-03-27T09:14:35.123Z").unwrap();
        assert_eq!(last_modified(at), "2024-03-27T09:14:35.123+0000");
    }
}
