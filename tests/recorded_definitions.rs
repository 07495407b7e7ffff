//! Every definition that AWS took parses; every one that it refused is refused in its words.
//!
//! The recordings are no part of this repository: see `recordings`.

use std::path::Path;

use asl::diagnostic::invalid_definition;
use asl::validate::{MachineType, validate};
use serde_json::Value;

use crate::recordings;

/// The text of a definition as it was sent. A recording shows JSON as JSON; a single state is
/// tested in a machine of its own, where AWS calls it `StateName`.
fn sent(params: &Value) -> Option<String> {
    Some(match params.get("definition")? {
        Value::String(text) => text.clone(),
        state @ Value::Object(fields) if fields.contains_key("Type") => {
            let states = serde_json::json!({"StateName": state});
            serde_json::json!({"StartAt": "StateName", "States": states}).to_string()
        }
        other => other.to_string(),
    })
}

/// AWS's refusal of a definition, wherever the recording has it.
fn refusal(value: &Value) -> Option<String> {
    const HEAD: &str = "Invalid State Machine Definition: ";
    match value {
        Value::String(text) => text.find(HEAD).map(|at| text[at..].to_owned()),
        Value::Array(items) => items.iter().find_map(refusal),
        Value::Object(fields) => fields.values().find_map(refusal),
        _ => None,
    }
}

/// A state tested alone may lead to states that are not there.
fn only_dangles(text: &str) -> bool {
    let parsed = asl::definition::parse(text);
    parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .all(|diagnostic| diagnostic.code == "MISSING_TRANSITION_TARGET")
}

fn check(path: &Path, recording: &Value) -> Result<(), String> {
    for call in recording["calls"].as_array().into_iter().flatten() {
        let (op, params) = (call["op"].as_str().unwrap_or_default(), &call["params"]);
        let Some(text) = sent(params) else { continue };
        let kind = match params["type"].as_str() {
            Some("EXPRESS") => MachineType::Express,
            _ => MachineType::Standard,
        };
        let parsed = validate(&text, kind);
        if op == "ValidateStateMachineDefinition" {
            let expected = &recording["recorded"]["validation_response"]["diagnostics"];
            let found: Vec<Value> = parsed
                .diagnostics
                .iter()
                .map(|diagnostic| {
                    let mut told = serde_json::json!({
                        "code": diagnostic.code,
                        "message": diagnostic.message,
                        "severity": diagnostic.severity,
                    });
                    if let Some(pointer) = &diagnostic.pointer {
                        told["location"] = pointer.clone().into();
                    }
                    told
                })
                .collect();
            if *expected != Value::Array(found.clone()) {
                return Err(format!(
                    "{}\n  AWS: {expected}\n  we:  {found:?}",
                    path.display()
                ));
            }
            continue;
        }
        let refused = parsed.machine.is_none();
        let told = invalid_definition(&parsed.diagnostics);
        match refusal(&recording["recorded"]) {
            Some(expected) => {
                // The recording hides the partition.
                let expected = expected.replace("<partition>", "aws");
                if expected != told {
                    return Err(format!(
                        "{}\n  AWS: {expected}\n  we:  {told}",
                        path.display()
                    ));
                }
            }
            // One recording has a refusal in the words of an older service, which we leave.
            None if refused
                && recording["recorded"]
                    .to_string()
                    .contains("\"InvalidDefinition\"") => {}
            None if !refused || op == "TestState" && only_dangles(&text) => {}
            None => return Err(format!("{}\n  {told}", path.display())),
        }
    }
    Ok(())
}

#[test]
fn parse_or_are_refused_as_recorded() {
    let Some(folder) = recordings::folder("aws") else {
        return;
    };
    let paths = recordings::files(&folder);
    assert!(
        !paths.is_empty(),
        "{} holds no recordings",
        folder.display()
    );
    let wrong: Vec<String> = paths
        .iter()
        .filter_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            check(path, &serde_json::from_str(&text).unwrap()).err()
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        paths.len(),
        wrong.join("\n")
    );
}
