//! The stories of `examples/`, on each of their inputs. Their tasks are built by
//! `cargo xtask guests`, which `cargo xtask test` does first.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

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

/// The tasks of `five-languages`, each a module of its own.
const LANGUAGES: [&str; 6] = [
    "total-rust",
    "total-c",
    "total-c-command",
    "total-go",
    "total-js",
    "total-python",
];

/// A data directory whose compiled modules outlive it: those of JavaScript and Python take
/// longer to compile than all else here.
fn data_dir() -> (tempfile::TempDir, String) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("modules");
    fs::create_dir_all(&kept).expect("a folder");
    let data = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(kept, data.path().join("modules")).expect("a link");
    let name = data.path().display().to_string();
    (data, name)
}

/// Deploys each task of the story that was built, so that its compiled code is found from then
/// on, and answers those that were not.
fn missing_languages() -> &'static [&'static str] {
    static MISSING: OnceLock<Vec<&str>> = OnceLock::new();
    MISSING.get_or_init(|| {
        let (_data, data) = data_dir();
        let mut missing = Vec::new();
        for task in LANGUAGES {
            let module = module_of(task);
            if !root().join(&module).is_file() {
                eprintln!("SKIPPED: five-languages: {task} is not built");
                missing.push(task);
                continue;
            }
            let deploy = ["task", "deploy", task, &module, "--data-dir", &data];
            check(&deploy, 0, &["pure"], &[]);
        }
        missing
    })
}

/// Runs the story of five languages in a new data directory: what it printed, and the fuel
/// of each attempt, in the order in which they were scheduled.
fn run_five_languages(input: &str, code: i32, err: &str) -> (String, Vec<String>) {
    let (_data, data) = data_dir();
    let definition = "examples/five-languages/definition.asl.json";
    let input = format!("@examples/five-languages/{input}.json");
    // A name of our own: chance is drawn from it, and fuel may depend on chance.
    let run = ["run", definition, "--name", "story", "--input", &input];
    let arguments = [&run[..], &["--data-dir", &data]].concat();
    let output = text(&check(&arguments, code, &[], &[err]).stdout);
    let history = ["execution", "history", "story", "--data-dir", &data];
    let history = text(&check(&history, 0, &[], &[]).stdout);
    let fuel = history.lines().filter_map(|line| {
        let (_, used) = line.split_once("fuel ")?;
        Some(used.split(',').next()?.to_owned())
    });
    (output, fuel.collect())
}

#[test]
fn one_task_in_five_languages_answers_the_same_each_time() {
    if !missing_languages().is_empty() {
        return;
    }
    let succeeded = run_five_languages("input", 0, "ExecutionSucceeded");
    let answer = r#"{"lines":3,"totalCents":6549,"largestCents":4999,"answers":6}"#;
    assert_eq!(succeeded.0, format!("{answer}\n"));
    assert_eq!(succeeded.1.len(), LANGUAGES.len());
    // On another day as far as they can tell, and with other things on the machine's mind.
    assert_eq!(
        run_five_languages("input", 0, "ExecutionSucceeded"),
        succeeded
    );
    run_five_languages(
        "empty",
        1,
        "FAILED: EmptyOrder: an order has at least one line",
    );
}

#[test]
fn a_task_in_each_language_fails_by_the_same_names() {
    for task in LANGUAGES {
        if missing_languages().contains(&task) {
            continue;
        }
        // Deployed rather than run from its file: compiled code is then found.
        let (_data, data) = data_dir();
        let module = module_of(task);
        check(
            &["task", "deploy", task, &module, "--data-dir", &data],
            0,
            &[],
            &[],
        );
        for (input, code, said) in [
            (
                " [ 7 ] ",
                0,
                r#"{"lines":1,"totalCents":7,"largestCents":7}"#,
            ),
            (
                "[]",
                1,
                "FAILED: EmptyOrder: an order has at least one line",
            ),
            ("{}", 1, "FAILED: InvalidInput: "),
            ("[-1]", 1, "FAILED: InvalidInput: "),
            ("[1.5]", 1, "FAILED: InvalidInput: "),
            ("[9007199254740991]", 0, r#""totalCents":9007199254740991"#),
            (
                "[9007199254740991,1]",
                1,
                "FAILED: TooMuch: more than 9007199254740991 cents",
            ),
        ] {
            let invoke = [
                "task",
                "invoke",
                task,
                "--input",
                input,
                "--data-dir",
                &data,
            ];
            match code {
                0 => check(&invoke, 0, &[said], &[]),
                _ => check(&invoke, code, &[], &[said]),
            };
        }
    }
}

fn module_of(task: &str) -> String {
    format!("examples/five-languages/tasks/{task}.wasm")
}
