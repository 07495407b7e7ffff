//! What modules may reach, on the command line: granted, shown, denied, and what it cost.

use crate::command::{check, check_in, text};

const READS_ENVIRONMENT: &str =
    include_str!("../../host/tests/guests/command/reads_the_environment.wat");
const TASK: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "wasm:env", "End": true}}}"#;

/// A folder with a definition and the module that it names.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("tasks")).expect("a folder");
    let module = wat::parse_str(READS_ENVIRONMENT).expect("the guest parses");
    std::fs::write(folder.path().join("tasks/env.wasm"), module).expect("a file");
    std::fs::write(folder.path().join("env.asl.json"), TASK).expect("a file");
    folder
}

#[test]
fn what_a_run_brings_has_what_the_run_grants() {
    let folder = folder();
    let file = folder.path().join("env.asl.json").display().to_string();
    let granted = ["run", &file, "--quiet", "--env", "STAGE=test"];
    let output = check(&granted, 0, &[], &[]);
    assert_eq!(text(&output.stdout), "\"STAGE=test \"\n");
    let output = check(&["run", &file, "--quiet"], 0, &[], &[]);
    assert_eq!(text(&output.stdout), "\"\"\n");
    let secret = ["run", &file, "--secret", "KEY"];
    check(
        &secret,
        1,
        &[],
        &["GrantUnavailable", "STEPWELL_SECRET_KEY"],
    );
    let key = [("STEPWELL_SECRET_KEY", "open-sesame-17")];
    let output = check_in(&key, &secret, 1, &[], &["holds the secret KEY"]);
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(!told.contains("open-sesame"), "{told}");
    let wrong = ["run", &file, "--http", "https://example.com"];
    check(&wrong, 2, &[], &["is a URL: name HOST or HOST:PORT"]);
}

#[test]
fn grants_are_shown_and_use_is_summed() {
    let folder = folder();
    let data = folder.path().join("data").display().to_string();
    let module = folder.path().join("tasks/env.wasm").display().to_string();
    let deploy = ["task", "deploy", "env", &module, "--data-dir", &data];
    let granting = ["--http", "API.example.com", "--clock", "--fuel", "1000000"];
    check(
        &[&deploy[..], &granting].concat(),
        0,
        &[
            "not pure",
            "--http api.example.com:443",
            "--clock",
            "fuel 1000000",
            "fails with Stepwell.TaskInterrupted",
        ],
        &[],
    );
    let file = folder.path().join("env.asl.json").display().to_string();
    let run = ["run", &file, "--data-dir", &data, "--name", "one"];
    check(&run, 0, &[], &[]);
    let arn = "arn:aws:states:us-east-1:123456789012:execution:env:one";
    let describe = ["execution", "describe", arn, "--cost", "--data-dir", &data];
    let told = [
        "transitions      1\n",
        "attempts         1 measured, 0 not",
        "cost             USD 0.0000252",
    ];
    check(&describe, 0, &told, &[]);
}
