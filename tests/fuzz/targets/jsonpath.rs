//! See `tests::oracles::jsonpath`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::jsonpath(bytes));
