//! Speaks AWS: the operations of Step Functions and of Lambda, from a request's JSON to an
//! answer's.
//!
//! [`Api::call`] takes an operation's name and a body and gives a status and a body, so that
//! the whole of AWS's behaviour (validation order, messages, paging, idempotency) is tested
//! without a socket. This crate knows no HTTP, no SQL and no wasmtime; what it keeps itself
//! (state machines, versions, aliases, activities, tags) is documents in the journal's
//! catalogue, see [`Registry`]. One operation a file in `actions/`.

mod actions;
mod arn;
mod caller;
mod error;
pub mod lambda;
mod logging;
mod name;
mod paging;
mod protocol;
mod quotas;
mod registry;
mod request;
mod role;
mod sdk;

pub use caller::Caller;
pub use error::ApiError;
pub use logging::LogSettings;
pub use protocol::{Answer, Api, BODY_BYTES_MAX, OPERATIONS};
pub use quotas::Quotas;
pub use registry::{Functions, Registry};
pub use role::Role;
pub use sdk::SdkCalls;
