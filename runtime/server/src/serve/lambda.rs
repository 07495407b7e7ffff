//! Lambda's REST: from path, query and headers to an operation's parameters, and back.

use api::lambda::{LambdaAnswer, LambdaCall, ROUTES, Route};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, OriginalUri, Query, RawPathParams, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::{Map, Value};

use super::answer;
use super::router::Parts;
use crate::access::Principal;

/// Parameters of the query that are numbers.
const NUMBERS: [&str; 1] = ["MaxItems"];

/// The routes of all operations.
pub(super) fn routes() -> Router<Parts> {
    ROUTES.iter().fold(Router::new(), |router, route| {
        let handler = async |State(parts): State<Parts>,
                             Extension(principal): Extension<Principal>,
                             path: RawPathParams,
                             Query(query): Query<Vec<(String, String)>>,
                             head: HeaderMap,
                             body: Bytes| {
            let said = path
                .iter()
                .map(|(name, text)| (name.to_owned(), text.to_owned()));
            let call = LambdaCall {
                parameters: parameters(route, said.chain(query), &head),
                body,
            };
            let caller = parts.caller(&principal);
            let told = parts.lambda.call(route.operation, &caller, call).await;
            answered(told, &parts.api.request_id())
        };
        router.route(route.path, on(method(route.method), handler))
    })
}

/// A request that is no operation.
pub(super) async fn unknown(
    State(parts): State<Parts>,
    method: Method,
    OriginalUri(uri): OriginalUri,
) -> Response {
    let request = format!("{method} {}", uri.path());
    answered(parts.lambda.unknown(&request), &parts.api.request_id())
}

fn method(name: &str) -> MethodFilter {
    match name {
        "GET" => MethodFilter::GET,
        "PUT" => MethodFilter::PUT,
        "DELETE" => MethodFilter::DELETE,
        _ => MethodFilter::POST,
    }
}

fn parameters(
    route: &Route,
    said: impl Iterator<Item = (String, String)>,
    head: &HeaderMap,
) -> Map<String, Value> {
    let headers = route.headers.iter().filter_map(|(header, name)| {
        let text = head.get(*header)?.to_str().ok()?;
        Some(((*name).to_owned(), text.to_owned()))
    });
    let all = said.chain(headers);
    all.map(|(name, text)| {
        let number = NUMBERS.contains(&&*name).then(|| text.parse::<i64>().ok());
        let value = number.flatten().map_or(Value::String(text), Value::from);
        (name, value)
    })
    .collect()
}

fn answered(told: LambdaAnswer, request_id: &str) -> Response {
    let mut response = (answer::status(told.status), Body::from(told.body)).into_response();
    let head = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    head.insert(header::CONTENT_TYPE, json);
    let mut error = None;
    for (name, text) in told.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let Some((name, value)) = name.ok().zip(HeaderValue::from_str(&text).ok()) {
            if name == "x-amzn-errortype" {
                error = Some(text);
            }
            head.insert(name, value);
        }
    }
    answer::finish(response, error, request_id)
}
