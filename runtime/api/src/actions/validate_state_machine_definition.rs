//! ValidateStateMachineDefinition: every problem of a definition, creating nothing.

use asl::diagnostic::{Diagnostic, Severity};
use asl::validate::validate;
use serde_json::{Value, json};

use super::settings;
use crate::request::{DEFINITION, MACHINE_TYPE, Request, SEVERITY, VALIDATE_MAX_RESULT};
use crate::{Api, ApiError, Caller};

/// What `maxResults` 0 stands for.
const RESULTS_DEFAULT: usize = 100;

pub(crate) async fn validate_state_machine_definition(
    _api: &Api,
    _caller: &Caller,
    mut request: Request,
) -> Result<Value, ApiError> {
    let text = request.required("definition", &DEFINITION);
    let kind = settings::kind(request.optional("type", &MACHINE_TYPE).as_deref());
    let severity = request.optional("severity", &SEVERITY);
    let max = request.integer("maxResults", &VALIDATE_MAX_RESULT);
    request.finish()?;
    let parsed = validate(&text, settings::machine_type(kind));
    let failed = parsed.diagnostics.iter().any(Diagnostic::is_error);
    let warnings = severity.as_deref() == Some("WARNING");
    let wanted = |found: &&Diagnostic| warnings || found.severity == Severity::Error;
    let found: Vec<&Diagnostic> = parsed.diagnostics.iter().filter(wanted).collect();
    let max = max.and_then(|max| usize::try_from(max).ok());
    let max = max.filter(|max| *max > 0).unwrap_or(RESULTS_DEFAULT);
    let diagnostics: Vec<Value> = found.iter().take(max).map(|found| told(found)).collect();
    Ok(json!({
        "result": if failed { "FAIL" } else { "OK" },
        "diagnostics": diagnostics,
        "truncated": parsed.truncated || found.len() > max,
    }))
}

fn told(diagnostic: &Diagnostic) -> Value {
    let mut told = json!({
        "severity": diagnostic.severity,
        "code": diagnostic.code,
        "message": diagnostic.message,
    });
    if let Some(location) = &diagnostic.pointer {
        told["location"] = location.as_str().into();
    }
    told
}
