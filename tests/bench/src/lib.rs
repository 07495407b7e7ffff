//! What all benches share: the [`Figure`] that each of them prints, and what a run of them is.
//!
//! A bench measures, and beside it the physical limit in the same run: a bare loop of what
//! cannot be left out. `cargo xtask bench` gathers the figures of all benches into a [`Run`],
//! prints it as a table and keeps it under `tests/bench/runs/`. This crate runs nothing of
//! Stepwell: the benches do. Read [`Figure`] first.

mod figure;
mod machine;
mod process;
mod run;
mod table;
mod usual;

pub use figure::{Figure, Target};
pub use machine::Machine;
pub use process::{memory_bytes, memory_bytes_peak, processor_seconds};
pub use run::{Run, RunError};
pub use usual::{INPUT, THREE_STATES};
