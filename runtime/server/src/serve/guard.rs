//! What stands before every operation: the gate, the body's limits, the role, the audit.

use std::net::SocketAddr;
use std::sync::Arc;

use api::{Api, ApiError};
use asl::arn::Place;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use engine::Clock;

use super::answer::{self, Told};
use super::body::{Bodies, Held};
use super::operation::{self, Operation};
use crate::access::{Gate, Principal};
use crate::audit::Entry;
use crate::lines::Lines;
use crate::watch::Metrics;

/// Where a request came from; rides on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// What a guard works with.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) gate: Arc<Gate>,
    pub(super) bodies: Bodies,
    pub(super) api: Arc<Api>,
    pub(super) home: Arc<Place>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where changes are written down, if anywhere.
    pub(super) audit: Option<Arc<Lines>>,
    pub(super) metrics: Arc<Metrics>,
}

/// Lets a request in, or answers why not.
pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let (mut head, mut body) = request.into_parts();
    let operation = Operation::of(&head);
    let peer = head.extensions.get::<Peer>().map(|peer| peer.0);
    let (principal, held) = match guard.admit(&head, &operation, &mut body).await {
        Ok(admitted) => admitted,
        Err(error) => {
            let mut response = guard.refuse(&error, &operation);
            if !guard.bodies.discard(&mut body).await {
                // Nothing can follow what is left of it on this connection.
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            let line = guard.line(&operation, peer, None, None, &response);
            guard.write_down(line).await;
            guard.count(&operation, &response);
            return response;
        }
    };
    let bytes = held.bytes.clone();
    // What is only read is in no policy and in no audit: its resource need not be known.
    let resource = match operation.changes() {
        true => operation::resource(&operation, &bytes, &guard.home),
        false => None,
    };
    let allowed = guard.gate.allow(
        &principal,
        operation.needed,
        &operation.action(),
        resource.as_deref(),
    );
    let response = match allowed {
        Err(error) => guard.refuse(&error, &operation),
        Ok(()) => {
            head.extensions.insert(principal.clone());
            next.run(Request::from_parts(head, Body::from(bytes))).await
        }
    };
    let line = guard.line(&operation, peer, Some(&principal), resource, &response);
    guard.write_down(line).await;
    guard.count(&operation, &response);
    response
}

impl Guard {
    /// Who sent a request, and its body.
    async fn admit(
        &self,
        head: &Parts,
        operation: &Operation,
        body: &mut Body,
    ) -> Result<(Principal, Held), ApiError> {
        let checked = self.gate.check(head, operation.service)?;
        let held = self
            .bodies
            .read(&head.headers, body, operation.body_bytes_max())
            .await?;
        let principal = checked.verify(head, &held.bytes)?;
        Ok((principal, held))
    }

    fn count(&self, operation: &Operation, response: &Response) {
        let status = response.status().as_u16();
        self.metrics.answered(&operation.name, status);
    }

    fn refuse(&self, error: &ApiError, operation: &Operation) -> Response {
        answer::refusal(error, operation.service, &self.api.request_id())
    }

    /// Writes a line; waits while the queue is full, since an audit must not have gaps.
    async fn write_down(&self, line: Option<String>) {
        if let Some((lines, line)) = self.audit.as_ref().zip(line) {
            lines.send(line).await;
        }
    }

    /// The audit's line on what was to change, or on who was not let in.
    fn line(
        &self,
        operation: &Operation,
        peer: Option<SocketAddr>,
        principal: Option<&Principal>,
        resource: Option<String>,
        response: &Response,
    ) -> Option<String> {
        self.audit.as_ref()?;
        if principal.is_some() && !operation.changes() {
            return None;
        }
        let told = response.extensions().get::<Told>();
        let error = told.and_then(|told| told.error.as_deref());
        let failed = (!response.status().is_success()).then(|| response.status().to_string());
        let entry = Entry {
            at: self.clock.now(),
            service: operation.service,
            operation: &operation.name,
            region: &self.home.region,
            peer,
            principal,
            request_id: answer::request_id(response).unwrap_or_default(),
            resource: resource.as_deref(),
            error: error.or(failed.as_deref()),
        };
        Some(entry.line())
    }
}
