//! Where commands find state machines, and how they speak to them: AWS's operations, by name and
//! JSON, over HTTP to a server or in process on a data directory.
//!
//! Both ways run the same code, `api`: what differs is only who carries a request there. Read
//! [`Endpoint`] first.

mod http;
mod local;
mod paging;
mod reach;
mod refused;

pub(super) use paging::Listed;
pub(super) use reach::Reach;
pub(super) use refused::CallError;
use refused::Refused;

use std::path::Path;

use asl::arn::Place;
use axum::body::Bytes;
use serde_json::{Map, Value};

use self::http::Http;
use self::local::Local;

/// Answers AWS's operations.
pub(super) struct Endpoint {
    way: Way,
    /// What names are made ARNs with.
    place: Place,
}

enum Way {
    Http(Http),
    Local(Local),
}

/// What an operation was answered.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) body: Value,
    headers: Vec<(String, String)>,
}

impl Answered {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let is_named = |header: &str| header.eq_ignore_ascii_case(name);
        let found = self.headers.iter().find(|(header, _)| is_named(header));
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer as it came, whichever way.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Endpoint {
    /// The functions of a store that somebody else opened; they are of this place.
    pub(super) fn on(store: &crate::wiring::Store, place: Place) -> Self {
        let way = Way::Local(Local::on(store, place.clone()));
        Self { way, place }
    }

    /// Region and account that names are of.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The role that state machines and functions get which nobody gave one; nothing here
    /// assumes it.
    pub(super) fn role(&self) -> String {
        format!("arn:aws:iam::{}:role/stepwell", self.place.account_id)
    }

    /// One operation of Step Functions.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn call(&self, operation: &str, request: Value) -> Result<Value, CallError> {
        let reply = match &self.way {
            Way::Http(http) => http.call(operation, &request).await?,
            Way::Local(local) => local.call(operation, &request).await,
        };
        Ok(self.read(reply)?.body)
    }

    /// One operation of Lambda, with these parameters and, of Invoke, this payload.
    ///
    /// # Errors
    /// [`CallError`].
    pub(super) async fn lambda(
        &self,
        operation: &str,
        parameters: Value,
        payload: Bytes,
    ) -> Result<Answered, CallError> {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        let reply = match &self.way {
            Way::Http(http) => http.lambda(operation, parameters, payload).await?,
            Way::Local(local) => local.lambda(operation, parameters, payload).await,
        };
        self.read(reply)
    }

    /// The data directory in which executions are left as they are; none when a server, or this
    /// process, goes on with them.
    pub(super) fn left_in(&self) -> Option<&Path> {
        match &self.way {
            Way::Http(_) => None,
            Way::Local(local) => local.left_in(),
        }
    }

    /// Resolves when all that was done is durable.
    ///
    /// # Errors
    /// The journal's.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self.way {
            Way::Http(_) => Ok(()),
            Way::Local(local) => local.close().await,
        }
    }

    fn read(&self, reply: Reply) -> Result<Answered, CallError> {
        let is_success = (200..300).contains(&reply.status);
        if is_success && reply.body.is_empty() {
            return Ok(Answered {
                body: Value::Null,
                headers: reply.headers,
            });
        }
        match serde_json::from_slice(&reply.body) {
            Ok(body) if is_success => Ok(Answered {
                body,
                headers: reply.headers,
            }),
            body => Err(self.refused(&reply, body.unwrap_or_default())),
        }
    }

    fn refused(&self, reply: &Reply, body: Value) -> CallError {
        let refused = Refused::read(reply, &body, &self.place);
        let address = match &self.way {
            Way::Http(http) => http.address(),
            Way::Local(_) => "the data directory",
        };
        match refused {
            Some(refused) => CallError::Refused(refused),
            None => CallError::Failed(anyhow::anyhow!(
                "{address} answers, but not as AWS does: HTTP status {}; is it the address of \
                 'stepwell serve'?",
                reply.status
            )),
        }
    }
}
