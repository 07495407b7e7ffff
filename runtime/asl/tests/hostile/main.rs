//! What texts, values and definitions come to that were made to take the host's time, memory or
//! stack: each ends with a clear error, within bounds.
//!
//! Memory is measured: the peak of what this binary allocates, row by row. Time is not asserted,
//! since it is the machine's: steps are counted instead, and no row may end by the clock. To see
//! both: `cargo test --release -p asl --test hostile -- --nocapture`.
//!
//! Read [`Rows`] first; [`jsonata`], [`jsonpath`] and [`machines`] are tables.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use asl::Timestamp;
use asl::query::{Budget, Draws, Scope, Variables};
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

mod jsonata;
mod jsonpath;
mod machines;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What one row may take: half a gibibyte, as for every evaluation.
const BYTES_MAX: usize = 512 << 20;

/// How a row is expected to end.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// With an error that says so.
    With(&'static str),
    /// With a value: large, but what an author may want.
    Well,
}

const STEPS: Ends = Ends::With("exceeded the limit of evaluation steps");
const SIZE: Ends = Ends::With("exceeded the limit of memory for a string, an array or the result");
const DEPTH: Ends = Ends::With("exceeded the limit of nesting depth");

/// The rows of one table, each run alone and measured. Dropped, it fails for all that went wrong.
#[derive(Default)]
struct Rows(Vec<String>);

impl Rows {
    /// Runs one row, prints what it took, and checks how it ended.
    fn row(&mut self, name: &str, ends: Ends, run: impl FnOnce() -> Result<(), String>) {
        let (ended, bytes) = measured(name, run);
        if bytes >= BYTES_MAX {
            self.0.push(format!("{name}: took {bytes} bytes"));
        }
        let as_expected = match (ends, &ended) {
            (Ends::Well, ended) => ended.is_ok(),
            (Ends::With(expected), Err(error)) => error.contains(expected),
            (Ends::With(_), Ok(())) => false,
        };
        if !as_expected {
            let ended = format!("{ended:?}");
            self.0
                .push(format!("{name}: {ended:.300}, and not {ends:?}"));
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{}", self.0.join("\n"));
        }
    }
}

/// What `run` answers, and the most bytes that were allocated at once while it ran.
fn measured<T>(name: &str, run: impl FnOnce() -> T) -> (T, usize) {
    // Tests run side by side, but the allocator counts for all of them.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let start = Instant::now();
    let answer = run();
    let (took, bytes) = (start.elapsed(), MEMORY.peak_usage().saturating_sub(before));
    println!(
        "{:>8.1} ms {:>6.1} MiB  {name:.70}",
        took.as_secs_f64() * 1e3,
        bytes as f64 / f64::from(1 << 20),
    );
    (answer, bytes)
}

/// Calls `read` with a scope whose input is `input`, and a budget of its own.
fn scoped<T>(input: &Value, read: impl FnOnce(&Scope<'_>) -> T) -> T {
    read(&Scope {
        input,
        result: None,
        error_output: None,
        context: &json!({}),
        variables: &Variables::new(),
        draws: &Draws::new(0),
        budget: &Budget::new(),
        now: Timestamp(0),
    })
}
