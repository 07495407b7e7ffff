//! Pass: hands its input on, or a fixed result.

use serde_json::Value;

/// What is particular to a Pass state.
#[derive(Clone, Debug, Default)]
pub struct Pass {
    /// `Result` (JSONPath): taken as it stands, `.$` and all.
    pub result: Option<Value>,
}
