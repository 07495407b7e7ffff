//! A module that was granted nothing sees nothing: the same attempt is the same, twice.

use host::TaskHost as _;

use crate::guests::{answer, attempt, host, limits, prepare};

#[tokio::test]
async fn clocks_and_chance_are_the_same_for_the_same_attempt() {
    let digest = prepare("command/prints_clock_and_chance")
        .await
        .unwrap()
        .digest;
    let first = attempt(digest, limits(), "1");
    let mut another = first.clone();
    another.context.idempotency_key = "key-2".to_owned();
    let again = host().run(first.clone()).await.unwrap();
    let first = host().run(first).await.unwrap();
    let another = host().run(another).await.unwrap();
    assert_eq!(first.usage.fuel, again.usage.fuel);
    let (first, again) = (first.result.unwrap(), again.result.unwrap());
    assert_eq!(first, again);
    assert_ne!(first, another.result.unwrap());
}

#[tokio::test]
async fn clocks_begin_at_the_schedule_and_move_by_what_was_waited() {
    let printed = answer("command/prints_clock_and_chance", "1").await;
    let nanoseconds = |at: usize| {
        let digits = &printed[at..at + 16];
        let bytes = (0..8).map(|byte| u64::from_str_radix(&digits[byte * 2..byte * 2 + 2], 16));
        bytes
            .enumerate()
            .map(|(byte, value)| value.unwrap() << (8 * byte))
            .sum::<u64>()
    };
    // A millisecond of sleep, and one or two microseconds of reading.
    assert_eq!(nanoseconds(1), 1_700_000_000_000_000_000 + 1_001_000);
    assert_eq!(nanoseconds(17), 1_002_000);
}

#[tokio::test]
async fn there_are_no_files_arguments_or_variables() {
    // 8 is EBADF: there is no directory to open anything in.
    assert_eq!(answer("command/looks_around", "1").await, "[8,8,0,0]");
}
