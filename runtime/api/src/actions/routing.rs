//! Where an alias leads: how a routing configuration is read, checked and worded.

use serde_json::{Value, json};

use crate::ApiError;
use crate::arn::MachineArn;
use crate::registry::{Machine, Route};
use crate::request::{ARN, ROUTING, Request, VERSION_WEIGHT};

/// A route as a request has it.
pub(super) struct Wanted {
    version_arn: String,
    weight: i64,
}

/// Reads `routingConfiguration`.
pub(super) fn read(request: &mut Request) -> Option<Vec<Wanted>> {
    request.structures("routingConfiguration", &ROUTING, |route| {
        let version_arn = route.required("stateMachineVersionArn", &ARN);
        let weight = route.integer("weight", &VERSION_WEIGHT);
        if weight.is_none() {
            route.missing("weight");
        }
        Wanted {
            version_arn,
            weight: weight.unwrap_or_default(),
        }
    })
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError {
        reason: Some("INVALID_ROUTING_CONFIGURATION"),
        ..ApiError::validation(message)
    }
}

/// The state machine that all routes lead to.
///
/// # Errors
/// `InvalidArn`, `ValidationException`.
pub(super) fn machine(wanted: &[Wanted]) -> Result<String, ApiError> {
    let mut machine: Option<String> = None;
    for route in wanted {
        let arn = MachineArn::read(&route.version_arn)?;
        if arn.version().is_none() {
            let received: Vec<&str> = wanted.iter().map(|route| &*route.version_arn).collect();
            return Err(invalid(format!(
                "Routing configuration must contain state machine version ARNs. Received: [{}]",
                received.join(", ")
            )));
        }
        if machine
            .as_deref()
            .is_some_and(|machine| machine != arn.machine)
        {
            return Err(invalid(
                "Routing configuration must contain versions of one state machine",
            ));
        }
        machine = Some(arn.machine.to_owned());
    }
    machine.ok_or_else(|| invalid("Routing configuration must not be empty"))
}

/// The routes, if the machine has the versions and the weights add up.
///
/// # Errors
/// `ValidationException`, `ResourceNotFound`.
pub(super) fn checked(wanted: &[Wanted], machine: &Machine) -> Result<Vec<Route>, ApiError> {
    if wanted.iter().map(|route| route.weight).sum::<i64>() != 100 {
        return Err(invalid(
            "Sum of routing configuration weights must equal 100",
        ));
    }
    let mut routes: Vec<Route> = Vec::new();
    for route in wanted {
        let version = MachineArn::read(&route.version_arn)?.version();
        let version = version.filter(|number| machine.versions.contains_key(number));
        let version = version.ok_or_else(ApiError::no_such_resource)?;
        if routes.iter().any(|route| route.version == version) {
            return Err(invalid(
                "Routing configuration must contain distinct state machine versions",
            ));
        }
        let weight = u8::try_from(route.weight).unwrap_or(100);
        routes.push(Route { version, weight });
    }
    Ok(routes)
}

/// `routingConfiguration` of an answer.
pub(super) fn to_aws(machine: &Machine, routes: &[Route]) -> Value {
    let all = routes.iter().map(|route| {
        json!({
            "stateMachineVersionArn": machine.qualified(route.version),
            "weight": route.weight,
        })
    });
    all.collect()
}
