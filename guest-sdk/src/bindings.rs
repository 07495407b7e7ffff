//! The host, as a sandboxed task sees it: `wit/task.wit` made Rust.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::log::Level;
use crate::{Context, Failure, handle};

/// What `wit-bindgen` makes of the contract.
#[allow(unsafe_code, missing_docs, unreachable_pub, clippy::all)]
// SAFETY: the only unsafe code here is generated: it lifts and lowers the canonical ABI of
// the very world that it was generated from, and checks nothing less than that ABI asks.
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        world: "task",
        pub_export_macro: true,
        export_macro_name: "export_handler",
    });
}

pub use bindings::export_handler;
use bindings::stepwell::task::{host, types};

/// Runs one attempt: what the exported `handle` does.
pub fn run<I, O, E>(
    input: &str,
    function: impl FnOnce(I) -> Result<O, E>,
) -> Result<String, types::Failure>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<Failure>,
{
    std::panic::set_hook(Box::new(log_panic));
    handle::handle(input, function).map_err(|failure| {
        let (error, cause) = failure.into_parts();
        types::Failure { error, cause }
    })
}

/// A panic aborts the instance, which the host sees as a trap without a word: the word
/// goes to the log first.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    log(Level::Error, &panic.to_string(), "");
}

pub(crate) fn context() -> Context {
    let context = host::get_context();
    Context {
        execution_arn: context.execution_arn,
        state_machine_arn: context.state_machine_arn,
        state_name: context.state_name,
        retry_count: context.retry_count,
        idempotency_key: context.idempotency_key,
        started_at_milliseconds: context.started_at,
        deadline_milliseconds: context.deadline,
    }
}

pub(crate) fn heartbeat() {
    host::heartbeat();
}

pub(crate) fn log(level: Level, message: &str, fields: &str) {
    let level = match level {
        Level::Trace => host::Level::Trace,
        Level::Debug => host::Level::Debug,
        Level::Info => host::Level::Info,
        Level::Warn => host::Level::Warn,
        Level::Error => host::Level::Error,
    };
    host::log(level, message, fields);
}
