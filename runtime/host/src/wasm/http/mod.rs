//! `wasi:http`, as far as it is granted: a guest's requests go to the hosts that its version
//! names, to public addresses unless it names those too, within bounds of size, number and time.
//!
//! What is not granted is refused before anything happens outside, always in the same way: a
//! module that merely asks stays pure. A redirect is an answer like any other; who follows it
//! asks again. `guard` says who may be asked, `connection` asks, `meter` counts.

mod connection;
mod guard;
mod meter;
mod tls;

use std::sync::Arc;

use http::uri::{Authority, Scheme};
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi_http::p2::HttpResult;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{self, ErrorCode, Scheme as GuestScheme};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttp, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView as _,
};

use super::guest::Guest;
use crate::{Endpoint, Grants, Limits};
use guard::Guard;
use meter::Meter;

/// Told of each denial, in words for who granted too little.
pub(super) type OnDenial = Arc<dyn Fn(String) + Send + Sync>;

/// One guest's HTTP.
pub(super) struct Http {
    context: WasiHttpCtx,
    wire: Wire,
}

/// What sends a guest's requests.
struct Wire {
    guard: Guard,
    meter: Arc<Meter>,
}

impl Http {
    pub(super) fn new(limits: &Limits, grants: Arc<Grants>, on_denial: OnDenial) -> Self {
        Self {
            context: WasiHttpCtx::new(),
            wire: Wire {
                guard: Guard::new(grants, on_denial),
                meter: Arc::new(Meter::new(limits)),
            },
        }
    }

    /// What bodies carried so far, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.wire.meter.bytes()
    }

    pub(super) fn outgoing<'a>(&'a mut self, table: &'a mut ResourceTable) -> Outgoing<'a> {
        Outgoing { http: self, table }
    }
}

/// `wasi:http/outgoing-handler` of one guest.
pub(super) struct Outgoing<'a> {
    http: &'a mut Http,
    table: &'a mut ResourceTable,
}

/// The handler, as the version that `wasmtime-wasi-http` speaks calls it; modules that were built
/// for another of its line find it, too.
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";

/// What `handle` answers.
type Handled = (Result<Resource<HostFutureIncomingResponse>, ErrorCode>,);

/// Offers all of it to components.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    let options = types::LinkOptions::default();
    types::add_to_linker::<Guest, WasiHttp>(linker, &options, Guest::http)?;
    // The generated way wants the types again of whoever has the handler.
    let mut handler = linker.instance(HANDLER)?;
    handler.func_wrap("handle", |mut store, (request, options)| {
        let guest: &mut Guest = store.data_mut();
        let handled = match guest.outgoing().handle(request, options) {
            Ok(response) => Ok(response),
            Err(refused) => Err(refused.downcast()?),
        };
        Ok::<Handled, _>((handled,))
    })
}

impl<'a> Outgoing<'a> {
    pub(super) fn into_view(self) -> WasiHttpCtxView<'a> {
        WasiHttpCtxView {
            hooks: &mut self.http.wire,
            table: self.table,
            ctx: &mut self.http.context,
        }
    }
}

impl Outgoing<'_> {
    /// Sends a request, if that is granted.
    fn handle(
        self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Resource<HostFutureIncomingResponse>> {
        // Asked here as well as on the wire: a refusal must not depend on when a guest looks.
        let wanted = endpoint_of(self.table.get(&request)?);
        let refused = match wanted {
            None => Some(ErrorCode::HttpRequestUriInvalid),
            Some(wanted) => match self.http.wire.guard.access(&wanted) {
                None => Some(ErrorCode::HttpRequestDenied),
                Some(_) => None,
            },
        };
        if let Some(refused) = refused {
            self.table.delete(request)?;
            return Err(refused.into());
        }
        self.into_view().handle(request, options)
    }
}

/// Where a guest's request would go; `None` when that is not to be told.
fn endpoint_of(request: &HostOutgoingRequest) -> Option<Endpoint> {
    let port = match request.scheme {
        Some(GuestScheme::Http) => 80,
        _ => 443,
    };
    endpoint(&request.authority.as_deref()?.parse().ok()?, port)
}

/// An authority without a user in it, who would only make it look like another host.
fn endpoint(authority: &Authority, port: u16) -> Option<Endpoint> {
    let has_user = authority.as_str().contains('@');
    let port = match authority.port() {
        Some(port) => port.as_u16(),
        None => port,
    };
    (!has_user).then(|| Endpoint::of(authority.host(), port))
}

impl WasiHttpHooks for Wire {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<connection::Answer, Error>> + Send> {
        let is_tls = request.uri().scheme() != Some(&Scheme::HTTP);
        let port = if is_tls { 443 } else { 80 };
        let wanted = request.uri().authority();
        let wanted = wanted.and_then(|authority| endpoint(authority, port));
        let (guard, meter) = (self.guard.clone(), Arc::clone(&self.meter));
        Box::new(async move {
            let wanted = wanted.ok_or(Error::HttpRequestUriInvalid)?;
            let call = connection::Call {
                to: wanted,
                is_tls,
                request,
                options: options.unwrap_or_default(),
            };
            call.send(&guard, meter).await
        })
    }

    fn p2_error_from_hyper(&mut self, error: &hyper::Error) -> ErrorCode {
        if error.is_timeout() {
            ErrorCode::HttpResponseTimeout
        } else if error.is_incomplete_message() {
            ErrorCode::HttpResponseIncomplete
        } else {
            ErrorCode::HttpProtocolError
        }
    }

    fn p2_error_from_connect(&mut self, _: &std::io::Error) -> ErrorCode {
        ErrorCode::ConnectionRefused
    }

    fn p2_error_from_tls(&mut self, _: &std::io::Error) -> ErrorCode {
        ErrorCode::TlsCertificateError
    }
}
