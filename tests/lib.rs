//! What is made up, and what must hold of it: for the property tests of this package and for
//! the fuzz targets of `fuzz/`, which draw from the same code.
//!
//! The tests themselves are in the test binary `tests`: see main.rs.

pub mod generators;
pub mod oracles;
