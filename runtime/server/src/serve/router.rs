//! Routes: Step Functions' JSON protocol at `/`, and `/health`.

use std::sync::Arc;

use api::{Api, ApiError, Caller};
use asl::arn::Place;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::middleware;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Router, extract::DefaultBodyLimit};

use super::answer;
use super::guard::{Guard, guard};
use super::operation::TARGET;
use crate::access::Principal;

#[derive(Clone)]
struct Parts {
    api: Arc<Api>,
    home: Arc<Place>,
    /// Without keys an access key id may name an account.
    is_open: bool,
}

/// All routes.
pub(super) fn router(guarded: Guard) -> Router {
    let parts = Parts {
        api: Arc::clone(&guarded.api),
        home: Arc::clone(&guarded.home),
        is_open: guarded.gate.keys().is_none(),
    };
    Router::new()
        .route("/", post(call))
        // The guard has read the body, and bounded it.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(guarded, guard))
        .with_state(parts)
        .route("/health", get(health))
}

async fn health() -> &'static str {
    "ok\n"
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
    let key_id = principal.key_id.as_deref().filter(|_| parts.is_open);
    let caller = Caller::of_access_key(&parts.home, key_id.unwrap_or_default(), None);
    answer::json(parts.api.call(operation, &caller, &body).await, &id)
}
