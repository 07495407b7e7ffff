//! What a state machine means: the Amazon States Language as pure data and pure functions.
//!
//! This crate parses and validates a definition, and interprets it as
//! `step(state, event) -> history events + commands`. It deliberately cannot know
//! the time, chance, a file, a socket or a thread: whatever comes from outside
//! comes in as a field of an event.
//!
//! Read [`interpreter::Execution`] first.

pub mod arn;
pub mod csv;
pub mod definition;
pub mod diagnostic;
pub mod failure;
pub mod history;
pub mod interpreter;
pub mod json_complaint;
pub mod limits;
pub mod machine_test;
pub mod map_run;
pub mod payload;
pub mod query;
pub mod test_state;
pub mod timestamp;
pub mod validate;

pub use failure::{ErrorName, Failure};
pub use payload::Payload;
pub use timestamp::Timestamp;
