//! The sandbox, tried by guests that behave and guests that do not: each is a file under
//! `guests`, named after what it does.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod contract;
mod deploy;
mod files;
mod guests;
mod http;
mod limits;
mod pure;
mod secrets;
mod store;
mod tasks;
