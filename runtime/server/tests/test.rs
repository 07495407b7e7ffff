//! `stepwell test`: the examples' test files, and how a case that fails is told.

use serde_json::{Value, json};

use crate::command::{check, text};

const STORIES: [&str; 3] = ["order-fulfilment", "data-processing", "web-payment"];

#[test]
fn the_examples_pass_and_reach_every_branch() {
    for story in STORIES {
        let file = format!("examples/{story}/definition.test.json");
        let output = check(&["test", &file], 0, &["REACHED"], &["cases passed"]);
        let told = text(&output.stdout);
        assert!(!told.contains("NOT REACHED"), "{told}");
    }
}

/// A folder with the order's definition and these cases for it.
fn folder(cases: &Value) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let definition = crate::command::root().join("examples/order-fulfilment/definition.asl.json");
    let file = json!({ "definition": definition, "cases": cases }).to_string();
    let path = folder.path().join("orders.test.json");
    std::fs::write(&path, file).expect("a file");
    let path = path.display().to_string();
    (folder, path)
}

#[test]
fn a_case_that_fails_is_told_with_its_state_and_event() {
    let invalid = json!({ "ValidateOrder": { "error": "InvalidOrder", "cause": "no items" } });
    let (_folder, file) = folder(&json!([
        { "name": "right", "mocks": invalid, "expect": { "error": "InvalidOrder" } },
        { "name": "wrong", "mocks": invalid, "expect": { "path": ["ValidateOrder", "Fulfilled"] } },
    ]));
    let parting = r#"path at state 2: expected "Fulfilled", got "RejectOrder" (event 7)"#;
    let lines = [
        "  ok    right",
        "  FAIL  wrong",
        parting,
        "NOT REACHED",
        "Retry[0]",
        "BankUnavailable",
    ];
    check(&["test", &file], 1, &lines, &["1 of 2 cases failed"]);
    check(
        &["test", &file, "--filter", "right"],
        0,
        &["ok    right"],
        &["1 case passed"],
    );
    let nothing = ["test", &*file, "--filter", "none"];
    check(&nothing, 2, &[], &["no case has \"none\" in its name"]);
    let output = check(&["test", &file, "--json"], 1, &[], &[]);
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["cases"][0]["passed"], true);
    let complaint = &told["cases"][1]["complaints"][0];
    let expected = json!({
        "about": "path", "place": "at state 2", "event": 7,
        "expected": "Fulfilled", "actual": "RejectOrder",
    });
    assert_eq!(*complaint, expected);
    assert_eq!(
        told["coverage"]["states"],
        json!({ "reached": 2, "all": 11 })
    );
    assert_eq!(told["coverage"]["notReached"][0]["branch"], "state");
}

#[test]
fn a_file_that_is_not_sound_is_refused_with_its_place() {
    let (_folder, file) = folder(&json!([{ "name": "n", "expect": { "path": ["None"] } }]));
    check(
        &["test", &file],
        2,
        &[],
        &["cases[0] \"n\": expect.path: the definition has no state"],
    );
    let (_folder, file) = folder(&json!([{ "name": "n", "expects": {} }]));
    check(
        &["test", &file],
        2,
        &[],
        &["unknown field `expects`", "line 1 column"],
    );
    let cases = json!([{ "name": "n", "inputFile": "no.json", "expect": { "error": "E" } }]);
    let (_folder, file) = folder(&cases);
    check(&["test", &file], 2, &[], &["case \"n\"", "no.json"]);
    check(
        &["test", "/no/such.json"],
        2,
        &[],
        &["cannot read /no/such.json"],
    );
}
