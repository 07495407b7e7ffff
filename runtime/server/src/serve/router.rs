//! Routes: Step Functions' JSON protocol at `/`, Lambda's REST, and what is for operators.

use std::sync::Arc;

use api::lambda::Lambda;
use api::{Api, ApiError, Caller};
use asl::arn::Place;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::middleware;
use axum::response::Response;
use axum::routing::post;
use axum::{Router, extract::DefaultBodyLimit};

use super::guard::{Guard, guard};
use super::operation::TARGET;
use super::operators::Operators;
use super::{answer, lambda};
use crate::access::Principal;

/// The longest header that names a trace. Source: AWS, `TraceHeader`.
const TRACE_HEADER_BYTES_MAX: usize = 256;

/// What routes work with.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) api: Arc<Api>,
    pub(super) lambda: Arc<Lambda>,
    home: Arc<Place>,
    /// Without keys an access key id may name an account.
    is_open: bool,
}

impl Parts {
    /// Who calls, as ARNs name them.
    pub(super) fn caller(&self, principal: &Principal) -> Caller {
        let key_id = principal.key_id.as_deref().filter(|_| self.is_open);
        Caller::of_access_key(&self.home, key_id.unwrap_or_default(), None)
    }
}

/// All routes.
pub(super) fn router(guarded: Guard, lambda: Arc<Lambda>, operators: Operators) -> Router {
    let parts = Parts {
        lambda,
        api: Arc::clone(&guarded.api),
        home: Arc::clone(&guarded.home),
        is_open: guarded.gate.keys().is_none(),
    };
    Router::new()
        .route("/", post(call))
        .merge(lambda::routes())
        .fallback(lambda::unknown)
        // The guard has read the body, and bounded it.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(guarded, guard))
        .with_state(parts)
        .merge(operators.router())
}

/// One operation.
async fn call(
    State(parts): State<Parts>,
    Extension(principal): Extension<Principal>,
    head: HeaderMap,
    body: Bytes,
) -> Response {
    let id = parts.api.request_id();
    let target = head
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let Some(operation) = target.and_then(|target| target.strip_prefix(TARGET)) else {
        let error = ApiError::unknown_operation(target.unwrap_or_default());
        return answer::json(error.answer(), &id);
    };
    let mut caller = parts.caller(&principal);
    caller.trace_header = trace_header(&head);
    answer::json(parts.api.call(operation, &caller, &body).await, &id)
}

/// The trace that a request is part of, if its head says so.
fn trace_header(head: &HeaderMap) -> Option<String> {
    let named = ["x-amzn-trace-id", "traceparent"];
    let value = named
        .iter()
        .find_map(|name| head.get(*name))?
        .to_str()
        .ok()?;
    (value.len() <= TRACE_HEADER_BYTES_MAX).then(|| value.to_owned())
}
