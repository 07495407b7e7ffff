//! An answer as a response: AWS's protocols in HTTP.
//!
//! Source: AWS, "AWS JSON 1.0 protocol": an error's name is in the body's `__type`; "AWS
//! restJson1 protocol": it is in a header.

use api::{Answer, ApiError};
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What the audit wants to know of an answer; rides on the response.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// The exception's name, if it is one.
    pub(super) error: Option<String>,
}

/// An answer of the JSON protocol.
pub(super) fn json(answer: Answer, request_id: &str) -> Response {
    let error = answer.body["__type"].as_str().map(str::to_owned);
    let mut response = (status(answer.status), Body::from(answer.body.to_string())).into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    finish(response, error, request_id)
}

/// A response with what all have: the request's id, and what the audit wants to know.
pub(super) fn finish(mut response: Response, error: Option<String>, request_id: &str) -> Response {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response.extensions_mut().insert(Told { error });
    response
}

/// A refusal before any operation, in the protocol of this service.
pub(super) fn refusal(error: &ApiError, service: &str, request_id: &str) -> Response {
    if service == "states" {
        return json(error.answer(), request_id);
    }
    // The services that speak REST answer what concerns signatures with 403.
    let status = match error.status() {
        400 => StatusCode::FORBIDDEN,
        other => self::status(other),
    };
    let mut response = json(error.answer(), request_id);
    *response.status_mut() = status;
    *response.body_mut() = Body::from(json!({ "message": error.message }).to_string());
    let head = response.headers_mut();
    head.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    head.insert("x-amzn-errortype", HeaderValue::from_static(error.name));
    response
}

/// The id that a response bears.
pub(super) fn request_id(response: &Response) -> Option<&str> {
    response.headers().get(REQUEST_ID)?.to_str().ok()
}

/// A status by its number.
pub(super) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
