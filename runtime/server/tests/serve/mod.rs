//! `stepwell serve` as its clients and operators meet it: the real binary, a real socket.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod access;
mod acknowledged;
mod client;
mod connections;
mod hostile;
mod lives;
mod mocks;
mod operating;
mod outside;
pub(crate) mod running;
mod settings;
mod traces;

pub(crate) use access::write_secret;
