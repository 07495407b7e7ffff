//! The contract between host and Task, across its versions. `contracts/` holds every one
//! that was released, as it was: a change of a function in place fails here.

use std::sync::atomic::Ordering::SeqCst;

use host::TaskHost as _;

use crate::guests::{attempt, counting, failure, host, limits, root, task, text};

/// Every released contract: its version and its text.
fn released() -> Vec<(String, String)> {
    let files = std::fs::read_dir(root().join("tests/contracts")).unwrap();
    let contract = |path: std::path::PathBuf| {
        let version = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (version, std::fs::read_to_string(path).unwrap())
    };
    files.map(|file| contract(file.unwrap().path())).collect()
}

/// A guest of this repository as one built for another version would be.
fn built_for(guest: &str, version: &str, contract: &str) -> Vec<u8> {
    task(
        &text(guest).replace("@0.1.0", &format!("@{version}")),
        contract,
    )
}

/// Imports every function of the contract at its types, as wit-bindgen lowers them.
const USES_ALL: &str = r#"
    (import "stepwell:task/host@0.1.0" "get-context" (func (param i32)))
    (import "stepwell:task/host@0.1.0" "log" (func (param i32 i32 i32 i32 i32)))
    (memory"#;

#[tokio::test]
async fn tasks_built_for_every_released_contract_run() {
    let released = released();
    assert!(!released.is_empty());
    for (version, contract) in released {
        let text = text("task/heartbeats_three_times").replacen("(memory", USES_ALL, 1);
        let text = text.replace("@0.1.0", &format!("@{version}"));
        let prepared = host().prepare(task(&text, &contract)).await.unwrap();
        let mut attempt = attempt(prepared.digest, limits(), "[7]");
        let heartbeats = counting(&mut attempt);
        let outcome = host().run(attempt).await.unwrap();
        assert_eq!(outcome.result.unwrap().text(), "[7]", "{version}");
        assert_eq!(heartbeats.load(SeqCst), 3, "{version}");
    }
}

#[tokio::test]
async fn a_task_built_for_a_contract_to_come_is_refused_by_both_versions() {
    let (released, contract) = released().pop().unwrap();
    for version in ["0.1.9", "0.2.0", "1.0.0"] {
        let contract = contract.replace(&format!("@{released}"), &format!("@{version}"));
        for guest in ["task/echo", "task/heartbeats_three_times"] {
            let bytes = built_for(guest, version, &contract);
            let said = host().prepare(bytes).await.unwrap_err().to_string();
            let both = format!("built for stepwell:task {version}; this host serves 0.1.");
            assert!(said.contains(&both), "{guest}: {said}");
        }
    }
}

#[tokio::test]
async fn names_that_are_not_a_tasks_to_give_are_not_given() {
    let (_, contract) = released().pop().unwrap();
    for name in ["States.Timeo", "Wasm.OutOfFu", "Stepwell.Tas"] {
        let text = text("task/fails_by_name").replace("CardDeclined", name);
        let digest = host().prepare(task(&text, &contract)).await.unwrap().digest;
        let outcome = host().run(attempt(digest, limits(), "1")).await.unwrap();
        let failure = outcome.result.unwrap_err();
        assert_eq!(failure.error_name(), "Wasm.InvalidOutput", "{name}");
        let cause = failure.cause.unwrap();
        assert!(
            cause.contains(name) && cause.contains("Insufficient funds"),
            "{cause}"
        );
    }
    let (error, _) = failure("task/fails_by_name").await;
    assert_eq!(error, "CardDeclined");
}
