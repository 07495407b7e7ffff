//! See `tests::oracles::history`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::history(bytes));
