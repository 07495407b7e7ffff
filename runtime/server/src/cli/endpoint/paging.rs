//! Lists, page by page, up to a bound.

use serde_json::Value;

use super::{CallError, Endpoint};
use axum::body::Bytes;

/// The largest page that Step Functions gives. Source: AWS, `maxResults`.
const PAGE_MAX: usize = 1_000;

/// A list as far as it was asked for.
pub(in crate::cli) struct Listed {
    pub(in crate::cli) elements: Vec<Value>,
    /// Whether there are more.
    pub(in crate::cli) has_more: bool,
}

impl Endpoint {
    /// The first `limit` elements of a list of Step Functions.
    ///
    /// # Errors
    /// [`CallError`].
    pub(in crate::cli) async fn list(
        &self,
        operation: &str,
        field: &str,
        mut request: Value,
        limit: usize,
    ) -> Result<Listed, CallError> {
        let mut elements = Vec::new();
        loop {
            request["maxResults"] = (limit - elements.len()).clamp(1, PAGE_MAX).into();
            let mut page = self.call(operation, request.clone()).await?;
            if let Value::Array(found) = page[field].take() {
                elements.extend(found);
            }
            let next = page["nextToken"].take();
            let has_more = !next.is_null();
            if !has_more || elements.len() >= limit {
                elements.truncate(limit);
                return Ok(Listed { elements, has_more });
            }
            request["nextToken"] = next;
        }
    }

    /// The first `limit` elements of a list of Lambda's.
    ///
    /// # Errors
    /// [`CallError`].
    pub(in crate::cli) async fn list_of_lambda(
        &self,
        operation: &str,
        field: &str,
        mut parameters: Value,
        limit: usize,
    ) -> Result<Listed, CallError> {
        let mut elements = Vec::new();
        loop {
            let answered = self.lambda(operation, parameters.clone(), Bytes::new());
            let mut page = answered.await?.body;
            if let Value::Array(found) = page[field].take() {
                elements.extend(found);
            }
            let next = page["NextMarker"].take();
            let has_more = !next.is_null();
            if !has_more || elements.len() >= limit {
                let has_more = has_more || elements.len() > limit;
                elements.truncate(limit);
                return Ok(Listed { elements, has_more });
            }
            parameters["Marker"] = next;
        }
    }
}
