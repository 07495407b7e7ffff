//! What must hold of whatever is made up: nothing panics, everything ends within its bounds, and
//! the same again gives the same.
//!
//! Each oracle takes bytes, makes what it judges of them, and panics where something does not
//! hold. An odd first byte takes the rest as text, as it is; an even one has a generator make it.

mod data_flow;
mod machines;
mod queries;

use crate::generators::{Choices, bytes_of_seed};

pub use data_flow::data_flow;
pub use machines::{definition, history};
pub use queries::{intrinsics, jsonata, jsonpath};

/// Whether bytes are to be taken as text.
fn raw(choices: &mut Choices<'_>) -> bool {
    choices.once_in(2)
}

/// An oracle, by the name of its fuzz target.
pub type Oracle = (&'static str, fn(&[u8]));

/// All of them.
pub const ORACLES: [Oracle; 6] = [
    ("data_flow", data_flow),
    ("definition", definition),
    ("history", history),
    ("intrinsics", intrinsics),
    ("jsonata", jsonata),
    ("jsonpath", jsonpath),
];

/// Asks an oracle about what a generator makes of a seed.
pub fn of_seed(oracle: fn(&[u8]), seed: u64) {
    let mut bytes = bytes_of_seed(seed);
    // Text of random bytes is refused at once: that is for a fuzzer, which learns.
    bytes[0] = 0;
    oracle(&bytes);
}
