//! What became of an attempt, in a failure's name and in words for a person: what
//! happened, which limit it met, and what can be done.

use asl::{ErrorName, Failure, Payload};
use serde::Deserialize;
use wasmtime::{Trap, WasmBacktrace};

use super::guest::Guest;
use super::instance::{Returned, named_by_guest};
use super::limits;
use super::stream::PrintedTooMuch;
use crate::{Error, Limits};

/// The attempt took longer than its module version may.
#[derive(Debug, thiserror::Error)]
#[error("the attempt ran out of time")]
pub(super) struct TimedOut;

/// Functions of a backtrace that a cause names.
const FRAMES_MAX: usize = 6;
/// One function's name in a cause, in bytes: C++ and Rust have long ones.
const FRAME_BYTES_MAX: usize = 160;

/// The result of an attempt.
///
/// # Errors
/// [`Error::Sandbox`] when it was not the guest that failed.
pub(super) fn of(
    called: wasmtime::Result<Returned>,
    guest: &Guest,
    limits: &Limits,
) -> Result<Result<Payload, Failure>, Error> {
    Ok(match called {
        Ok(Returned::Answer(text)) => answer(text, limits),
        Ok(Returned::Failed { error, cause }) => Err(named_by_guest(&error, &cause)),
        Ok(Returned::Unreadable(error)) => Err(unreadable(&error, limits)),
        Ok(Returned::Exited(0)) => printed(guest, limits),
        Ok(Returned::Exited(code)) => Err(exit(code, guest, limits)),
        Err(error) => Err(interrupted(error, guest, limits)?),
    })
}

/// Text that should be JSON.
fn answer(text: String, limits: &Limits) -> Result<Payload, Failure> {
    if text.len() as u64 > limits.output_bytes_max {
        return Err(too_long(limits));
    }
    Payload::from_text(text)
        .map_err(|error| invalid_output(format!("the Task's answer is {error}")))
}

/// An answer that lies outside the guest's memory, is not UTF-8, or is so long that
/// wasmtime refused to copy it.
fn unreadable(error: &wasmtime::Error, limits: &Limits) -> Failure {
    let said = one_line(error);
    if said.contains("fuel allocated for hostcalls") {
        return too_long(limits);
    }
    invalid_output(format!("the Task's answer cannot be read: {said}"))
}

/// What a command printed should be JSON, and white space around it does no harm.
fn printed(guest: &Guest, limits: &Limits) -> Result<Payload, Failure> {
    let printed = guest.take_printed();
    let text = std::str::from_utf8(&printed)
        .map_err(|error| invalid_output(format!("standard output is not UTF-8: {error}")))?;
    match text.trim() {
        "" => Err(invalid_output(
            "the command printed nothing; print one JSON value".to_owned(),
        )),
        text => answer(text.to_owned(), limits),
    }
}

fn invalid_output(cause: String) -> Failure {
    Failure::new(ErrorName::WASM_INVALID_OUTPUT, cause)
}

fn too_long(limits: &Limits) -> Failure {
    invalid_output(format!(
        "the answer is longer than {} bytes; store what is large elsewhere and answer where",
        limits.output_bytes_max
    ))
}

/// What a command may print when it fails, as Lambda's runtimes do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedFailure {
    error_type: String,
    #[serde(default)]
    error_message: String,
}

/// A command ended with a code other than 0.
fn exit(code: i32, guest: &Guest, limits: &Limits) -> Failure {
    if let Ok(failure) = serde_json::from_slice::<PrintedFailure>(&guest.take_printed()) {
        return named_by_guest(&failure.error_type, &failure.error_message);
    }
    let said = match guest.stderr_tail() {
        said if said.is_empty() => "and said nothing on standard error".to_owned(),
        said => format!("; standard error ends with: {said}"),
    };
    if guest.memory.refused() {
        return out_of_memory(limits, &format!("it then exited with code {code} {said}"));
    }
    Failure::new(
        ErrorName::WASM_TRAP,
        format!("the command exited with code {code} {said}"),
    )
}

/// The guest did not come back by itself.
fn interrupted(error: wasmtime::Error, guest: &Guest, limits: &Limits) -> Result<Failure, Error> {
    if error.is::<TimedOut>() {
        return Ok(Failure::new(
            ErrorName::TIMEOUT,
            format!(
                "the attempt took longer than the module's timeout of {:?}; raise it or do less at once",
                limits.timeout
            ),
        ));
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Err(super::sandbox(error));
    }
    let where_ = frames(&error);
    let Some(trap) = error.downcast_ref::<Trap>().copied() else {
        return Ok(without_trap(&error, &where_, guest, limits));
    };
    Ok(match trap {
        Trap::OutOfFuel => Failure::new(
            ErrorName::WASM_OUT_OF_FUEL,
            format!(
                "the attempt used all its fuel of {} units{where_}; raise the module's fuel or do less at once",
                limits.fuel_max
            ),
        ),
        Trap::StackOverflow => Failure::new(
            ErrorName::WASM_TRAP,
            format!(
                "the stack of {} bytes overflowed{where_}; recurse less deeply",
                limits::STACK_BYTES_MAX
            ),
        ),
        trap if guest.memory.refused() => {
            out_of_memory(limits, &format!("it then trapped: {trap}{where_}"))
        }
        trap => Failure::new(
            ErrorName::WASM_TRAP,
            format!("the guest trapped: {trap}{where_}"),
        ),
    })
}

/// The guest ended without a trap of its own: it could not begin, broke the rules of a
/// call, or its answer could not be read.
fn without_trap(error: &wasmtime::Error, where_: &str, guest: &Guest, limits: &Limits) -> Failure {
    let said = one_line(error);
    if guest.memory.refused() {
        return out_of_memory(limits, &said);
    }
    if error.is::<PrintedTooMuch>() {
        return too_long(limits);
    }
    Failure::new(
        ErrorName::WASM_TRAP,
        format!("the guest trapped: {said}{where_}"),
    )
}

fn out_of_memory(limits: &Limits, then: &str) -> Failure {
    Failure::new(
        ErrorName::WASM_OUT_OF_MEMORY,
        format!(
            "the guest asked for more than its {} bytes of memory; {then}; raise the module's memory or hold less at once",
            limits.memory_bytes_max
        ),
    )
}

/// An error and its causes in one line, without the backtrace that wasmtime prints.
fn one_line(error: &wasmtime::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| !cause.starts_with("error while executing"))
        .collect::<Vec<_>>()
        .join(": ")
}

/// The functions the guest was in, innermost first; empty when none has a name.
fn frames(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return String::new();
    };
    let names: Vec<String> = backtrace
        .frames()
        .iter()
        .filter_map(|frame| frame.func_name())
        .take(FRAMES_MAX)
        .map(demangled)
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", in {}", names.join(" < "))
    }
}

fn demangled(name: &str) -> String {
    let mut name = format!("{:#}", rustc_demangle::demangle(name));
    name.truncate(name.floor_char_boundary(FRAME_BYTES_MAX));
    name
}
