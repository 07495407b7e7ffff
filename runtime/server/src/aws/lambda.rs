//! Functions that are not deployed here, invoked where the environment says that Lambda is.
//!
//! Source: AWS, Lambda API reference, "Invoke"; Step Functions developer guide, "Handling
//! errors in Step Functions workflows"; the words of a failed call are as recorded.

use std::time::Duration;

use asl::{Failure, Payload, limits};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, Request, Response};
use engine::{Invocation, Invoked};
use serde_json::Value;

use super::{Aws, CallError, Service, error_message, error_name};

pub(super) const LAMBDA: Service = Service {
    variables: &["LAMBDA"],
    signing_name: "lambda",
};

/// How long a function may work, and some for the way. Source: AWS, quotas of Lambda: 900 s.
const PATIENCE: Duration = Duration::from_secs(910);

/// Invokes a function at this endpoint.
///
/// # Errors
/// The Task's failure, in AWS's words.
pub(super) async fn invoke(
    aws: &Aws,
    endpoint: &str,
    invocation: Invocation<'_>,
) -> Result<Invoked, Failure> {
    let request = request(endpoint, &invocation)?;
    let region = &invocation.function.place.region;
    let answer = aws.call(LAMBDA, region, request, PATIENCE).await;
    told(answer.map_err(|error| unreachable(&error))?)
}

/// `POST /2015-03-31/functions/NAME/invocations?Qualifier=…`
fn request(endpoint: &str, invocation: &Invocation<'_>) -> Result<Request<Bytes>, Failure> {
    let function = invocation.function;
    let name = match invocation.is_at_home {
        true => escaped(&function.name),
        false => escaped(&function.arn()),
    };
    let query = function.qualifier.as_deref().map(escaped);
    let query = query.map_or_else(String::new, |qualifier| format!("?Qualifier={qualifier}"));
    let url = format!("{endpoint}/2015-03-31/functions/{name}/invocations{query}");
    let mut request = Request::post(url).header("content-type", "application/json");
    for (field, header) in [
        ("InvocationType", "x-amz-invocation-type"),
        ("LogType", "x-amz-log-type"),
        ("ClientContext", "x-amz-client-context"),
    ] {
        if let Some(value) = invocation.parameters.get(field).and_then(Value::as_str) {
            request = request.header(header, value);
        }
    }
    let body = Bytes::copy_from_slice(invocation.payload.text().as_bytes());
    request.body(body).map_err(|error| {
        let cause = format!("The invocation cannot be sent to {endpoint}: {error}");
        Failure::new("Lambda.SdkClientException", cause)
    })
}

/// What an answer means to the Task.
fn told(answer: Response<Bytes>) -> Result<Invoked, Failure> {
    let status = answer.status().as_u16();
    let body = std::str::from_utf8(answer.body()).unwrap_or_default();
    if !answer.status().is_success() {
        return Err(refused(&answer, body));
    }
    if answer.headers().contains_key("x-amz-function-error") {
        return Err(function_error(body));
    }
    let payload = match body {
        // Nobody waits for an event's function: it has returned nothing.
        "" => Ok(Payload::from_value(Value::from(""))),
        body => Payload::from_text(body),
    };
    let payload = payload.map_err(|error| {
        let cause = format!("What the function returned is not JSON: {error}");
        Failure::new("Lambda.Unknown", cause)
    })?;
    Ok(Invoked {
        status,
        headers: headers(answer.headers()),
        payload,
    })
}

/// The function failed: its error's type is the name, and all that it returned the cause.
fn function_error(body: &str) -> Failure {
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    match told.get("errorType").and_then(Value::as_str) {
        Some(name) => Failure::new(name, shortened(body)),
        None => Failure::new(
            "Lambda.Unknown",
            shortened(&format!(
                "The cause could not be determined because Lambda did not return an error type. \
                 Returned payload: {body}"
            )),
        ),
    }
}

/// Lambda refused the call.
fn refused(answer: &Response<Bytes>, body: &str) -> Failure {
    let told: Value = serde_json::from_str(body).unwrap_or_default();
    let (name, message) = (error_name(answer, &told), error_message(&told));
    let id = answer.headers().get("x-amzn-requestid");
    let id = id.and_then(|value| value.to_str().ok()).unwrap_or("null");
    let status = answer.status().as_u16();
    Failure::new(
        &format!("Lambda.{name}"),
        shortened(&format!(
            "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {name}; \
             Request ID: {id}; Proxy: null)"
        )),
    )
}

/// No answer came.
fn unreachable(error: &CallError) -> Failure {
    let cause = format!("Unable to execute HTTP request: {error}");
    Failure::new("Lambda.SdkClientException", shortened(&cause))
}

fn shortened(cause: &str) -> String {
    cause.chars().take(limits::CAUSE_CHARS_MAX).collect()
}

/// Headers, by the names that AWS's SDK shows them by: HTTP's own library forgets their case.
fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().filter_map(|(name, value)| {
        let value = value.to_str().ok()?.to_owned();
        Some((cased(name), value))
    });
    shown.collect()
}

fn cased(name: &HeaderName) -> String {
    match name.as_str() {
        "x-amzn-requestid" => "x-amzn-RequestId".to_owned(),
        "x-amzn-remapped-content-length" => "x-amzn-Remapped-Content-Length".to_owned(),
        name => {
            let words = name.split('-').map(|word| {
                let (first, rest) = word.split_at(word.len().min(1));
                first.to_ascii_uppercase() + rest
            });
            words.collect::<Vec<_>>().join("-")
        }
    }
}

/// A part of a path or of a query. Source: RFC 3986, unreserved characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use asl::arn::Place;
    use engine::FunctionName;
    use serde_json::json;

    use super::*;

    fn invocation<'a>(
        function: &'a FunctionName,
        payload: &'a Payload,
        parameters: &'a Value,
    ) -> Invocation<'a> {
        Invocation {
            function,
            is_at_home: function.place == Place::default(),
            payload,
            parameters,
            idempotency_key: "key",
        }
    }

    #[test]
    fn a_function_is_named_by_its_name_at_home_and_by_its_arn_elsewhere() {
        let payload = Payload::from_value(json!({ "a": 1 }));
        for (written, url) in [
            ("charge", "http://l/2015-03-31/functions/charge/invocations"),
            (
                "charge:$LATEST",
                "http://l/2015-03-31/functions/charge/invocations?Qualifier=%24LATEST",
            ),
            (
                "arn:aws:lambda:eu-west-1:000000000000:function:charge:7",
                "http://l/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A000000000000%3A\
                 function%3Acharge/invocations?Qualifier=7",
            ),
        ] {
            let function = FunctionName::read(written, &Place::default());
            let parameters = json!({ "InvocationType": "Event", "LogType": 7 });
            let request = request("http://l", &invocation(&function, &payload, &parameters));
            let request = request.unwrap();
            assert_eq!(request.uri().to_string(), url);
            assert_eq!(request.headers()["x-amz-invocation-type"], "Event");
            assert!(!request.headers().contains_key("x-amz-log-type"));
            assert_eq!(request.body(), r#"{"a":1}"#);
        }
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Result<Invoked, Failure> {
        let mut answer = Response::builder().status(status);
        for (name, value) in headers {
            answer = answer.header(*name, *value);
        }
        told(
            answer
                .body(Bytes::copy_from_slice(body.as_bytes()))
                .unwrap(),
        )
    }

    #[test]
    fn what_is_returned_is_told_with_its_headers() {
        let headers = [("x-amz-executed-version", "7"), ("x-amzn-requestid", "r")];
        let invoked = answer(200, &headers, " {} ").unwrap();
        assert_eq!((invoked.status, invoked.payload.text()), (200, " {} "));
        let names: Vec<_> = invoked.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["X-Amz-Executed-Version", "x-amzn-RequestId"]);
        assert_eq!(answer(202, &[], "").unwrap().payload.value(), "");
    }

    #[test]
    fn failures_are_in_aws_words() {
        let raised = r#"{"errorMessage": "no", "errorType": "E"}"#;
        let timeout = r#"{"errorMessage": "Task timed out after 3.00 seconds"}"#;
        let failed = [("x-amz-function-error", "Unhandled")];
        let missing = [
            ("x-amzn-errortype", "ResourceNotFoundException"),
            ("x-amzn-requestid", "r"),
        ];
        for (status, headers, body, error, cause) in [
            (200, &failed[..], raised, "E", raised.to_owned()),
            (
                200,
                &failed[..],
                timeout,
                "Lambda.Unknown",
                format!(
                    "The cause could not be determined because Lambda did not return an error \
                     type. Returned payload: {timeout}"
                ),
            ),
            (
                404,
                &missing[..],
                r#"{"Type": "User", "Message": "Function not found: f"}"#,
                "Lambda.ResourceNotFoundException",
                "Function not found: f (Service: AWSLambda; Status Code: 404; Error Code: \
                 ResourceNotFoundException; Request ID: r; Proxy: null)"
                    .to_owned(),
            ),
        ] {
            let failure = answer(status, headers, body).unwrap_err();
            assert_eq!(failure, Failure::new(error, cause));
        }
        let odd = answer(200, &[], "not JSON").unwrap_err();
        assert_eq!(odd.error_name(), "Lambda.Unknown");
    }
}
