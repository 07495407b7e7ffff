//! `cargo xtask`: gets what a fresh machine lacks, then demo, test or bench.
fn main() {}
