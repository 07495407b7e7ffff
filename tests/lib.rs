//! The tests of the whole are in the test binary `tests`: see main.rs.
