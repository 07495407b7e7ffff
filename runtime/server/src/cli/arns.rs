//! From names, as a person writes them, to ARNs.

use anyhow::bail;
use serde_json::{Value, json};

use super::endpoint::{CallError, Endpoint};
use super::output;

/// State machines that are looked through for an execution of which only the name is known.
/// Ours: each costs a request.
pub(super) const MACHINES_MAX: usize = 1_000;

/// The ARN of a state machine, a version or an alias: `NAME`, `NAME:VERSION`, `NAME:ALIAS`, or an
/// ARN as it is.
pub(super) fn machine(endpoint: &Endpoint, name: &str) -> String {
    match name.starts_with("arn:") {
        true => name.to_owned(),
        false => endpoint.place().state_machine(name).to_string(),
    }
}

/// The ARN of a state machine without a version or an alias, and that, if there is one.
pub(super) fn qualified(machine_arn: &str) -> (&str, Option<&str>) {
    match machine_arn.match_indices(':').nth(6) {
        Some((place, _)) => (&machine_arn[..place], Some(&machine_arn[place + 1..])),
        None => (machine_arn, None),
    }
}

/// Whether a qualifier is a version; else it is an alias.
pub(super) fn is_version(qualifier: &str) -> bool {
    qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// The ARN of an execution: of its ARN, of `MACHINE:NAME`, or of its name alone, which is looked
/// for in all state machines; of several the newest.
///
/// # Errors
/// There is none of that name.
pub(super) async fn execution(endpoint: &Endpoint, name: &str) -> anyhow::Result<String> {
    if name.starts_with("arn:") {
        return Ok(name.to_owned());
    }
    if let Some((machine, name)) = name.split_once(':') {
        return Ok(endpoint.place().execution(machine, name).to_string());
    }
    let machines = machines(endpoint).await?;
    let mut newest: Option<(f64, String)> = None;
    for machine in &machines {
        let arn = output::text(machine, "stateMachineArn");
        let arn = format!(
            "{}:{name}",
            arn.replacen(":stateMachine:", ":execution:", 1)
        );
        let wanted = json!({ "executionArn": arn, "includedData": "METADATA_ONLY" });
        match endpoint.call("DescribeExecution", wanted).await {
            Ok(found) => {
                let at = found["startDate"].as_f64().unwrap_or_default();
                if newest.as_ref().is_none_or(|(before, _)| at > *before) {
                    newest = Some((at, arn));
                }
            }
            Err(error) if error.is(&["ExecutionDoesNotExist", "InvalidArn"]) => {}
            Err(error) => bail!(error),
        }
    }
    match newest {
        Some((_, arn)) => Ok(arn),
        None => bail!(
            "no execution is named {name} ({} looked through); see: stepwell execution list, or \
             give MACHINE:NAME or an ARN",
            output::counted(machines.len(), "state machine")
        ),
    }
}

/// The Standard state machines: those whose executions are kept.
///
/// # Errors
/// [`CallError`].
pub(super) async fn machines(endpoint: &Endpoint) -> Result<Vec<Value>, CallError> {
    let listed = endpoint.list(
        "ListStateMachines",
        "stateMachines",
        json!({}),
        MACHINES_MAX,
    );
    let listed = listed.await?;
    if listed.has_more {
        output::say(format_args!(
            "note: only the first {MACHINES_MAX} state machines are looked through"
        ));
    }
    let mut machines = listed.elements;
    machines.retain(|machine| machine["type"] != "EXPRESS");
    Ok(machines)
}

/// `MACHINE:NAME`, the short form of an execution's ARN.
pub(super) fn short(execution_arn: &str) -> &str {
    let mut parts = execution_arn.splitn(7, ':');
    parts.nth(6).unwrap_or(execution_arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_taken_apart_and_shortened() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";
        assert_eq!(qualified(machine), (machine, None));
        let live = format!("{machine}:live");
        assert_eq!(qualified(&live), (machine, Some("live")));
        assert!(is_version("12"));
        assert!(!is_version("live-2"));
        let execution = "arn:aws:states:us-east-1:123456789012:execution:orders:one";
        assert_eq!(short(execution), "orders:one");
        assert_eq!(short("orders"), "orders");
    }
}
