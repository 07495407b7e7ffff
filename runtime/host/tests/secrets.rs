//! Guests with variables and secrets: what they see, and what nobody else does.

use std::fs;

use host::wasm::{SecretStore, WasmHost};
use host::{Grants, Outcome, TaskHost as _};

use crate::guests::{attempt, granted, guest, limits, named};

const SECRET: &str = "open-sesame-17";

/// Runs a guest that is granted the secret `KEY`.
async fn run(name: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("KEY"), SECRET).unwrap();
    let secrets = SecretStore::in_directory(folder.path().into());
    let host = WasmHost::in_memory().unwrap().with_secrets(secrets);
    let digest = host.prepare(guest(name)).await.unwrap().digest;
    let mut attempt = attempt(digest, limits(), "1");
    attempt.module.grants = granting_key().into();
    host.run(attempt).await.unwrap()
}

fn granting_key() -> Grants {
    Grants {
        secrets: vec!["KEY".parse().unwrap()],
        ..Grants::default()
    }
}

#[tokio::test]
async fn variables_are_those_that_are_granted() {
    let mut grants = Grants::default();
    grants.environment.insert("STAGE".into(), "test".into());
    let outcome = granted("command/reads_the_environment", grants, limits(), "1").await;
    assert_eq!(outcome.result.unwrap().text(), "\"STAGE=test \"");
    assert_eq!(outcome.log_tail.trim(), "\"STAGE=test \"");
    let nothing = Grants::default();
    let outcome = granted("command/reads_the_environment", nothing, limits(), "1").await;
    assert_eq!(outcome.result.unwrap().text(), "\"\"");
}

#[tokio::test]
async fn a_secret_comes_neither_into_the_log_nor_into_history() {
    let outcome = run("command/reads_the_environment").await;
    // It got there, and was told of; but not what it is.
    assert_eq!(outcome.log_tail.trim(), "\"KEY=*** \"");
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "Wasm.InvalidOutput");
    assert!(cause.contains("holds the secret KEY"), "{cause}");
    assert!(!cause.contains(SECRET), "{cause}");
}

#[tokio::test]
async fn a_secret_comes_into_no_cause() {
    let outcome = run("command/complains_of_its_environment").await;
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "Wasm.Trap");
    assert!(cause.contains("KEY=***"), "{cause}");
    assert!(!format!("{cause}{}", outcome.log_tail).contains(SECRET));
}

#[tokio::test]
async fn a_secret_that_is_not_there_fails_by_name() {
    let outcome = granted(
        "command/reads_the_environment",
        granting_key(),
        limits(),
        "1",
    )
    .await;
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "Stepwell.GrantUnavailable");
    assert!(cause.contains("no secret is named KEY"), "{cause}");
    assert!(cause.contains("STEPWELL_SECRET_KEY"), "{cause}");
}
