//! Pass.

use super::fields::{Fields, Shape};
use crate::definition::{Pass, QueryLanguage};

pub(super) const SHAPE: Shape = Shape {
    required: &[],
    both: &["Assign"],
    jsonpath: &["Parameters", "Result", "ResultPath"],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// `Result` is taken as it stands.
pub(super) fn read(fields: &Fields<'_>) -> Pass {
    let result = fields.value("Result").cloned();
    Pass {
        result: result.filter(|_| fields.language == QueryLanguage::JsonPath),
    }
}
