//! What must hold of whatever a seed makes: see `oracles`. The fuzz targets ask the same of
//! whatever a fuzzer makes.

use std::panic;
use std::time::Instant;

use tests::oracles::{ORACLES, of_seed};

/// Seeds for each oracle unless `STEPWELL_SEEDS` says how many.
const SEEDS: u64 = 400;

#[test]
fn properties_hold() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds = match number("STEPWELL_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("STEPWELL_SEEDS").unwrap_or(SEEDS),
    };
    for (name, oracle) in ORACLES {
        let start = Instant::now();
        for seed in seeds.clone() {
            let held = panic::catch_unwind(|| of_seed(oracle, seed));
            assert!(
                held.is_ok(),
                "{name} does not hold\nSTEPWELL_SEED={seed} cargo test -p tests properties"
            );
        }
        println!("{name}: {seeds:?} in {:?}", start.elapsed());
    }
}
