//! AWS's API models, as far as TestState needs them: whether a mocked result is one that the
//! service could give.
//!
//! `operation.rs` says whose model it is, `file.rs` unpacks that, `check.rs` compares.

mod check;
mod file;
mod operation;

pub(super) use check::check;
pub(super) use operation::Operation;
