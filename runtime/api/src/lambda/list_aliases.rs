//! ListAliases: by name; all of a function, or those that lead to a version.

use serde_json::json;

use super::marker::{self, MARKER_CHARS};
use super::shape::{MAX_ITEMS, VERSION};
use super::{Lambda, LambdaAnswer, alias, named};
use crate::request::Request;
use crate::{ApiError, Caller};

pub(super) async fn list_aliases(
    lambda: &Lambda,
    caller: &Caller,
    mut request: Request,
) -> Result<LambdaAnswer, ApiError> {
    let wanted = named::read(&mut request);
    let version = request.optional("FunctionVersion", &VERSION);
    let max = request.integer("MaxItems", &MAX_ITEMS);
    let marker = request.optional("Marker", &MARKER_CHARS);
    request.finish()?;
    let function = lambda.function(&wanted.whole("ListAliases", caller)?)?;
    let filter = version.as_deref().unwrap_or_default();
    let list = format!("{}:aliases:{filter}", function.arn);
    let paging = marker::paging(list, max, marker.as_deref(), lambda.now())?;
    let leads = |to: &str| version.as_deref().is_none_or(|version| version == to);
    let found = function.aliases.iter();
    let found = found.filter(|(_, alias)| leads(&alias.version));
    let told = |name: &String, found| (name.clone(), alias::told(&function, name, found));
    let (page, next) = paging.page(found.map(|(name, found)| told(name, found)));
    let mut answer = json!({ "Aliases": page });
    if let Some(next) = next {
        answer["NextMarker"] = next.into();
    }
    Ok(LambdaAnswer::json(200, &answer))
}
