//! What one evaluation uses up, counted where it is used (Stepwell's; not in jlens-core 0.26.0).
//!
//! Upstream counts a step for each node evaluated and each function called back (ADR 0018). The
//! loops inside operators and built-in functions were not counted, nor what values take: an
//! array that holds itself twice, forty levels deep, kept `=` busy for days. Here every loop
//! whose length the data decides spends from the same budget of steps ([`items`], [`bytes`]),
//! and values say what memory they hold for as long as they live ([`Held`]).
//!
//! The counters belong to the thread: values are walked, made and dropped in places that know no
//! evaluator, and an evaluation stays on its thread. [`enter`] starts those of one evaluation, and
//! what it returns puts back the ones before, so that a host function may evaluate as well.

use std::cell::Cell;

use web_time::{Duration, Instant};

use crate::error::{Error, Result};

/// A step in the unit that is counted. A step is the work of evaluating a small node, some 50 ns.
const STEP: u64 = 16;

/// Looking at, comparing or copying a value: eight are a step.
const ITEM: u64 = 2;

/// Bytes of text read for one unit: 128 are a step.
const BYTES_READ: u64 = 8;

/// Bytes of text made for one unit: 16 are a step. Text says nothing when it is dropped, so this
/// is what bounds the memory of all the text that one evaluation makes.
const BYTES_MADE: u64 = 1;

/// Bytes of a value other than text made for one unit: 256 are a step.
const BYTES_HELD: u64 = 16;

/// Bytes of a value in a list.
const VALUE: usize = std::mem::size_of::<crate::value::Value<'static>>();

/// What a text takes besides its bytes: its counts and the allocator's own.
const TEXT: usize = 32;

/// How many steps may pass between two readings of the clock (ADR 0018).
const CLOCK_EVERY: u64 = 256 * STEP;

/// What the counters are read against.
#[derive(Clone, Copy)]
struct Bounds {
    steps_max: u64,
    held_max: usize,
    started: Option<Instant>,
    timeout: Option<Duration>,
}

struct Meter {
    /// Units left of the budget.
    left: Cell<u64>,
    /// Below this many left, [`look`] is due: at the next reading of the clock, at the end of the
    /// budget, or at once when too much is held.
    look_below: Cell<u64>,
    /// Bytes that the values of this thread hold.
    held: Cell<usize>,
    /// `held` above which an evaluation fails.
    held_max: Cell<usize>,
    bounds: Cell<Bounds>,
    /// Steps that the last evaluation took which ended on this thread.
    last: Cell<u64>,
}

thread_local! {
    static METER: Meter = const {
        Meter {
            left: Cell::new(u64::MAX),
            look_below: Cell::new(0),
            held: Cell::new(0),
            held_max: Cell::new(usize::MAX),
            bounds: Cell::new(Bounds {
                steps_max: u64::MAX,
                held_max: usize::MAX,
                started: None,
                timeout: None,
            }),
            last: Cell::new(0),
        }
    };
}

/// The counters of one evaluation, until it is dropped.
pub(crate) struct Running {
    left: u64,
    look_below: u64,
    held: usize,
    held_max: usize,
    bounds: Bounds,
}

/// Starts the counters of one evaluation.
pub(crate) fn enter(
    steps_max: Option<u64>,
    held_max: Option<usize>,
    timeout: Option<Duration>,
) -> Running {
    METER.with(|m| {
        let before = Running {
            left: m.left.get(),
            look_below: m.look_below.get(),
            held: m.held.get(),
            held_max: m.held_max.get(),
            bounds: m.bounds.get(),
        };
        let steps_max = steps_max.unwrap_or(u64::MAX).min(u64::MAX / STEP);
        let units = steps_max * STEP;
        m.left.set(units);
        m.look_below.set(match timeout {
            Some(_) => units.saturating_sub(CLOCK_EVERY),
            None => 0,
        });
        let held_max = held_max.unwrap_or(usize::MAX);
        m.held_max.set(before.held.saturating_add(held_max));
        m.bounds.set(Bounds {
            steps_max,
            held_max,
            started: timeout.map(|_| Instant::now()),
            timeout,
        });
        before
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        METER.with(|m| {
            m.last.set(steps_taken());
            m.left.set(self.left);
            m.look_below.set(self.look_below);
            // Values in a cycle that nothing cleared never say that they are gone.
            m.held.set(self.held);
            m.held_max.set(self.held_max);
            m.bounds.set(self.bounds);
        });
    }
}

/// The steps that the evaluation has taken so far.
pub(crate) fn steps_taken() -> u64 {
    METER.with(|m| m.bounds.get().steps_max - m.left.get() / STEP)
}

/// The steps taken by the evaluation that ended last on this thread, whatever came of it: for a
/// host with one budget for many evaluations.
pub fn last_steps() -> u64 {
    METER.with(|m| m.last.get())
}

/// Spends `n` steps.
#[inline]
pub(crate) fn steps(n: u64) -> Result<()> {
    spend(n.saturating_mul(STEP))
}

/// Spends what looking at, comparing or copying `n` values takes.
#[inline]
pub(crate) fn items(n: usize) -> Result<()> {
    spend(n as u64 * ITEM)
}

/// Spends what reading `n` bytes of text takes.
#[inline]
pub(crate) fn bytes(n: usize) -> Result<()> {
    spend(n as u64 / BYTES_READ)
}

/// Spends what comparing two texts takes, which ends with the shorter one.
#[inline]
pub(crate) fn texts(a: &str, b: &str) -> Result<()> {
    bytes(a.len().min(b.len()))
}

/// Spends, where it cannot fail: the next that can fail does.
#[inline]
pub(crate) fn owe_items(n: usize) {
    owe(n as u64 * ITEM);
}

/// Spends what making a text of `n` bytes takes, where it cannot fail.
#[inline]
pub(crate) fn owe_text(n: usize) {
    owe((n + TEXT) as u64 / BYTES_MADE);
}

#[inline]
fn owe(units: u64) {
    METER.with(|m| m.left.set(m.left.get().saturating_sub(units)));
}

#[inline]
fn spend(units: u64) -> Result<()> {
    METER.with(|m| match m.left.get().checked_sub(units) {
        Some(left) if left >= m.look_below.get() => {
            m.left.set(left);
            Ok(())
        }
        left => look(m, left),
    })
}

/// What [`spend`] does now and then: looks at memory, at the end of the budget and at the clock.
#[cold]
#[inline(never)]
fn look(m: &Meter, left: Option<u64>) -> Result<()> {
    let bounds = m.bounds.get();
    m.left.set(left.unwrap_or(0));
    if m.look_below.get() == u64::MAX {
        let mebibytes = bounds.held_max >> 20;
        return Err(Error::new("U1001").with(
            "message",
            format!("The values of an evaluation would exceed the size limit of {mebibytes} MiB"),
        ));
    }
    let Some(left) = left else {
        return Err(Error::new("U1006").with("value", bounds.steps_max));
    };
    let (Some(timeout), Some(started)) = (bounds.timeout, bounds.started) else {
        return Ok(());
    };
    if started.elapsed() > timeout {
        return Err(Error::new("D1012").with("value", timeout.as_millis() as u64));
    }
    m.look_below.set(left.saturating_sub(CLOCK_EVERY));
    Ok(())
}

/// Bytes that a value holds for as long as it lives.
#[derive(Default)]
pub(crate) struct Held(Cell<usize>);

impl Held {
    /// Holds `bytes`. Where that is too much, the next that can fail does.
    #[inline]
    pub(crate) fn new(bytes: usize) -> Held {
        let held = Held::default();
        held.add(bytes);
        held
    }

    /// Holds a list of `n` values while an operator or a function is at work on it.
    ///
    /// It fails before the list is made, if it is asked for before.
    pub(crate) fn list(n: usize) -> Result<Held> {
        let held = Held::new(n.saturating_mul(VALUE));
        spend(0)?;
        Ok(held)
    }

    /// Holds `bytes` more.
    #[inline]
    pub(crate) fn add(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes));
        METER.with(|m| {
            let held = m.held.get().saturating_add(bytes);
            m.held.set(held);
            m.left
                .set(m.left.get().saturating_sub(bytes as u64 / BYTES_HELD));
            if held > m.held_max.get() {
                m.look_below.set(u64::MAX);
            }
        });
    }

    /// Holds `n` more values in a list.
    #[inline]
    pub(crate) fn add_list(&self, n: usize) -> Result<()> {
        self.add(n.saturating_mul(VALUE));
        spend(0)
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        METER.with(|m| m.held.set(m.held.get().saturating_sub(self.0.get())));
    }
}
