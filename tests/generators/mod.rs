//! Texts and values made from bytes: a fuzzer's, or those of a seed.
//!
//! Every generator takes its decisions from [`Choices`], so that the same bytes give the same
//! text, and a shorter input gives a smaller one. Most texts are nearly right: what is quite
//! wrong is refused at once, and tells little.

mod choices;
mod definition;
mod intrinsics;
mod json;
mod jsonata;
mod jsonpath;

pub use choices::{Choices, bytes_of_seed};
pub use definition::definition;
pub use intrinsics::intrinsic;
pub use json::value;
pub use jsonata::{expression, tame_expression};
pub use jsonpath::{Step, path, plain};

/// Names that generated values have, and generated texts ask for.
const NAMES: [&str; 8] = ["a", "b", "c", "items", "n", "s", "größe", "it's"];
