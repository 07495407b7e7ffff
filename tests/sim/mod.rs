//! The simulator: the real engine on a journal that forgets, a host that answers from a
//! script, and time that stands still until everything waits. One seed is one run.
//!
//! A run makes a random state machine, starts it, and crashes the process at random
//! instants until the execution ends. Checkers, in files of their own, judge what is on
//! the disk after each crash and at the end.

mod chance;
mod checkers;
mod express;
mod lives;
mod machine;

pub(crate) use chance::SeededEntropy;

/// Seeds that are run unless `STEPWELL_SEEDS` says how many.
const SEEDS: u64 = 200;

#[test]
fn a_run_of_any_seed_is_sound() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds: Vec<u64> = match number("STEPWELL_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("STEPWELL_SEEDS").unwrap_or(SEEDS)).collect(),
    };
    let mut totals = lives::Tally::default();
    let mut express = 0;
    for seed in &seeds {
        let lived = lives::run(*seed).map(|tally| totals.add(&tally));
        match lived.and_then(|()| express::run(*seed)) {
            Ok(ends) => express += ends,
            Err(why) => panic!("{why}\nSTEPWELL_SEED={seed} cargo test -p tests sim"),
        }
    }
    println!(
        "{} seeds: {totals:?}; Express ended {express} times",
        seeds.len()
    );
    assert!(
        seeds.len() < 100 || express > seeds.len(),
        "too tame: no Express execution started again"
    );
    assert!(
        seeds.len() < 100 || totals.reaches_everything(),
        "too tame: {totals:?}"
    );
}
