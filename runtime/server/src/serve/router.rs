//! Routes: Step Functions' JSON protocol at `/`, and `/health`.
//!
//! Source: AWS, "AWS JSON 1.0 protocol": the operation is in `X-Amz-Target`, an error's name
//! in the body's `__type`.

use std::sync::Arc;

use api::{Answer, Api, ApiError, Caller};
use asl::arn::Place;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::credential;

/// The service's name in `X-Amz-Target`.
const TARGET: &str = "AWSStepFunctions.";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

#[derive(Clone)]
struct Parts {
    api: Arc<Api>,
    home: Arc<Place>,
}

/// All routes.
pub(super) fn router(api: Arc<Api>, home: Place) -> Router {
    let home = Arc::new(home);
    Router::new()
        .route("/", post(call))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(api::BODY_BYTES_MAX))
        .with_state(Parts { api, home })
}

async fn health() -> &'static str {
    "ok\n"
}

/// One operation.
async fn call(State(parts): State<Parts>, head: HeaderMap, body: Bytes) -> Response {
    let target = head
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let Some(operation) = target.and_then(|target| target.strip_prefix(TARGET)) else {
        let error = ApiError::unknown_operation(target.unwrap_or_default());
        return answer(error.answer(), &parts.api);
    };
    let key_id = credential::access_key_id(&head).unwrap_or_default();
    let caller = Caller::of_access_key(&parts.home, key_id, None);
    answer(parts.api.call(operation, &caller, &body).await, &parts.api)
}

fn answer(answer: Answer, api: &Api) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Body::from(answer.body.to_string())).into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    if let Ok(id) = HeaderValue::from_str(&api.request_id()) {
        head.insert("x-amzn-requestid", id);
    }
    response
}
