//! ListFunctions: by name; each `$LATEST` alone, or with all its versions.

use serde_json::{Value, json};

use super::marker::{self, MARKER_CHARS};
use super::shape::{ANY, FUNCTION_VERSION, MAX_ITEMS};
use super::{Lambda, LambdaAnswer, list_versions_by_function};
use crate::registry::Function;
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn list_functions(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let max = request.integer("MaxItems", &MAX_ITEMS);
    let marker = request.optional("Marker", &MARKER_CHARS);
    let all = request
        .optional("FunctionVersion", &FUNCTION_VERSION)
        .is_some();
    // Of functions at an edge, of which there are none.
    let _master_region = request.optional("MasterRegion", &ANY);
    request.finish()?;
    let prefix = caller.place.function("");
    let list = if all {
        format!("{prefix}ALL")
    } else {
        prefix.clone()
    };
    let paging = marker::paging(list, max, marker.as_deref(), lambda.now())?;
    let after = paging.after.as_deref();
    let mut found = lambda.functions.0.list(&prefix, after, paging.limit + 1)?;
    let next = paging.cut(&mut found, |function: &Function| function.arn.clone());
    let listed: Vec<Value> = match all {
        true => found
            .iter()
            .flat_map(list_versions_by_function::versions)
            .collect(),
        false => found.iter().map(super::configuration::latest).collect(),
    };
    let mut answer = json!({ "Functions": listed });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(LambdaAnswer::json(200, &answer))
}
