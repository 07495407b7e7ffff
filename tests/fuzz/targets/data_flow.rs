//! See `tests::oracles::data_flow`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::data_flow(bytes));
