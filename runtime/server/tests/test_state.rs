//! `stepwell test-state`: one state, its table and its exit codes.

use serde_json::{Value, json};

use crate::command::{check, text};

const DEFINITION: &str = "examples/order-fulfilment/definition.asl.json";
const INPUT: &str = r#"{"card": "4000", "checked": {"totalCents": 5}}"#;

#[test]
fn a_mocked_task_shows_how_its_data_flowed() {
    let charge = [
        "test-state",
        DEFINITION,
        "--state-name",
        "ChargeCard",
        "--input",
        INPUT,
    ];
    let with = |more: &[&'static str]| [&charge[..], more].concat();
    let result = r#"{"Payload": {"receipt": 1}}"#;
    for (arguments, code, lines) in [
        (
            with(&["--mock-result", result]),
            0,
            vec![
                " status                SUCCEEDED",
                r#" after Parameters      {"FunctionName":"charge","Payload":{"card":"4000","totalCents":5}}"#,
                r#" after ResultSelector  {"receipt":{"receipt":1}}"#,
                " next                  HowFast",
            ],
        ),
        (
            with(&[
                "--mock-error",
                "BankUnavailable",
                "--retrier-retry-count",
                "2",
            ]),
            1,
            vec!["RETRIABLE", "Retry[0], after 2 s"],
        ),
        (
            with(&[
                "--mock-error",
                "BankUnavailable",
                "--retrier-retry-count",
                "4",
            ]),
            0,
            vec![
                "CAUGHT_ERROR",
                "Retry[0], which has no attempts left; Catch[0]",
                "ReleaseStock",
            ],
        ),
    ] {
        check(&arguments, code, &lines, &[]);
    }
}

#[test]
fn json_is_the_answer_of_the_api() {
    let arguments = [
        "test-state",
        DEFINITION,
        "--state-name",
        "HowFast",
        "--json",
    ];
    let input = [
        "--input",
        r#"{"shipping": "pickup"}"#,
        "--inspection-level",
        "info",
    ];
    let output = check(&[&arguments[..], &input].concat(), 0, &[], &[]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = json!({
        "output": r#"{"shipping": "pickup"}"#,
        "nextState": "TellEveryone",
        "status": "SUCCEEDED",
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_task_without_a_mock_runs_its_module() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    };
    let state = json!({
        "Type": "Task", "Resource": "wasm:echo", "Parameters": { "said.$": "$.x" }, "Next": "B",
    });
    let state = file("state.json", state.to_string().as_bytes());
    let wasm = wat::parse_str(include_str!("guests/echo.wat")).expect("a module");
    let task = format!("echo={}", file("echo.wasm", &wasm));
    let arguments = ["test-state", &state, "--input", r#"{"x": [1]}"#];
    let output = check(
        &[&arguments[..], &["--task", &task, "--json"]].concat(),
        0,
        &[],
        &[],
    );
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        answer["output"],
        r#"{"said":[1]}"#,
        "{}",
        text(&output.stdout)
    );
    check(
        &arguments,
        2,
        &[],
        &["no module for:\n  echo, for the state"],
    );
}

#[test]
fn what_cannot_be_tested_says_why() {
    let tested = |more: &[&'static str]| [&["test-state", DEFINITION][..], more].concat();
    for (arguments, complaint) in [
        (
            tested(&["--state-name", "None"]),
            "State not found in definition",
        ),
        (tested(&[]), "is not a valid definition"),
        (
            tested(&["--state-name", "TellEveryone"]),
            "does not support Map or Parallel",
        ),
        (
            tested(&[
                "--state-name",
                "ChargeCard",
                "--mock-result",
                r#"{"StatusCode": "x"}"#,
            ]),
            "Field 'StatusCode' must be a number",
        ),
        (
            tested(&["--state-name", "HowFast", "--input", "{"]),
            "the input is not JSON",
        ),
        (tested(&["--mock-cause", "why"]), "--mock-error"),
        (
            vec!["test-state", "/no/such/file"],
            "cannot read /no/such/file",
        ),
    ] {
        check(&arguments, 2, &[], &[complaint]);
    }
}
