//! Over HTTP, to a server: Step Functions' JSON protocol, and Lambda's REST.

use std::time::Duration;

use anyhow::anyhow;
use api::lambda::ROUTES;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Request, header};
use serde_json::{Map, Value};

use super::{CallError, Reply};
use crate::outgoing::{Outgoing, SendError, Signer};

/// How long an answer may take: StartSyncExecution takes as long as its execution, five minutes
/// at most (source: AWS, quotas of Express), and Lambda's Invoke fifteen.
const PATIENCE: Duration = Duration::from_secs(16 * 60);

/// A server.
pub(super) struct Http {
    outgoing: Outgoing,
    /// Without a slash at its end.
    address: String,
    signer: Option<Signer>,
}

impl Http {
    pub(super) fn new(address: String, signer: Option<Signer>) -> anyhow::Result<Self> {
        Ok(Self {
            outgoing: Outgoing::new()?,
            address: address.trim_end_matches('/').to_owned(),
            signer,
        })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn call(&self, operation: &str, request: &Value) -> Result<Reply, CallError> {
        let wanted = Request::post(format!("{}/", self.address))
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
            .body(Bytes::from(request.to_string()));
        self.send(wanted, "states").await
    }

    pub(super) async fn lambda(
        &self,
        operation: &str,
        parameters: Map<String, Value>,
        payload: Bytes,
    ) -> Result<Reply, CallError> {
        let wanted = rest(&self.address, operation, parameters, payload);
        self.send(wanted, "lambda").await
    }

    async fn send(
        &self,
        wanted: Result<Request<Bytes>, axum::http::Error>,
        service: &str,
    ) -> Result<Reply, CallError> {
        let address = &self.address;
        let unsound = |error| CallError::Failed(anyhow!("{address} is no address: {error}"));
        let wanted = wanted.map_err(unsound)?;
        let signing = self.signer.as_ref().map(|signer| (signer, service));
        let answer = self.outgoing.send(wanted, signing, PATIENCE).await;
        let answer = answer.map_err(|error| self.unanswered(error))?;
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.into_owned())
        });
        Ok(Reply {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.body().clone(),
        })
    }

    fn unanswered(&self, error: SendError) -> CallError {
        let address = &self.address;
        match error {
            SendError::Unreachable(why) => CallError::Unreachable(format!(
                "no server answers at {address}: {why}\nhint: {}",
                hint(&why)
            )),
            SendError::Broken(why) => CallError::Unreachable(format!(
                "{address} did not answer: {why}\nhint: {}",
                hint(&why)
            )),
            other => CallError::Failed(anyhow::Error::new(other).context(address.clone())),
        }
    }
}

/// What to do when a server cannot be spoken to.
fn hint(why: &str) -> &'static str {
    if why.contains("certificate") {
        "a certificate that your system does not know is trusted when SSL_CERT_FILE names it"
    } else if why.contains("InvalidContentType") {
        "it does not speak TLS: say http:// instead of https://"
    } else if why.contains("HTTP version") {
        "perhaps it speaks TLS: say https:// instead of http://"
    } else {
        "start one with 'stepwell serve', name another with --endpoint URL, or open a data \
         directory with --data-dir DIR"
    }
}

/// A request of Lambda's REST: parameters go where its route has them, else into the query, or
/// into the body where there is one.
fn rest(
    address: &str,
    operation: &str,
    mut parameters: Map<String, Value>,
    payload: Bytes,
) -> Result<Request<Bytes>, axum::http::Error> {
    let route = ROUTES.iter().find(|route| route.operation == operation);
    let route = route.expect("only operations that have a route are called");
    let mut request = Request::builder().method(route.method);
    for (name, parameter) in route.headers {
        if let Some(value) = parameters.remove(*parameter) {
            let value = HeaderValue::from_str(&plain(&value))?;
            request = request.header(HeaderName::from_static(name), value);
        }
    }
    let mut url = address.to_owned();
    for part in route.path.split('/').skip(1) {
        url.push('/');
        match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => {
                let value = parameters.remove(name).unwrap_or_default();
                url.push_str(&escaped(&plain(&value)));
            }
            None => url.push_str(part),
        }
    }
    let has_fields = matches!(route.method, "POST" | "PUT") && operation != "Invoke";
    if !has_fields {
        for (place, (name, value)) in parameters.iter().enumerate() {
            let before = if place == 0 { '?' } else { '&' };
            url.push_str(&format!("{before}{name}={}", escaped(&plain(value))));
        }
    }
    let body = match has_fields {
        true => Value::Object(parameters).to_string().into(),
        false => payload,
    };
    request
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
}

/// A text without its quotes; all else as JSON.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// As a part of a path or query. Source: RFC 3986, 2.3: what is reserved is escaped.
fn escaped(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                told.push(char::from(byte));
            }
            other => told.push_str(&format!("%{other:02X}")),
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(operation: &str, parameters: Value, head: &str, body: &str) {
        let Value::Object(parameters) = parameters else {
            panic!("an object")
        };
        let made = rest("http://x", operation, parameters, Bytes::from("payload")).unwrap();
        assert_eq!(format!("{} {}", made.method(), made.uri()), head);
        assert_eq!(String::from_utf8_lossy(made.body()), body);
    }

    #[test]
    fn parameters_go_where_the_route_has_them() {
        let functions = "http://x/2015-03-31/functions";
        check(
            "GetFunctionConfiguration",
            json!({ "FunctionName": "a:1/b", "Qualifier": "live" }),
            &format!("GET {functions}/a%3A1%2Fb/configuration?Qualifier=live"),
            "payload",
        );
        check(
            "CreateFunction",
            json!({ "FunctionName": "a", "Timeout": 3 }),
            &format!("POST {functions}"),
            r#"{"FunctionName":"a","Timeout":3}"#,
        );
        check(
            "Invoke",
            json!({ "FunctionName": "a", "LogType": "Tail" }),
            &format!("POST {functions}/a/invocations"),
            "payload",
        );
    }
}
