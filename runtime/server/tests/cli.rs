//! The command line as a person uses it: what it prints where, and how it leaves.

use std::path::Path;

use serde_json::{Value, json};

use crate::command::{check, text};

/// A folder with files in it.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

fn at(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).display().to_string()
}

const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"twice.$": "States.Array($.x, $.x)"}, "End": true}}}"#;
const FAIL: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "Boom", "Cause": "on purpose"}}}"#;
const TASK: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "wasm:echo", "End": true}}}"#;
const WRONG: &str = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" }\n  }\n}";

const ECHO: &str = include_str!("guests/echo.wat");

#[test]
fn run_prints_the_output_alone() {
    let files = folder(&[("pass.asl.json", PASS.as_bytes())]);
    let file = at(&files, "pass.asl.json");
    let output = check(
        &["run", &file, "--input", r#"{"x": 1}"#],
        0,
        &[],
        &["PassStateEntered A", "ExecutionSucceeded"],
    );
    assert_eq!(text(&output.stdout), "{\"twice\":[1,1]}\n");
    let express = [
        "run",
        &file,
        "--type",
        "express",
        "--quiet",
        "--input",
        r#"{"x": 2}"#,
    ];
    let output = check(&express, 0, &["[2,2]"], &[]);
    assert!(output.stderr.is_empty());
}

#[test]
fn failures_and_bad_input_have_their_exit_codes() {
    let deep = "[".repeat(100_000);
    let files = folder(&[
        ("fail.asl.json", FAIL.as_bytes()),
        ("pass.asl.json", PASS.as_bytes()),
        ("task.asl.json", TASK.as_bytes()),
        ("wrong.asl.json", WRONG.as_bytes()),
        ("text.asl.json", b"not json"),
        ("deep.asl.json", deep.as_bytes()),
        ("bytes.asl.json", &[0xff, 0xfe]),
        ("not.wasm", b"text"),
    ]);
    let file = |name| at(&files, name);
    let task = format!("echo={}", file("not.wasm"));
    for (arguments, code, complaint) in [
        (
            vec!["run", &*file("fail.asl.json")],
            1,
            "FAILED: Boom: on purpose",
        ),
        (
            vec!["run", &file("pass.asl.json"), "--input", "{"],
            2,
            "the input is not JSON",
        ),
        (
            vec!["run", &file("pass.asl.json"), "--input", "@/no/such"],
            2,
            "cannot read /no/such",
        ),
        (
            vec!["run", &file("pass.asl.json"), "--name", "a b"],
            2,
            "is not a name for an execution",
        ),
        (vec!["run", &file("missing.asl.json")], 2, "cannot read"),
        (
            vec!["run", &file("wrong.asl.json")],
            2,
            "MISSING_TRANSITION_TARGET",
        ),
        (
            vec!["run", &file("text.asl.json")],
            2,
            "INVALID_JSON_DESCRIPTION",
        ),
        (vec!["run", &file("deep.asl.json")], 2, "error"),
        (vec!["run", &file("bytes.asl.json")], 2, "is not UTF-8"),
        (
            vec!["run", &file("task.asl.json")],
            2,
            "echo, for the state A",
        ),
        (
            vec!["run", &file("task.asl.json"), "--task", &task],
            2,
            "It is not WebAssembly either",
        ),
        (
            vec!["run", &file("task.asl.json"), "--task", "echo"],
            2,
            "NAME=FILE.wasm",
        ),
        (vec!["frobnicate"], 2, "frobnicate"),
    ] {
        check(&arguments, code, &[], &[complaint]);
    }
}

#[test]
fn validate_points_at_what_is_wrong() {
    let files = folder(&[
        ("wrong.asl.json", WRONG.as_bytes()),
        ("pass.asl.json", PASS.as_bytes()),
    ]);
    check(
        &["validate", &at(&files, "wrong.asl.json")],
        1,
        &[],
        &["MISSING_TRANSITION_TARGET", "wrong.asl.json:4:", "^"],
    );
    check(
        &["validate", &at(&files, "pass.asl.json")],
        0,
        &[],
        &["valid"],
    );
    let json = check(
        &["validate", "--json", &at(&files, "wrong.asl.json")],
        1,
        &[],
        &[],
    );
    let answer: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(answer["result"], "FAIL");
    check(&["validate", "/no/such.json"], 2, &[], &["cannot read"]);
}

#[test]
fn eval_speaks_three_languages() {
    for (expression, input, expected) in [
        ("$.a[1:]", r#"{"a": [1, 2, 3]}"#, "[2,3]"),
        ("States.Format('{}-{}', $.a, 2)", r#"{"a": 1}"#, "\"1-2\""),
        ("{% $sum($states.input.a) %}", r#"{"a": [1, 2, 3]}"#, "6"),
    ] {
        check(&["eval", expression, "--input", input], 0, &[expected], &[]);
    }
    check(&["eval", "$x.y", "--bind", r#"x={"y": 7}"#], 0, &["7"], &[]);
    check(
        &["eval", "$.a[", "--lang", "jsonpath"],
        2,
        &[],
        &["error", "^"],
    );
    check(&["eval", "$.missing"], 1, &[], &["error"]);
}

#[test]
fn graphs_are_drawn() {
    let files = folder(&[("pass.asl.json", PASS.as_bytes())]);
    let file = at(&files, "pass.asl.json");
    check(&["graph", &file], 0, &["flowchart TD", "A (Pass)"], &[]);
    for ending in ["svg", "dot", "mmd"] {
        let picture = at(&files, &format!("picture.{ending}"));
        check(&["graph", &file, "-o", &picture], 0, &[], &[]);
        assert!(
            std::fs::read_to_string(picture)
                .expect("written")
                .contains("A (Pass)")
        );
    }
    check(
        &["graph", &file, "-o", "x.png"],
        2,
        &[],
        &[".svg, .mmd or .dot"],
    );
    let ways: Vec<String> = (0..400).map(|place| format!("S{place}")).collect();
    let mut states: Value = json!({ "C": { "Type": "Choice", "Default": "S0", "Choices": [] } });
    for way in &ways {
        let rule = json!({ "Variable": "$.x", "IsNull": true, "Next": way });
        states["C"]["Choices"]
            .as_array_mut()
            .expect("rules")
            .push(rule);
        states[way] = json!({ "Type": "Succeed" });
    }
    let wide = json!({ "StartAt": "C", "States": states }).to_string();
    let files = folder(&[("wide.asl.json", wide.as_bytes())]);
    let wide = at(&files, "wide.asl.json");
    let refused = "at most 250 states and 350 arrows, this has 401 and 401";
    check(&["graph", &wide, "-o", "x.svg"], 2, &[], &[refused]);
    check(&["graph", &wide], 0, &["S399"], &[]);
}

#[test]
fn what_runs_inside_a_state_is_framed() {
    let branch = |name: &str| json!({ "StartAt": name, "States": { (name): { "Type": "Pass", "End": true } } });
    let both = json!({ "StartAt": "Both", "States": { "Both": { "Type": "Parallel",
        "Branches": [branch("Left"), branch("Right")], "End": true } } });
    let files = folder(&[("both.asl.json", both.to_string().as_bytes())]);
    let file = at(&files, "both.asl.json");
    for (ending, parts) in [
        ("svg", ["branch 1", "branch 2", "Left (Pass)"]),
        (
            "dot",
            [
                "subgraph cluster_s0_0",
                "label=\"Both: branch 2\"",
                "Left (Pass)",
            ],
        ),
        (
            "mmd",
            ["subgraph s0f0", "[\"Both: branch 2\"]", "Left (Pass)"],
        ),
    ] {
        let picture = at(&files, &format!("picture.{ending}"));
        check(&["graph", &file, "-o", &picture], 0, &[], &[]);
        let drawn = std::fs::read_to_string(picture).expect("written");
        for part in parts {
            assert!(drawn.contains(part), "{ending}: no {part} in\n{drawn}");
        }
    }
}

#[test]
fn modules_are_deployed_and_run() {
    let module = wat::parse_str(ECHO).expect("sound text");
    let files = folder(&[("echo.wasm", &module), ("task.asl.json", TASK.as_bytes())]);
    let (data, file) = (at(&files, "data"), at(&files, "task.asl.json"));
    let wasm = at(&files, "echo.wasm");
    let deploy = ["task", "deploy", "echo", &wasm, "--data-dir", &data];
    check(&deploy, 0, &["version   1", "pure"], &[]);
    check(&deploy, 0, &["version   1"], &[]);
    let more = [&deploy[..], &["--memory", "16"]].concat();
    check(&more, 0, &["version   2", "memory 16 MiB"], &[]);
    check(&["task", "list", "--data-dir", &data], 0, &["echo"], &[]);
    check(
        &["task", "describe", "echo", "--json", "--data-dir", &data],
        0,
        &["\"Digest\""],
        &[],
    );
    check(
        &["task", "describe", "other", "--data-dir", &data],
        2,
        &[],
        &["Function not found: arn:aws:lambda:us-east-1:123456789012:function:other"],
    );
    let invoke = [
        "task",
        "invoke",
        "echo:1",
        "--input",
        "[1, 2]",
        "--data-dir",
        &data,
    ];
    check(&invoke, 0, &["[1,2]"], &["Fuel: "]);
    let run = [
        "run",
        &file,
        "--data-dir",
        &data,
        "--input",
        "[3]",
        "--name",
        "one",
    ];
    check(&run, 0, &["[3]"], &[]);
    check(&run, 0, &["[3]"], &["has ended already: SUCCEEDED"]);
    check(
        &["execution", "list", "--data-dir", &data],
        0,
        &["one", "SUCCEEDED"],
        &[],
    );
    check(
        &["execution", "describe", "one", "--data-dir", &data],
        0,
        &["SUCCEEDED"],
        &[],
    );
    let history = ["execution", "history", "one", "--data-dir", &data];
    check(&history, 0, &["LambdaFunctionSucceeded", "fuel"], &[]);
    let json = check(&[&history[..], &["--json"]].concat(), 0, &[], &[]);
    let answer: Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(answer["events"][0]["type"], json!("ExecutionStarted"));
    check(
        &["execution", "stop", "one", "--data-dir", &data],
        2,
        &[],
        &["has ended already"],
    );
    check(
        &["task", "delete", "echo", "--data-dir", &data],
        0,
        &[],
        &["deleted"],
    );
}

#[test]
fn a_damaged_data_directory_is_named() {
    let files = folder(&[]);
    let data = at(&files, "data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(Path::new(&data).join("journal.sqlite3"), "not a database").expect("a file");
    check(
        &["execution", "list", "--data-dir", &data],
        2,
        &[],
        &["journal.sqlite3"],
    );
}

#[test]
fn every_subcommand_shows_an_example() {
    for command in [
        "run",
        "validate",
        "eval",
        "graph",
        "completions",
        "man",
        "machine",
        "machine create",
        "machine update",
        "machine list",
        "machine describe",
        "machine delete",
        "machine publish",
        "machine versions",
        "machine alias",
        "machine alias create",
        "machine alias update",
        "machine alias list",
        "machine alias describe",
        "machine alias delete",
        "approval",
        "approval list",
        "approval approve",
        "approval reject",
        "task",
        "task deploy",
        "task list",
        "task describe",
        "task delete",
        "task invoke",
        "execution",
        "execution start",
        "execution watch",
        "execution redrive",
        "execution list",
        "execution describe",
        "execution history",
        "execution stop",
    ] {
        let arguments: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        check(&arguments, 0, &["Example"], &[]);
    }
    check(&["completions", "bash"], 0, &["stepwell"], &[]);
    check(&["man"], 0, &[".TH stepwell"], &[]);
    let page = ["man", "machine", "alias", "create"];
    check(&page, 0, &[".TH stepwell-machine-alias-create"], &[]);
    check(
        &["man", "machine", "frob"],
        2,
        &[],
        &["stepwell has no command machine frob"],
    );
    let pages = folder(&[]);
    check(&["man", "--dir", &at(&pages, "")], 0, &[], &[]);
    assert!(pages.path().join("stepwell-approval-reject.1").is_file());
}
