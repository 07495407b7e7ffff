//! How does what things cost grow with their number or size?
//!
//! `cargo bench -p bench --bench growth`. Each series is one curve: states in a row, branches
//! and items of one execution, branches that wait while one goes on, bytes of payload, events
//! of a history, executions that wait and that have ended. Expected: whatever visits all of n
//! grows with n, and whatever visits one of n stays as it is. `cargo xtask bench` draws the
//! curves into `docs/growth/`. Noise only adds, so each point is the best of some rounds, in
//! processor time: on the wall there is what others do on the machine.

mod interpreter;
mod node;

use bench::Figure;
use rustix::time::{ClockId, clock_gettime};

/// The clock of what one thread does.
const THREAD: ClockId = ClockId::ThreadCPUTime;
/// The clock of what all threads do.
const PROCESS: ClockId = ClockId::ProcessCPUTime;

fn main() {
    interpreter::all();
    node::all();
}

/// One point of a curve.
fn point(series: &str, at: usize, value: f64, unit: &str) {
    Figure::new("growth", series, value, unit)
        .at(at as f64)
        .print();
}

/// The least processor time of some rounds, in milliseconds: of this thread or of the process.
/// Not the time on the wall, which has what others do on the machine in it.
fn best(clock: ClockId, rounds: usize, mut round: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let began = spent(clock);
        round();
        best = best.min(spent(clock) - began);
    }
    best
}

/// The processor time so far, in milliseconds.
fn spent(clock: ClockId) -> f64 {
    let now = clock_gettime(clock);
    now.tv_sec as f64 * 1e3 + now.tv_nsec as f64 / 1e6
}
