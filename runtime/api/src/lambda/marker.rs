//! Pages of Lambda's lists: how many, and where the next one begins.

use asl::Timestamp;

use super::refusal;
use crate::ApiError;
use crate::paging::Paging;
use crate::request::Text;

/// What a list answers at most, whatever is asked for. Source: AWS, the `MaxItems` parameter
/// of ListFunctions.
const PAGE_MAX: i64 = 50;

/// `Marker`, which the model does not bound; ours are below that.
pub(super) const MARKER_CHARS: Text = Text::of(1, 4_096);

/// Reads `MaxItems` and `Marker` of the list that `list` names.
///
/// # Errors
/// `InvalidParameterValueException`
pub(super) fn paging(
    list: String,
    max_items: Option<i64>,
    marker: Option<&str>,
    now: Timestamp,
) -> Result<Paging, ApiError> {
    let max = max_items.unwrap_or(PAGE_MAX).min(PAGE_MAX);
    Paging::read(list, Some(max), marker, now)
        .map_err(|_| refusal::invalid("Invalid Marker: it is of another list, or too old."))
}
