//! A client that signs as AWS's SDK for Rust does, with that SDK's own signer.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// Whose requests, and how they are signed.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) key_id: &'static str,
    pub(crate) secret: &'static str,
    pub(crate) region: &'static str,
    pub(crate) service: &'static str,
    pub(crate) token: Option<&'static str>,
    /// How long ago.
    pub(crate) ago: Duration,
    /// In the query, valid for so long; else in the head.
    pub(crate) presigned_for: Option<Duration>,
}

impl Signer {
    pub(crate) fn new(key_id: &'static str, secret: &'static str) -> Self {
        Self {
            key_id,
            secret,
            region: "us-east-1",
            service: "states",
            token: None,
            ago: Duration::ZERO,
            presigned_for: None,
        }
    }

    /// Signs a request.
    pub(crate) fn sign(&self, request: &mut Request<String>) {
        let token = self.token.map(str::to_owned);
        let identity = Credentials::new(self.key_id, self.secret, token, None, "test").into();
        let mut settings = SigningSettings::default();
        if let Some(valid_for) = self.presigned_for {
            settings.signature_location = SignatureLocation::QueryParams;
            settings.expires_in = Some(valid_for);
        }
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(SystemTime::now() - self.ago)
            .settings(settings)
            .build()
            .unwrap()
            .into();
        let url = request.uri().to_string();
        let head = request.headers().iter();
        let head = head.map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
        let body = SignableBody::Bytes(request.body().as_bytes());
        let signable = SignableRequest::new(request.method().as_str(), &url, head, body).unwrap();
        let (instructions, _) = sign(signable, &parameters).unwrap().into_parts();
        instructions.apply_to_request_http1x(request);
    }
}

/// A request for an operation.
pub(crate) fn request(url: &str, operation: &str, body: &Value) -> Request<String> {
    let host = url.split_once("://").unwrap().1;
    Request::post(format!("{url}/"))
        .header("host", host)
        .header("content-type", "application/x-amz-json-1.0")
        .header("x-amz-target", format!("AWSStepFunctions.{operation}"))
        .body(body.to_string())
        .unwrap()
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl From<Response<Bytes>> for Answer {
    fn from(response: Response<Bytes>) -> Self {
        Self {
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        }
    }
}

impl Answer {
    /// Status and exception name.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        (
            self.status,
            self.body["__type"].as_str().unwrap_or_default(),
        )
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// A connection.
pub(crate) struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    pub(crate) async fn open(url: &str) -> Self {
        let address = url.split_once("://").unwrap().1;
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    /// A connection to a server that may have been killed.
    pub(crate) async fn try_open(url: &str) -> Option<Self> {
        let address = url.split_once("://").unwrap().1;
        let stream = TokioIo::new(TcpStream::connect(address).await.ok()?);
        let handshake = hyper::client::conn::http1::handshake(stream);
        let (sender, connection) = handshake.await.ok()?;
        tokio::spawn(connection);
        Some(Self(sender))
    }

    /// A connection over a stream, such as one of TLS.
    pub(crate) async fn over(
        stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        Self(sender)
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&mut self, request: Request<String>) -> Response<Bytes> {
        self.try_send(request).await.unwrap()
    }

    /// The same on a connection that may break.
    pub(crate) async fn try_send(
        &mut self,
        request: Request<String>,
    ) -> hyper::Result<Response<Bytes>> {
        let (mut head, body) = request.into_parts();
        // What a client sends on the wire has no host in its first line.
        let target = head.uri.path_and_query().unwrap().as_str();
        head.uri = target.parse().unwrap();
        self.0.ready().await?;
        let request = Request::from_parts(head, Full::new(Bytes::from(body)));
        let (head, body) = self.0.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// Whether the server keeps it for another request.
    pub(crate) async fn is_kept(&mut self) -> bool {
        self.0.ready().await.is_ok()
    }
}

/// Sends one request on a connection of its own.
pub(crate) async fn send(url: &str, request: Request<String>) -> Answer {
    Connection::open(url).await.send(request).await.into()
}
