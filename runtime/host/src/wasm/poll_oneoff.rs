//! `poll_oneoff` of WASI preview 1 over the guest's own time.
//!
//! wasmtime's waits without moving the clock a guest reads, which would then wait again
//! for ever. Standard input and output are in memory here, hence always ready, as files are;
//! so the whole call is: answer what is ready, else wait for the earliest clock.

use wasmtime::{Caller, Extern, Linker, Memory, error::Context as _};

use super::guest::Guest;
use super::limits;

/// Bytes of a `subscription` and of an `event`, as preview 1 lays them out.
const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

const ERRNO_SUCCESS: u16 = 0;
const ERRNO_BADF: u16 = 8;
const ERRNO_INVAL: u16 = 28;
const EVENT_CLOCK: u8 = 0;
const EVENT_FD_READ: u8 = 1;
const EVENT_FD_WRITE: u8 = 2;
const CLOCK_REALTIME: u32 = 0;
const CLOCK_MONOTONIC: u32 = 1;
const FLAG_ABSTIME: u16 = 1;
/// Standard error: the last descriptor there is, unless directories are granted.
const FD_LAST: u32 = 2;

/// Puts this `poll_oneoff` in the place of wasmtime's.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    linker.func_wrap_async(
        "wasi_snapshot_preview1",
        "poll_oneoff",
        |mut caller: Caller<'_, Guest>, (subs, events, count, ready): (u32, u32, u32, u32)| {
            Box::new(async move {
                poll(&mut caller, subs, events, count, ready)
                    .await
                    .map(u32::from)
            })
        },
    )?;
    Ok(())
}

/// One thing a guest waits for.
struct Subscription {
    userdata: u64,
    event: u8,
    wait: Wait,
}

enum Wait {
    /// A descriptor that is ready.
    Ready,
    /// Something that can never be; the errno says why.
    Never(u16),
    /// A moment of the guest's time, in nanoseconds.
    Until(u64),
}

/// The call: returns an errno, and traps when a pointer lies outside the memory.
async fn poll(
    caller: &mut Caller<'_, Guest>,
    subs: u32,
    events: u32,
    count: u32,
    ready: u32,
) -> wasmtime::Result<u16> {
    if count == 0 || count > limits::SUBSCRIPTIONS_MAX {
        return Ok(ERRNO_INVAL);
    }
    let memory = match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => memory,
        _ => return Err(wasmtime::Error::msg("the module exports no memory")),
    };
    let mut subscriptions = Vec::with_capacity(count as usize);
    for index in 0..count {
        subscriptions.push(read_subscription(caller, memory, subs, index)?);
    }
    let earliest = subscriptions
        .iter()
        .filter_map(|subscription| match subscription.wait {
            Wait::Until(moment) => Some(moment),
            Wait::Ready | Wait::Never(_) => None,
        });
    let time = caller.data_mut().time().clone();
    let mut reached = time.after(0);
    if subscriptions
        .iter()
        .all(|subscription| matches!(subscription.wait, Wait::Until(_)))
        && let Some(earliest) = earliest.min()
    {
        time.wait_until(earliest).await;
        reached = time.after(0);
    }
    let mut written = 0;
    for subscription in &subscriptions {
        let errno = match subscription.wait {
            Wait::Ready => ERRNO_SUCCESS,
            Wait::Never(errno) => errno,
            Wait::Until(moment) if moment <= reached => ERRNO_SUCCESS,
            Wait::Until(_) => continue,
        };
        let at = offset(events, written, EVENT_BYTES)?;
        memory
            .write(&mut *caller, at, &event_bytes(subscription, errno))
            .context("events")?;
        written += 1;
    }
    memory
        .write(&mut *caller, ready as usize, &written.to_le_bytes())
        .context("count")?;
    Ok(ERRNO_SUCCESS)
}

/// Where the `index`th record of `size` bytes lies.
fn offset(base: u32, index: u32, size: u32) -> wasmtime::Result<usize> {
    let at = index
        .checked_mul(size)
        .and_then(|distance| base.checked_add(distance));
    at.map(|at| at as usize)
        .context("a pointer lies outside the memory")
}

fn read_subscription(
    caller: &mut Caller<'_, Guest>,
    memory: Memory,
    base: u32,
    index: u32,
) -> wasmtime::Result<Subscription> {
    let mut bytes = [0; SUBSCRIPTION_BYTES as usize];
    let at = offset(base, index, SUBSCRIPTION_BYTES)?;
    memory
        .read(&mut *caller, at, &mut bytes)
        .context("subscriptions")?;
    let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight"));
    let int = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
    let flags = u16::from_le_bytes([bytes[40], bytes[41]]);
    let event = bytes[8];
    // Files are always ready.
    let has_files = !caller.data().grants().directories.is_empty();
    let wait = match event {
        EVENT_CLOCK => clock_wait(caller.data_mut(), int(16), long(24), flags),
        EVENT_FD_READ | EVENT_FD_WRITE if int(16) <= FD_LAST || has_files => Wait::Ready,
        EVENT_FD_READ | EVENT_FD_WRITE => Wait::Never(ERRNO_BADF),
        _ => Wait::Never(ERRNO_INVAL),
    };
    Ok(Subscription {
        userdata: long(0),
        event,
        wait,
    })
}

/// When a subscription to a clock fires, on the guest's own time.
fn clock_wait(guest: &mut Guest, clock: u32, timeout: u64, flags: u16) -> Wait {
    let begun = match clock {
        CLOCK_REALTIME => guest.time().begun(),
        CLOCK_MONOTONIC => std::time::Duration::ZERO,
        _ => return Wait::Never(ERRNO_INVAL),
    };
    let begun = u64::try_from(begun.as_nanos()).unwrap_or(u64::MAX);
    Wait::Until(if flags & FLAG_ABSTIME == 0 {
        guest.time().after(timeout)
    } else {
        timeout.saturating_sub(begun)
    })
}

fn event_bytes(subscription: &Subscription, errno: u16) -> [u8; EVENT_BYTES as usize] {
    let mut bytes = [0; EVENT_BYTES as usize];
    bytes[..8].copy_from_slice(&subscription.userdata.to_le_bytes());
    bytes[8..10].copy_from_slice(&errno.to_le_bytes());
    bytes[10] = subscription.event;
    if subscription.event != EVENT_CLOCK {
        // At least one byte can be read or written without waiting.
        bytes[16..24].copy_from_slice(&1_u64.to_le_bytes());
    }
    bytes
}
