//! Requests to AWS's services, and to whatever speaks like them: signed, bounded, over one pool
//! of connections.
//!
//! It knows no operation and no protocol: what it is given it signs and sends. Who calls is a
//! [`Signer`]; without one a request goes as it is.

use std::error::Error as _;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::body::Bytes;
use axum::http::{Request, Response, Uri};
use tokio_rustls::rustls::crypto::ring;

/// How long a connection may take to be made. Ours: a host that does not answer at all is told
/// apart from one that works for long.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes. Ours: a page of a hundred history events, each with
/// the longest payload there is, escaped in JSON.
const ANSWER_BYTES_MAX: usize = 128 << 20;

/// Sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    client: reqwest::Client,
}

/// Who calls, and what region a signature is for.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    /// Whose key.
    pub(crate) credentials: Credentials,
    /// Such as `us-east-1`.
    pub(crate) region: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    /// No connection: nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The answer did not come, or not whole: whether the request was carried out is unknown.
    #[error("{0}")]
    Broken(String),
    /// The time that was given is over: whether the request was carried out is unknown.
    #[error("there was no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The answer is longer than what is read.
    #[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
    /// What was to be sent is no request, or cannot be signed.
    #[error("the request cannot be made: {0}")]
    Unsound(String),
}

/// Has everything in this process that speaks TLS as a client do so by `ring`.
pub(crate) fn choose_tls() {
    // Refused when it was chosen already, which is as good.
    let _ = ring::default_provider().install_default();
}

impl Outgoing {
    /// A client without connections yet.
    ///
    /// # Errors
    /// [`SendError::Unsound`] when the system's certificates cannot be read.
    pub(crate) fn new() -> Result<Self, SendError> {
        choose_tls();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_PATIENCE)
            // A signature is for one address: what leads elsewhere is told, not followed.
            .redirect(reqwest::redirect::Policy::none())
            .build();
        let client = client.map_err(|error| SendError::Unsound(words(&error)))?;
        Ok(Self { client })
    }

    /// Sends a request, signed for `service` if there is someone to sign it, and reads the whole
    /// answer within `patience`.
    ///
    /// # Errors
    /// [`SendError`]; an answer of any status is none.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
        signing: Option<(&Signer, &str)>,
        patience: Duration,
    ) -> Result<Response<Bytes>, SendError> {
        if let Some((signer, service)) = signing {
            signer.sign(&mut request, service)?;
        }
        let request = reqwest::Request::try_from(request);
        let request = request.map_err(|error| SendError::Unsound(words(&error)))?;
        let exchange = async { read(self.client.execute(request).await.map_err(failed)?).await };
        let answer = tokio::time::timeout(patience, exchange).await;
        answer.unwrap_or(Err(SendError::TimedOut(patience)))
    }
}

/// The whole answer.
async fn read(mut answer: reqwest::Response) -> Result<Response<Bytes>, SendError> {
    let mut told = Response::builder().status(answer.status());
    if let Some(headers) = told.headers_mut() {
        headers.clone_from(answer.headers());
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(SendError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    let told = told.body(Bytes::from(body));
    told.map_err(|error| SendError::Broken(error.to_string()))
}

fn failed(error: reqwest::Error) -> SendError {
    match error.is_connect() {
        true => SendError::Unreachable(words(&error)),
        false => SendError::Broken(words(&error)),
    }
}

/// The innermost cause: what wraps it says less.
fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    match error.source() {
        Some(_) => cause.to_string(),
        None => error.to_string(),
    }
}

impl Signer {
    /// Signs a request with Signature Version 4.
    fn sign(&self, request: &mut Request<Bytes>, service: &str) -> Result<(), SendError> {
        let unsound = |error: &dyn std::fmt::Display| SendError::Unsound(error.to_string());
        let identity = self.credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsound(&error))?
            .into();
        let uri: String = Uri::to_string(request.uri());
        let headers = request.headers().iter();
        let headers: Vec<(&str, &str)> = headers
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let body = SignableBody::Bytes(request.body());
        let method = request.method().as_str();
        let signable = SignableRequest::new(method, &uri, headers.into_iter(), body);
        let signable = signable.map_err(|error| unsound(&error))?;
        let signed = sign(signable, &parameters).map_err(|error| unsound(&error))?;
        let (instructions, _) = signed.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}
