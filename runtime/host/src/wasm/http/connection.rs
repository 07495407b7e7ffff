//! One request and its answer, over a connection of their own.
//!
//! Not reqwest: its connections are made by a pool that many share, and where they lead is its
//! own affair. Here the address that was admitted is the address that is connected to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::HOST;
use http_body_util::BodyExt as _;
use hyper::client::conn::http1;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::guard::{Access, Guard};
use super::meter::{Meter, Metered, Way};
use super::tls;
use crate::Endpoint;

/// Longest that a name is resolved, an address connected to, or TLS agreed on. A guest may ask
/// for less.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// Longest until the first byte of an answer, and between two. A guest may ask for less; the
/// attempt's own time bounds the whole.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// An answer, and what must be driven until it is read.
pub(super) type Answer = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

/// A request on its way.
pub(super) struct Call {
    pub(super) to: Endpoint,
    pub(super) is_tls: bool,
    pub(super) request: http::Request<WasiBody>,
    pub(super) options: RequestOptions,
}

impl Call {
    /// Sends it, if that is granted.
    ///
    /// # Errors
    /// What the guest is told.
    pub(super) async fn send(self, guard: &Guard, meter: Arc<Meter>) -> Result<Answer, Error> {
        let access = guard.access(&self.to).ok_or(Error::HttpRequestDenied)?;
        let place = meter.connection()?;
        let within = at_most(self.options.connect_timeout, CONNECT_TIME_MAX);
        let Self {
            to,
            is_tls,
            request,
            options,
        } = self;
        let (mut sender, driving) = timeout(within, connect(&to, is_tls, guard, access))
            .await
            .map_err(|_| Error::ConnectionTimeout)??;
        let request = outbound(request, Arc::clone(&meter));
        let within = at_most(options.first_byte_timeout, PAUSE_MAX);
        let response = timeout(within, sender.send_request(request))
            .await
            .map_err(|_| Error::ConnectionReadTimeout)??;
        let pause = at_most(options.between_bytes_timeout, PAUSE_MAX);
        let response =
            response.map(|body| Metered::new(body, meter, Way::In, pause).boxed_unsync());
        let driven = async move {
            let _place = place;
            driving.await.map_err(Error::from)
        };
        Ok((response, Box::new(driven)))
    }
}

async fn connect(
    to: &Endpoint,
    is_tls: bool,
    guard: &Guard,
    access: Access,
) -> Result<Connected, Error> {
    let stream = dial(&admitted(to, guard, access).await?).await?;
    match is_tls {
        true => speak(tls::connect(to, stream).await?).await,
        false => speak(stream).await,
    }
}

/// Who takes requests, and what moves them.
type Connected = (
    http1::SendRequest<Metered<WasiBody>>,
    AbortOnDropJoinHandle<Result<(), hyper::Error>>,
);

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<Connected, Error> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    Ok((sender, spawn(connection)))
}

/// The addresses of a host that may be connected to.
async fn admitted(to: &Endpoint, guard: &Guard, access: Access) -> Result<Vec<SocketAddr>, Error> {
    if let Some(address) = to.address() {
        let only = SocketAddr::new(address, to.port());
        return guard.admit(to, access, std::iter::once(only));
    }
    let resolved = lookup_host((to.host(), to.port())).await;
    let resolved = resolved.map_err(|error| Error::DnsError {
        rcode: Some(error.to_string()),
        info_code: None,
    })?;
    guard.admit(to, access, resolved)
}

/// Connects to the first address that answers.
async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut last = Error::DestinationNotFound;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Error::Connect(error),
        }
    }
    Err(last)
}

/// The request as a server takes it: without scheme and authority, but in the header.
fn outbound(
    request: http::Request<WasiBody>,
    meter: Arc<Meter>,
) -> http::Request<Metered<WasiBody>> {
    let mut request = request.map(|body| Metered::new(body, meter, Way::Out, PAUSE_MAX));
    debug_assert!(
        request.headers().contains_key(HOST),
        "set from the authority"
    );
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = match target {
        Some(target) => target.into(),
        None => http::Uri::from_static("/"),
    };
    request
}

fn at_most(asked: Option<Duration>, most: Duration) -> Duration {
    asked.map_or(most, |asked| asked.min(most))
}
