//! AWS's services, or whatever speaks like them: found where the AWS SDKs find them, in the
//! environment, and called over one client.
//!
//! A service is called only when the environment says where: `AWS_ENDPOINT_URL_LAMBDA`, or
//! `AWS_ENDPOINT_URL` for all. Read [`Aws`] first; one service a file.

mod lambda;
mod logs;
mod services;

use std::time::Duration;

use aws_credential_types::Credentials;
use axum::body::Bytes;
use axum::http::{Request, Response};

pub(crate) use logs::CloudWatchLogs;
pub(crate) use services::AwsServices;

use crate::outgoing::{Outgoing, SendError, Signer};

/// A service of AWS's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service {
    /// What `AWS_ENDPOINT_URL_` goes on with: the service id of AWS's API models, and what
    /// people take it for.
    variables: &'static [&'static str],
    /// What signatures name it.
    signing_name: &'static str,
}

/// Who to call, where, and as whom.
#[derive(Clone, Debug)]
pub(crate) struct Aws {
    outgoing: Outgoing,
    environment: Environment,
}

/// What the environment says.
#[derive(Clone, Debug, Default)]
struct Environment {
    /// Endpoints by variable, without a slash at the end.
    endpoints: Vec<(String, String)>,
    credentials: Option<Credentials>,
}

/// Why a service did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// Requests to AWS are signed, and there is no key to sign with.
    #[error(
        "there is no key to sign requests with: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )]
    NoKey,
    /// Sending.
    #[error(transparent)]
    Send(#[from] SendError),
}

const ENDPOINT: &str = "AWS_ENDPOINT_URL";

impl Environment {
    fn read(variables: impl Iterator<Item = (String, String)>) -> Self {
        let mut read = Self::default();
        let (mut id, mut secret, mut token, mut ignored) = (None, None, None, false);
        for (name, value) in variables.filter(|(_, value)| !value.is_empty()) {
            match &*name {
                "AWS_ACCESS_KEY_ID" => id = Some(value),
                "AWS_SECRET_ACCESS_KEY" => secret = Some(value),
                "AWS_SESSION_TOKEN" => token = Some(value),
                "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" => {
                    ignored = value.eq_ignore_ascii_case("true");
                }
                _ if name.starts_with(ENDPOINT) => {
                    let value = value.trim_end_matches('/').to_owned();
                    read.endpoints.push((name, value));
                }
                _ => {}
            }
        }
        if ignored {
            read.endpoints.clear();
        }
        read.credentials = id
            .zip(secret)
            .map(|(id, secret)| Credentials::new(id, secret, token, None, "environment"));
        read
    }

    fn endpoint(&self, service: Service) -> Option<&str> {
        let named = |wanted: &str| {
            let found = self.endpoints.iter().find(|(name, _)| name == wanted);
            found.map(|(_, url)| &**url)
        };
        let own = service.variables.iter();
        let mut own = own.map(|variable| format!("{ENDPOINT}_{variable}"));
        own.find_map(|name| named(&name))
            .or_else(|| named(ENDPOINT))
    }
}

impl Aws {
    /// What the environment says, now; nothing when it names no endpoint.
    ///
    /// # Errors
    /// [`SendError::Unsound`] when no client can be made.
    pub(crate) fn of_environment() -> Result<Option<Self>, SendError> {
        // A variable that is no text names nothing of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string(), value.into_string());
            name.ok().zip(value.ok())
        });
        let environment = Environment::read(variables);
        if environment.endpoints.is_empty() {
            return Ok(None);
        }
        let outgoing = Outgoing::new()?;
        Ok(Some(Self {
            outgoing,
            environment,
        }))
    }

    /// Where a service is, if anywhere: an URL without a slash at the end.
    pub(crate) fn endpoint(&self, service: Service) -> Option<&str> {
        self.environment.endpoint(service)
    }

    /// Calls a service in this region, and reads the whole answer.
    ///
    /// # Errors
    /// [`CallError`]; an answer of any status is none.
    pub(crate) async fn call(
        &self,
        service: Service,
        region: &str,
        request: Request<Bytes>,
        patience: Duration,
    ) -> Result<Response<Bytes>, CallError> {
        let credentials = self.environment.credentials.clone();
        let signer = Signer {
            credentials: credentials.ok_or(CallError::NoKey)?,
            region: region.to_owned(),
        };
        let signing = Some((&signer, service.signing_name));
        Ok(self.outgoing.send(request, signing, patience).await?)
    }
}

/// The error's name in an answer, as AWS's protocols have it: in a header, or in `__type`; what
/// stands around the name is cut off.
fn error_name(answer: &Response<Bytes>, body: &serde_json::Value) -> String {
    let header = answer.headers().get("x-amzn-errortype");
    let header = header.and_then(|value| value.to_str().ok());
    let named = ["__type", "code"]
        .iter()
        .find_map(|field| body.get(field)?.as_str());
    let name = header.or(named).unwrap_or("UnknownError");
    let name = name.split(':').next().unwrap_or(name);
    name.rsplit('#').next().unwrap_or(name).to_owned()
}

/// The error's sentence.
fn error_message(body: &serde_json::Value) -> &str {
    let fields = ["Message", "message", "errorMessage"];
    let told = fields.iter().find_map(|field| body.get(field)?.as_str());
    told.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAMBDA: Service = Service {
        variables: &["LAMBDA"],
        signing_name: "lambda",
    };
    const LOGS: Service = Service {
        variables: &["CLOUDWATCH_LOGS", "LOGS"],
        signing_name: "logs",
    };

    fn read(variables: &[(&str, &str)]) -> Environment {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Environment::read(variables.iter().map(owned))
    }

    #[test]
    fn a_service_is_where_the_environment_says() {
        let both = read(&[
            ("AWS_ENDPOINT_URL_LAMBDA", "http://lambda:9001/"),
            ("AWS_ENDPOINT_URL", "http://all:4566"),
        ]);
        assert_eq!(both.endpoint(LAMBDA), Some("http://lambda:9001"));
        assert_eq!(both.endpoint(LOGS), Some("http://all:4566"));
        assert_eq!(read(&[]).endpoint(LAMBDA), None);
        assert_eq!(read(&[("AWS_ENDPOINT_URL", "")]).endpoint(LAMBDA), None);
        let ignored = read(&[
            ("AWS_ENDPOINT_URL", "http://all:4566"),
            ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"),
        ]);
        assert_eq!(ignored.endpoint(LOGS), None);
    }

    #[test]
    fn keys_are_whole_or_none() {
        let id = ("AWS_ACCESS_KEY_ID", "AKID");
        assert!(read(&[id]).credentials.is_none());
        let whole = read(&[id, ("AWS_SECRET_ACCESS_KEY", "secret")]);
        assert_eq!(whole.credentials.unwrap().access_key_id(), "AKID");
    }

    #[test]
    fn errors_have_a_name_in_header_or_body() {
        let answer = |header: &str| {
            let builder = Response::builder().header("x-amzn-errortype", header);
            builder.body(Bytes::new()).unwrap()
        };
        let body = serde_json::json!({ "__type": "com.amazonaws.logs#InvalidParameterException" });
        let bare = Response::new(Bytes::new());
        assert_eq!(error_name(&bare, &body), "InvalidParameterException");
        let headed = answer("ServiceException:http://internal.amazon.com/");
        assert_eq!(error_name(&headed, &body), "ServiceException");
        assert_eq!(error_name(&bare, &serde_json::Value::Null), "UnknownError");
    }
}
