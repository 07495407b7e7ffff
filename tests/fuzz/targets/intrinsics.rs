//! See `tests::oracles::intrinsics`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tests::oracles::intrinsics(bytes));
