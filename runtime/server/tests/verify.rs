//! `stepwell task verify`: a changed example is told from one that is as it was.

use std::fs;

use serde_json::{Value, json};

use crate::command::{check, root, text};

const MODULE: &str = "examples/five-languages/tasks/total-rust.wasm";

/// Calls the task as AWS does both ways, and fails as it fails.
const TWICE: &str = r#"{"StartAt": "Plain", "States": {
    "Plain": {"Type": "Task", "Resource": "wasm:total", "ResultPath": null, "Next": "Enveloped"},
    "Enveloped": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "total", "Payload.$": "$"},
        "OutputPath": "$.Payload", "End": true}}}"#;

/// The example with one text in its data changed to another of the same length.
fn changed(from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut module = fs::read(root().join(MODULE)).expect("built by `cargo xtask guests`");
    let mut places = 0;
    for at in 0..module.len() - from.len() {
        if module[at..].starts_with(from.as_bytes()) {
            module[at..at + from.len()].copy_from_slice(to.as_bytes());
            places += 1;
        }
    }
    assert!(places > 0, "{from} is not in the example");
    module
}

#[test]
fn a_changed_task_is_told_from_the_past() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = |name: &str| folder.path().join(name).display().to_string();
    let (definition, data) = (place("twice.asl.json"), place("data"));
    fs::write(&definition, TWICE).expect("a file");
    for (changes, from, to) in [
        ("output.wasm", "totalCents", "grandTotal"),
        ("failure.wasm", "EmptyOrder", "EmptyBaskt"),
    ] {
        fs::write(place(changes), changed(from, to)).expect("a file");
    }
    let task = format!("total={MODULE}");
    for (name, input, code) in [("a", "[1,2]", 0), ("b", "[]", 1), ("c", "[5]", 0)] {
        let run = ["run", &definition, "--task", &task, "--data-dir", &data];
        let named = ["--name", name, "--input", input];
        check(&[&run[..], &named].concat(), code, &[], &[]);
    }

    let verify = |name: &str, module: &str, more: &[&str], code| {
        let arguments = ["task", "verify", name, module, "--data-dir", &data];
        check(&[&arguments[..], more].concat(), code, &[], &[])
    };
    // Two attempts of each that succeeded, one of the one that failed at once.
    let same = text(&verify("total", MODULE, &["--fuel-percent", "0"], 0).stdout);
    assert!(
        same.starts_with("5 attempts: 5 as before, 0 differ\n"),
        "{same}"
    );
    assert!(same.contains("now (same)"), "{same}");

    let told = text(&verify("total", &place("output.wasm"), &[], 1).stdout);
    for part in ["4 differ", "Plain", "Enveloped", "output", "grandTotal"] {
        assert!(told.contains(part), "no {part}\n{told}");
    }
    let json = verify("total", &place("failure.wasm"), &["--json"], 1).stdout;
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!([&json["attempts"], &json["differ"]], [&json!(5), &json!(1)]);
    let difference = &json["differences"][0];
    assert_eq!(difference["differs"], "failure");
    assert_eq!(difference["was"]["error"], "EmptyOrder");
    assert_eq!(difference["now"]["error"], "EmptyBaskt");
    assert_eq!(difference["was"]["fuel"], difference["now"]["fuel"]);

    // Newest first: the last two attempts are of the execution that was started last.
    let newest = text(&verify("total", &place("failure.wasm"), &["--last", "2"], 0).stdout);
    assert!(newest.starts_with("2 attempts: 2 as before"), "{newest}");
    let nothing = verify("unheard-of", MODULE, &[], 2).stderr;
    assert!(text(&nothing).contains("nothing to verify with"));
}
