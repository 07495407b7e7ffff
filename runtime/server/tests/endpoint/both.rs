//! The same commands print the same, whichever way they go.

use super::Place;
use crate::command::text;

/// Commands, in order, with their exit codes.
const STORY: &[(&str, i32)] = &[
    ("task deploy echo FILE/echo.wasm --memory 16", 0),
    ("task list --json", 0),
    ("task describe echo", 0),
    ("task invoke echo --input [1,2]", 0),
    ("task invoke echo --version 1 --input 3", 0),
    ("task invoke echo --version 9 --input 3", 2),
    ("machine create orders FILE/orders.asl.json --publish", 0),
    ("machine create orders FILE/orders.asl.json", 0),
    ("machine list", 0),
    ("machine describe orders --definition", 0),
    ("machine describe nothing", 2),
    (
        "machine update orders --role arn:aws:iam::123456789012:role/other --publish",
        0,
    ),
    ("machine versions orders", 0),
    ("machine update orders --logging FILE/logging.json", 0),
    ("machine update orders --logging FILE/echo.wasm", 2),
    ("machine update orders FILE/echo.wasm", 2),
    ("machine update orders", 2),
    ("machine describe orders", 0),
    (
        "machine create tagged FILE/orders.asl.json --tag team=a --json",
        0,
    ),
    ("machine delete tagged", 0),
    (
        "machine alias create orders:live --route 1=30 --route 2=70",
        0,
    ),
    ("machine alias list orders", 0),
    ("machine alias describe orders:live", 0),
    ("machine alias update orders:live --route 2", 0),
    (
        "execution start orders:live --name good --input {\"good\":true} --wait",
        0,
    ),
    (
        "execution start orders --name bad --input {\"good\":false} --wait --quiet",
        1,
    ),
    ("execution start orders --name bad --input {}", 2),
    (
        "execution start orders --name later --input {\"good\":true}",
        0,
    ),
    ("execution watch later --quiet", 0),
    ("execution watch orders:later", 0),
    ("execution list --status succeeded", 0),
    ("execution list -m orders:live --limit 1", 0),
    ("execution describe good", 0),
    ("execution describe orders:bad", 0),
    ("execution describe nothing", 2),
    ("execution history good", 0),
    ("execution history good --reverse --limit 2 --json", 0),
    ("execution stop good", 2),
    ("execution redrive bad --wait", 1),
    ("execution history bad", 0),
    ("machine delete orders:live", 2),
    ("machine alias delete orders:live", 0),
    ("machine delete orders:1", 0),
    ("machine delete orders", 0),
    ("machine delete orders", 2),
    ("task delete echo", 0),
    ("task describe echo", 2),
];

#[test]
fn a_server_and_a_data_directory_answer_alike() {
    let (server, directory) = (Place::server(), Place::directory());
    for (line, code) in STORY {
        let [by_server, by_directory] = [&server, &directory].map(|place| {
            let output = place.check(line, *code, &[], &[]);
            without_chance(&text(&output.stdout))
        });
        assert_eq!(by_server, by_directory, "{line}");
    }
}

/// Numbers and spaces differ: moments, durations, what they make of columns. So do random ids.
fn without_chance(told: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in told.lines().filter(|line| !line.starts_with("revisionId")) {
        let words = line.split_whitespace();
        let words = words.filter(|word| !word.contains("RevisionId"));
        let masked = words.map(|word| word.replace(|char: char| char.is_ascii_digit(), "#"));
        let mut masked = masked.collect::<Vec<_>>().join(" ");
        while masked.contains("##") {
            masked = masked.replace("##", "#");
        }
        lines.push(masked);
    }
    lines.join("\n")
}

#[test]
fn outputs_are_what_was_asked_for() {
    for place in [Place::server(), Place::directory()] {
        place.check("task deploy echo FILE/echo.wasm", 0, &["version   1"], &[]);
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:orders\n";
        let create = "machine create orders FILE/orders.asl.json";
        assert_eq!(place.told(create), arn);
        let start = "execution start orders --name one --input {\"good\":true} --wait";
        let output = place.check(
            start,
            0,
            &[],
            &["execution orders:one", "ExecutionSucceeded"],
        );
        assert_eq!(text(&output.stdout), "{\"good\":true}\n");
        let quiet = "execution start orders --input {\"good\":false} --wait --quiet";
        let output = place.check(quiet, 1, &[], &[]);
        assert_eq!(text(&output.stdout), "");
        assert_eq!(text(&output.stderr), "FAILED: NotGood: it was not good\n");
        place.check("execution history one", 0, &["fuel ", "wasm:echo"], &[]);
        place.check("execution list", 0, &["one", "SUCCEEDED", "FAILED"], &[]);
        let express = "machine create quick FILE/orders.asl.json --type express";
        place.check(express, 0, &["stateMachine:quick"], &[]);
        let start = "execution start quick --input {\"good\":true} --wait";
        assert_eq!(place.told(start), "{\"good\":true}\n");
    }
}

#[test]
fn a_definition_is_checked_before_it_is_sent() {
    let place = Place::directory();
    let wrong = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}"#;
    let odd = r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "SecondsPath": "$$.Nothing", "End": true}}}"#;
    std::fs::write(place.file("wrong.asl.json"), wrong).unwrap();
    std::fs::write(place.file("odd.asl.json"), odd).unwrap();
    let told = [
        "MISSING_TRANSITION_TARGET",
        "^^^ /States/A/Next",
        "is not a valid definition",
    ];
    place.check("machine create wrong FILE/wrong.asl.json", 2, &[], &told);
    let warned = ["warning[", "$$.Nothing"];
    place.check(
        "machine create odd FILE/odd.asl.json",
        0,
        &["stateMachine:odd"],
        &warned,
    );
    place.check("machine update odd FILE/wrong.asl.json", 2, &[], &told);
}

#[test]
fn nothing_goes_on_in_a_directory_until_somebody_lets_it() {
    let place = Place::directory();
    place.check("task deploy echo FILE/echo.wasm", 0, &[], &[]);
    place.check("machine create orders FILE/orders.asl.json", 0, &[], &[]);
    let start = "execution start orders --name one --input {\"good\":true}";
    let told = "it goes on with 'stepwell serve --data-dir";
    place.check(start, 0, &["execution:orders:one"], &[told]);
    let stands = ["RUNNING", "in state         Echo (Task) since"];
    place.check("execution describe one", 0, &stands, &[]);
    place.check(
        "execution watch one",
        0,
        &["{\"good\":true}"],
        &["ExecutionSucceeded"],
    );
}
