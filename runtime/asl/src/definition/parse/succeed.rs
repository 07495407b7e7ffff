//! Succeed.

use super::flow::Site;
use crate::definition::Succeed;

/// Nothing of its own to read: the flow ends in it.
pub(super) fn read(site: &Site<'_>) -> Succeed {
    site.ends();
    Succeed
}
