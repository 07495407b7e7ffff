//! Where an alias leads: how it is read, checked and worded.

use serde_json::{Value, json};

use super::refusal;
use super::shape::{VERSION, WEIGHT};
use crate::ApiError;
use crate::registry::{Function, FunctionAlias, LATEST};
use crate::request::Request;

/// The other versions of an alias, as a request has them: each with how often it is taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Weights(Vec<(String, f64)>);

/// Reads `RoutingConfig`.
pub(super) fn weights(request: &mut Request) -> Option<Weights> {
    request.structure("RoutingConfig", |routing| {
        let weights = routing.numbers("AdditionalVersionWeights", &VERSION, &WEIGHT);
        Weights(weights.unwrap_or_default())
    })
}

impl Weights {
    /// The other version of an alias for `version`, if there is one.
    ///
    /// # Errors
    /// `InvalidParameterValueException`, `ResourceNotFoundException`.
    pub(super) fn checked(
        &self,
        version: &str,
        function: &Function,
    ) -> Result<Option<(u64, f64)>, ApiError> {
        let (other, weight) = match self.0.as_slice() {
            [] => return Ok(None),
            [(other, weight)] => (other, *weight),
            _ => {
                return Err(refusal::invalid(
                    "Number of items in AdditionalVersionWeights cannot be greater than 1",
                ));
            }
        };
        if version == LATEST || other == LATEST {
            return Err(refusal::invalid(
                "$LATEST is not supported for an alias pointing to more than 1 version",
            ));
        }
        if other == version {
            return Err(refusal::invalid(format!(
                "Invalid function version {version}. Function version {version} is already \
                 included in routing configuration."
            )));
        }
        check_version(other, function)?;
        let number = other.parse().map_err(|_| missing(other, function))?;
        Ok(Some((number, weight)))
    }
}

/// An alias leads to what there is.
///
/// # Errors
/// `ResourceNotFoundException`
pub(super) fn check_version(version: &str, function: &Function) -> Result<(), ApiError> {
    let is_there = version == LATEST
        || version
            .parse()
            .is_ok_and(|number| function.versions.contains_key(&number));
    match is_there {
        true => Ok(()),
        false => Err(missing(version, function)),
    }
}

fn missing(version: &str, function: &Function) -> ApiError {
    refusal::no_such_function(&function.qualified(version))
}

/// `AliasConfiguration`
pub(super) fn told(function: &Function, name: &str, alias: &FunctionAlias) -> Value {
    let mut answer = json!({
        "AliasArn": function.qualified(name),
        "Name": name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    });
    if let Some((other, weight)) = alias.other {
        let weights = json!({ other.to_string(): weight });
        answer["RoutingConfig"] = json!({ "AdditionalVersionWeights": weights });
    }
    answer
}
