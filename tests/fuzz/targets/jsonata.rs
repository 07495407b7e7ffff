//! See `tests::oracles::jsonata`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::jsonata(bytes));
