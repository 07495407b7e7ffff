//! ListVersionsByFunction: `$LATEST`, then the versions, oldest first.

use serde_json::{Value, json};

use super::marker::{self, MARKER_CHARS};
use super::shape::MAX_ITEMS;
use super::{Lambda, LambdaAnswer, configuration, named};
use crate::registry::{Function, LATEST};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn list_versions_by_function(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let max = request.integer("MaxItems", &MAX_ITEMS);
    let marker = request.optional("Marker", &MARKER_CHARS);
    request.finish()?;
    let name = wanted.whole("ListVersionsByFunction", caller)?;
    let function = lambda.function(&name)?;
    let list = format!("{}:versions", function.arn);
    let paging = marker::paging(list, max, marker.as_deref(), lambda.now())?;
    let numbers = function.versions.keys();
    let versions = numbers.map(|number| {
        // As text, numbers of one length are in their order.
        (
            format!("{number:020}"),
            configuration::version(&function, *number),
        )
    });
    let first = std::iter::once((String::new(), latest(&function)));
    let (page, next) = paging.page(first.chain(versions));
    let mut answer = json!({ "Versions": page });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(LambdaAnswer::json(200, &answer))
}

/// `$LATEST` and all versions, each under its own ARN.
pub(super) fn versions(function: &Function) -> Vec<Value> {
    let numbers = function.versions.keys();
    let versions = numbers.map(|number| configuration::version(function, *number));
    std::iter::once(latest(function)).chain(versions).collect()
}

/// `$LATEST` under its ARN.
fn latest(function: &Function) -> Value {
    let arn = function.qualified(LATEST);
    configuration::told(function, &function.latest, arn, LATEST)
}
