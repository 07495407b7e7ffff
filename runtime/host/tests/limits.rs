//! Guests that want more than they may have, answer what they must not, or never end.

use std::task::{Context, Waker};
use std::time::Duration;

use host::{LOG_TAIL_BYTES_MAX, Limits, TaskHost as _};

use crate::guests::{answer, attempt, failure, host, limits, named, prepare, run};

#[tokio::test]
async fn a_tight_loop_ends_with_its_time() {
    let limits = Limits {
        timeout: Duration::from_millis(20),
        fuel_max: u64::MAX,
        ..limits()
    };
    let outcome = run("task/loops_for_ever", limits, "1").await;
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "States.Timeout");
    assert!(cause.contains("20ms"), "{cause}");
}

#[tokio::test]
async fn a_tight_loop_ends_when_it_is_dropped_and_lets_others_run() {
    let limits = Limits {
        fuel_max: u64::MAX,
        ..limits()
    };
    let digest = prepare("task/loops_for_ever").await.unwrap().digest;
    let looping = host().run(attempt(digest, limits, "1"));
    // Both on one thread: the neighbour's answer comes although the loop never ends.
    let neighbour = async {
        assert_eq!(answer("task/echo", "7").await, "7");
    };
    tokio::select! {
        _ = looping => panic!("a loop without end ended"),
        () = neighbour => (),
    }
}

#[tokio::test]
async fn polling_a_tight_loop_comes_back() {
    let limits = Limits {
        fuel_max: u64::MAX,
        ..limits()
    };
    let digest = prepare("task/loops_for_ever").await.unwrap().digest;
    let mut looping = host().run(attempt(digest, limits, "1"));
    // It would not come back at all, were it not interrupted.
    let poll = looping
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending());
    drop(looping);
}

#[tokio::test]
async fn one_that_sleeps_for_ever_ends_with_its_time() {
    let limits = Limits {
        timeout: Duration::from_millis(20),
        ..limits()
    };
    let outcome = run("command/sleeps_for_ever", limits, "1").await;
    assert_eq!(named(outcome.result.unwrap_err()).0, "States.Timeout");
}

#[tokio::test]
async fn fuel_runs_out_at_the_same_instruction_each_time() {
    let limits = Limits {
        fuel_max: 1_000_000,
        ..limits()
    };
    for _ in 0..2 {
        let outcome = run("task/loops_for_ever", limits, "1").await;
        assert_eq!(outcome.usage.fuel, 1_000_000);
        let (error, cause) = named(outcome.result.unwrap_err());
        assert_eq!(error, "Wasm.OutOfFuel");
        assert!(cause.contains("1000000"), "{cause}");
    }
}

#[tokio::test]
async fn memory_beyond_the_limit_is_a_failure_only_if_the_guest_cannot_live_with_it() {
    for name in [
        "task/grows_for_ever",
        "task/begins_with_too_much_memory",
        "command/exhausts_memory_and_exits",
    ] {
        let (error, cause) = failure(name).await;
        assert_eq!(error, "Wasm.OutOfMemory", "{name}: {cause}");
        assert!(cause.contains("16777216"), "{name}: {cause}");
    }
    assert_eq!(answer("task/grows_until_refused", "3").await, "3");
}

#[tokio::test]
async fn a_huge_table_is_refused() {
    assert_eq!(answer("task/grows_a_huge_table", "3").await, "3");
    let refused = prepare("task/declares_a_huge_table")
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("table"), "{refused}");
}

#[tokio::test]
async fn traps_say_what_and_where() {
    for (name, said) in [
        (
            "task/recurses_for_ever",
            "stack of 524288 bytes overflowed, in dig",
        ),
        ("task/traps", "unreachable` instruction executed, in boom"),
        ("task/divides_by_zero", "integer divide by zero"),
    ] {
        let (error, cause) = failure(name).await;
        assert_eq!(error, "Wasm.Trap", "{name}");
        assert!(cause.contains(said), "{name}: {cause}");
    }
}

#[tokio::test]
async fn what_is_not_json_or_too_long_is_invalid_output() {
    for (name, said) in [
        ("task/answers_what_is_not_json", "not JSON"),
        ("task/answers_what_is_not_utf8", "utf-8"),
        ("task/answers_a_gibibyte", ""),
        ("task/answers_eight_mebibytes", "6291456"),
        ("command/prints_nothing", "printed nothing"),
        ("command/prints_for_ever", "6291456"),
    ] {
        let limits = Limits {
            timeout: Duration::from_secs(60),
            ..limits()
        };
        let (error, cause) = named(run(name, limits, "1").await.result.unwrap_err());
        assert_eq!(error, "Wasm.InvalidOutput", "{name}: {cause}");
        assert!(cause.contains(said), "{name}: {cause}");
    }
}

#[tokio::test]
async fn a_flood_of_log_lines_is_dropped_and_a_huge_one_traps() {
    let wide = Limits {
        memory_bytes_max: 32 << 20,
        ..limits()
    };
    let outcome = run("task/logs_a_flood", wide, "3").await;
    assert_eq!(outcome.result.unwrap().text(), "3");
    assert_eq!(outcome.log_tail.len(), LOG_TAIL_BYTES_MAX);
    assert!(
        outcome
            .log_tail
            .ends_with("\n984 log lines dropped: an attempt may log 1048576 bytes\n"),
        "{}",
        outcome.log_tail
    );
    let outcome = run("task/logs_sixteen_mebibytes", wide, "3").await;
    assert_eq!(named(outcome.result.unwrap_err()).0, "Wasm.Trap");
}
