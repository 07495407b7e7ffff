//! The life of one attempt: a fresh store and instance, one call, one outcome.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use asl::{ErrorName, Failure, Payload};
use wasmtime::{Engine, Store, Trap, UpdateDeadline, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::bindings::stepwell::task::types;
use super::guest::Guest;
use super::lane::Ticks;
use super::limits;
use super::loaded::{Linked, Loaded};
use super::secrets::SecretStore;
use super::verdict::{self, TimedOut};
use crate::{Attempt, Error, Grants, Limits, Outcome, Usage};

/// How a call came back, when it did.
pub(super) enum Returned {
    /// A Task's answer.
    Answer(String),
    /// A Task's own failure.
    Failed {
        /// The error name.
        error: String,
        /// What happened.
        cause: String,
    },
    /// A Task returned, but what it answers cannot be taken.
    Unreadable(wasmtime::Error),
    /// A command ended with this code.
    Exited(i32),
}

/// What an attempt runs with.
pub(super) struct Run {
    /// The module.
    pub(super) loaded: Arc<Loaded>,
    /// Where secrets are.
    pub(super) secrets: Arc<SecretStore>,
    /// Counts how often the clock finds it at work.
    pub(super) ticks: Ticks,
}

impl Run {
    /// Runs one attempt, which has a place in the pool.
    ///
    /// # Errors
    /// [`Error::Sandbox`] when it was not the guest that failed.
    pub(super) async fn attempt(self, engine: &Engine, attempt: Attempt) -> Result<Outcome, Error> {
        let Attempt {
            module,
            input,
            context,
            on_heartbeat,
        } = attempt;
        let limits = module.limits;
        let begun = Instant::now();
        // An end beyond what the clock can tell is no end.
        let deadline = begun.checked_add(limits.timeout);
        let reads = (!matches!(self.loaded.linked, Linked::Task(_))).then(|| input.clone());
        let mut guest = Guest::new(&module, context, on_heartbeat, reads);
        if let Err(failure) = equip(&mut guest, &module.grants, &self.secrets) {
            return Ok(not_begun(failure, &limits, begun.elapsed()));
        }
        let mut store = store(engine, &limits, deadline, guest, self.ticks)?;
        let call = call(&self.loaded.linked, &mut store, &input);
        let called = within(deadline, call).await;
        let wall_time = begun.elapsed();
        let guest = store.data();
        let mut result = guest.keep_secrets(verdict::of(called, guest, &limits)?);
        if let Err(failure) = &mut result {
            guest.denials().explain(failure);
        }
        Ok(Outcome {
            result,
            usage: usage(&store, &limits, wall_time),
            log_tail: store.data().log_tail(),
        })
    }
}

/// Gets what the guest is granted and might not be had.
fn equip(guest: &mut Guest, grants: &Grants, secrets: &SecretStore) -> Result<(), Failure> {
    if grants.secrets.is_empty() && grants.directories.is_empty() {
        return Ok(());
    }
    // A few small files of this machine: not worth a thread of their own.
    let equipped = guest.equip(secrets);
    equipped.map_err(|missing| {
        Failure::new(
            ErrorName::GRANT_UNAVAILABLE,
            format!("what the module is granted is not to be had: {missing}"),
        )
    })
}

/// The outcome of an attempt whose guest never ran.
fn not_begun(failure: Failure, limits: &Limits, wall_time: Duration) -> Outcome {
    Outcome {
        result: Err(failure),
        usage: Usage {
            wall_time,
            memory_bytes_max: limits.memory_bytes_max,
            ..Usage::default()
        },
        log_tail: String::new(),
    }
}

/// A store that holds the guest to its limits.
fn store(
    engine: &Engine,
    limits: &Limits,
    deadline: Option<Instant>,
    guest: Guest,
    ticks: Ticks,
) -> Result<Store<Guest>, Error> {
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_fuel(limits.fuel_max).map_err(super::sandbox)?;
    store.set_hostcall_fuel(limits::HOST_CALL_BYTES_MAX);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| {
        ticks.add();
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Err(TimedOut.into());
        }
        // tokio's own yield, rather than wasmtime's: it lets timers and sockets be looked
        // at before the guest goes on, so that others hear of time while guests spin.
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(tokio::task::yield_now()),
        ))
    });
    Ok(store)
}

/// The call, or [`TimedOut`]. A guest that runs sees the deadline by itself; this is for one that
/// waits, and most never do: they cost no timer.
async fn within(
    deadline: Option<Instant>,
    call: impl Future<Output = wasmtime::Result<Returned>>,
) -> wasmtime::Result<Returned> {
    let mut call = pin!(call);
    let first = poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(returned) => Poll::Ready(Some(returned)),
        Poll::Pending => Poll::Ready(None),
    });
    if let Some(returned) = first.await {
        return returned;
    }
    // After a guest computed, whoever asked, and the timer's runtime with them, may be gone, and
    // a timer without a runtime panics. A task that is given up is not begun again.
    tokio::task::yield_now().await;
    let Some(deadline) = deadline else {
        return call.await;
    };
    tokio::select! {
        // The timer first, for the same reason.
        biased;
        () = tokio::time::sleep_until(deadline.into()) => Err(TimedOut.into()),
        returned = call => returned,
    }
}

/// Instantiates and calls.
async fn call(
    linked: &Linked,
    store: &mut Store<Guest>,
    input: &Payload,
) -> wasmtime::Result<Returned> {
    match linked {
        Linked::Task(task) => {
            let task = task.instantiate_async(&mut *store).await?;
            let handler = task.stepwell_task_handler();
            // The generated binding wants a `String`.
            let input = input.text().to_owned();
            match handler.call_handle(store, &input).await {
                Ok(Ok(answer)) => Ok(Returned::Answer(answer)),
                Ok(Err(types::Failure { error, cause })) => Ok(Returned::Failed { error, cause }),
                // Whatever ends a guest that runs leaves a trap or a trace of its calls.
                Err(error) if error.is::<Trap>() || error.is::<WasmBacktrace>() => Err(error),
                Err(error) => Ok(Returned::Unreadable(error)),
            }
        }
        Linked::Command(command) => {
            let ran = async {
                let command = command.instantiate_async(&mut *store).await?;
                command.wasi_cli_run().call_run(store).await
            };
            exited(ran.await.map(|ran| i32::from(ran.is_err())))
        }
        Linked::Preview1(module) => {
            let ran = async {
                let instance = module.instantiate_async(&mut *store).await?;
                let start = instance.get_typed_func::<(), ()>(&mut *store, "_start")?;
                start.call_async(store, ()).await
            };
            exited(ran.await.map(|()| 0))
        }
    }
}

/// A command also ends by calling `exit`, from however deep.
fn exited(ran: wasmtime::Result<i32>) -> wasmtime::Result<Returned> {
    match ran {
        Ok(code) => Ok(Returned::Exited(code)),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(code)) => Ok(Returned::Exited(*code)),
            None => Err(error),
        },
    }
}

fn usage(store: &Store<Guest>, limits: &Limits, wall_time: Duration) -> Usage {
    // Fuel is on, so there is always a rest to tell; what ran out has none.
    let rest = store.get_fuel().unwrap_or(0);
    Usage {
        fuel: limits.fuel_max.saturating_sub(rest),
        memory_bytes_peak: store.data().memory.bytes_peak(),
        wall_time,
        memory_bytes_max: limits.memory_bytes_max,
        http_bytes: store.data().http_bytes(),
    }
}

/// The failure a guest names itself, within the bounds that a failure has. A name that is
/// not the guest's to give is not given: a Retrier for the host's own would believe it.
pub(super) fn named_by_guest(error: &str, cause: &str) -> Failure {
    let cut = |text: &str, chars_max: usize| -> String { text.chars().take(chars_max).collect() };
    let error = cut(error, asl::limits::ERROR_CHARS_MAX);
    if let Some(prefix) = ErrorName::reserved_prefix(&error) {
        let cause = format!(
            "the Task failed by the name `{error}`, but names beginning with `{prefix}` are not \
             a Task's to give; rename it. Its cause: {cause}"
        );
        let cause = cut(&cause, asl::limits::CAUSE_CHARS_MAX);
        return Failure::new(ErrorName::WASM_INVALID_OUTPUT, cause);
    }
    let error = match &*error {
        "" => ErrorName::TASK_FAILED,
        named => named,
    };
    Failure::new(error, cut(cause, asl::limits::CAUSE_CHARS_MAX))
}
