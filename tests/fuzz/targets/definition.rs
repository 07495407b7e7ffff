//! See `tests::oracles::definition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::definition(bytes));
