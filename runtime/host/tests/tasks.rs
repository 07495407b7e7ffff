//! Guests that behave, of all three kinds.

use std::sync::atomic::Ordering::SeqCst;

use host::Kind;
use host::TaskHost as _;

use crate::guests::{answer, attempt, counting, failure, host, limits, prepare, run};

#[tokio::test]
async fn all_three_kinds_are_told_apart_and_answer() {
    for (name, kind, expected) in [
        ("task/echo", Kind::Task, r#"{"id":  7}"#),
        ("command/echo", Kind::Preview1, r#"{"id":  7}"#),
        ("prints_ok_component", Kind::Command, r#"{"ok":true}"#),
    ] {
        let prepared = prepare(name).await.unwrap();
        assert_eq!(prepared.kind, kind, "{name}");
        assert_eq!(answer(name, r#"{"id":  7}"#).await, expected, "{name}");
    }
}

#[tokio::test]
async fn a_task_keeps_the_name_of_its_failure() {
    let (error, cause) = failure("task/fails_by_name").await;
    assert_eq!((&*error, &*cause), ("CardDeclined", "Insufficient funds"));
    let (error, cause) = failure("command/exits_with_a_named_failure").await;
    assert_eq!((&*error, &*cause), ("OutOfStock", "none left"));
}

#[tokio::test]
async fn an_exit_code_comes_with_what_was_complained_of() {
    let (error, cause) = failure("command/exits_with_three").await;
    assert_eq!(error, "Wasm.Trap");
    assert!(
        cause.contains("code 3") && cause.contains("out of stock"),
        "{cause}"
    );
}

#[tokio::test]
async fn the_end_of_the_log_comes_with_the_outcome() {
    let outcome = run("command/exits_with_three", limits(), "1").await;
    assert_eq!(outcome.log_tail.trim(), "out of stock");
    assert_eq!(run("task/echo", limits(), "1").await.log_tail, "");
}

#[tokio::test]
async fn heartbeats_reach_whom_they_are_for() {
    let digest = prepare("task/heartbeats_three_times").await.unwrap().digest;
    let mut attempt = attempt(digest, limits(), "1");
    let heartbeats = counting(&mut attempt);
    host().run(attempt).await.unwrap().result.unwrap();
    assert_eq!(heartbeats.load(SeqCst), 3);
}

#[tokio::test]
async fn a_task_can_ask_for_its_key() {
    assert_eq!(answer("task/answers_its_key", "1").await, r#""key-1""#);
}

#[tokio::test]
async fn what_was_used_is_recorded() {
    let outcome = run("task/echo", limits(), "[1]").await;
    assert!(outcome.usage.fuel > 0);
    assert_eq!(outcome.usage.memory_bytes_peak, 8 << 16);
}

#[tokio::test]
async fn an_answer_too_long_for_a_payload_is_not_the_hosts_question() {
    assert_eq!(answer("task/answers_a_mebibyte", "1").await.len(), 1 << 20);
}
