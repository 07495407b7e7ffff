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

fn received<T: ToString>(words: &str, all: impl Iterator<Item = T>) -> ApiError {
    let all: Vec<String> = all.map(|one| one.to_string()).collect();
    invalid(format!("{words}. Received: [{}]", all.join(", ")))
}

/// The state machine that all routes lead to: to different versions, with weights that add up.
///
/// # Errors
/// `InvalidArn`, `ValidationException`.
pub(super) fn machine(wanted: &[Wanted]) -> Result<String, ApiError> {
    let arns = || wanted.iter().map(|route| &*route.version_arn);
    let is_twice = |arn: &str| arns().filter(|other| *other == arn).count() > 1;
    if arns().any(is_twice) {
        let words = "Routing configuration must contain distinct state machine version ARNs";
        return Err(received(words, arns()));
    }
    let weights = || wanted.iter().map(|route| route.weight);
    if weights().sum::<i64>() != 100 {
        let words = "Sum of routing configuration weights must equal 100";
        return Err(received(words, weights()));
    }
    let mut machine: Option<String> = None;
    for route in wanted {
        let arn = MachineArn::read(&route.version_arn)?;
        if arn.version().is_none() {
            let words = "Routing configuration must contain state machine version ARNs";
            return Err(received(words, arns()));
        }
        if machine
            .as_deref()
            .is_some_and(|machine| machine != arn.machine)
        {
            return Err(of_another_machine());
        }
        machine = Some(arn.machine.to_owned());
    }
    machine.ok_or_else(|| invalid("Routing configuration must not be empty"))
}

/// The refusal of routes that do not all lead to versions of the alias's machine.
pub(super) fn of_another_machine() -> ApiError {
    invalid("Routing configuration must contain versions of one state machine")
}

/// The routes, if the machine has the versions.
///
/// # Errors
/// `ResourceNotFound`.
pub(super) fn checked(wanted: &[Wanted], machine: &Machine) -> Result<Vec<Route>, ApiError> {
    let version = |route: &Wanted| {
        let version = MachineArn::read(&route.version_arn)?.version();
        let version = version.filter(|number| machine.versions.contains_key(number));
        version.ok_or_else(ApiError::no_such_resource)
    };
    let route = |route: &Wanted| {
        Ok(Route {
            version: version(route)?,
            weight: u8::try_from(route.weight).unwrap_or(100),
        })
    };
    wanted.iter().map(route).collect()
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
