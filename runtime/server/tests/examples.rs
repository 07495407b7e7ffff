//! The stories of `examples/`, on each of their inputs. Their tasks are built by
//! `cargo xtask guests`, which `cargo xtask test` does first.

use std::fs;

use crate::command::{check, root, text};

/// Story, input, exit code, and what standard error has in it.
const ENDS: [(&str, &str, i32, &str); 9] = [
    ("order-fulfilment", "input", 0, "ExecutionSucceeded"),
    ("order-fulfilment", "pickup", 0, "ExecutionSucceeded"),
    ("order-fulfilment", "declined", 1, "CardDeclined"),
    ("order-fulfilment", "out-of-stock", 1, "OutOfStock"),
    ("data-processing", "input", 0, "ExecutionSucceeded"),
    ("data-processing", "empty", 0, "ExecutionSucceeded"),
    ("web-payment", "input", 0, "ExecutionSucceeded"),
    ("web-payment", "invoice", 0, "ExecutionSucceeded"),
    ("web-payment", "capture-refused", 1, "FAILED"),
];

/// Runs a story; answers what it printed.
fn run(story: &str, input: &str, tasks: &[String], code: i32, err: &str) -> String {
    let definition = format!("examples/{story}/definition.asl.json");
    let input = format!("@examples/{story}/{input}.json");
    // A name of our own: some tasks answer with the execution's.
    let mut arguments = vec!["run", &definition, "--name", "story", "--input", &input];
    for task in tasks {
        arguments.extend(["--task", task]);
    }
    text(&check(&arguments, code, &[], &[err]).stdout)
}

#[test]
fn the_examples_end_as_their_pages_say() {
    for (story, input, code, err) in ENDS {
        let definition = format!("examples/{story}/definition.asl.json");
        check(&["validate", &definition], 0, &[], &[]);
        let output = run(story, input, &[], code, err);
        let charged = story == "order-fulfilment" && code == 0;
        assert!(!charged || output.contains("charge"), "{input}: {output}");
    }
}

/// A story's tasks built for WASI, as `NAME=FILE`; none where that target cannot be had.
fn tasks_for_wasip2(story: &str) -> Vec<String> {
    let folder = format!("examples/{story}/tasks");
    let files = fs::read_dir(root().join(&folder)).expect("a folder");
    files
        .filter_map(|file| {
            let file = file.expect("a file").file_name();
            let file = file.to_str().expect("a name");
            let name = file.strip_suffix(".wasip2.wasm")?;
            Some(format!("{name}={folder}/{file}"))
        })
        .collect()
}

#[test]
fn the_same_tasks_built_for_wasi_answer_the_same() {
    for story in ["order-fulfilment", "data-processing", "web-payment"] {
        let tasks = tasks_for_wasip2(story);
        if tasks.is_empty() {
            eprintln!("SKIPPED: {story}: its tasks are not built for wasm32-wasip2");
            continue;
        }
        let run = |tasks: &[String]| run(story, "input", tasks, 0, "ExecutionSucceeded");
        assert_eq!(run(&tasks), run(&[]), "{story}");
    }
}
