//! The real binary, killed with SIGKILL at random instants, and run again until it ends.
//!
//! After every kill the journal's story must go on from the story before it; at the end
//! nothing may be missing and nothing doubled. `STEPWELL_KILLS` says how many kills
//! (20 unless said), `STEPWELL_SEED` which: a failure prints both.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Waits, a Retry that is used up and caught, a Parallel and a Map, each with attempts.
const DEFINITION: &str = r#"{
    "StartAt": "First",
    "States": {
        "First": { "Type": "Task", "Resource": "wasm:echo", "Next": "Breath" },
        "Breath": { "Type": "Wait", "Seconds": 1, "Next": "Flaky" },
        "Flaky": {
            "Type": "Task",
            "Resource": "wasm:broken",
            "Retry": [{ "ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2,
                        "BackoffRate": 1, "JitterStrategy": "FULL" }],
            "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": null, "Next": "Both" }],
            "End": true
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                { "StartAt": "Left", "States": {
                    "Left": { "Type": "Wait", "Seconds": 1, "Next": "LeftTask" },
                    "LeftTask": { "Type": "Task", "Resource": "wasm:echo", "End": true } } },
                { "StartAt": "Right", "States": {
                    "Right": { "Type": "Task", "Resource": "wasm:echo", "End": true } } }
            ],
            "ResultPath": null,
            "Next": "Each"
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemProcessor": { "StartAt": "Item", "States": {
                "Item": { "Type": "Task", "Resource": "wasm:echo", "End": true } } },
            "End": true
        }
    }
}"#;

const INPUT: &str = r#"{"items": [1, 2, 3, 4, 5, 6]}"#;

/// How often each state is entered, and each of its attempts scheduled.
const ATTEMPTS: usize = 1 + 3 + 2 + 6;

const ECHO: &str = include_str!("guests/echo.wat");
const BROKEN: &str = include_str!("guests/broken.wat");

/// Longest a run may stay silent before it is killed, in milliseconds.
const SILENCE_MILLISECONDS_MAX: u64 = 700;

#[test]
fn nothing_is_lost_or_doubled_by_kills() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let kills: u64 = number("STEPWELL_KILLS").unwrap_or(20);
    let seed: u64 = number("STEPWELL_SEED").unwrap_or(1);
    println!("STEPWELL_KILLS={kills} STEPWELL_SEED={seed} cargo test -p server killed");
    let folder = tempfile::tempdir().expect("a folder");
    let mut chance = Chance(seed);
    let (mut killed, mut executions) = (0, 0);
    prepare(folder.path());
    while killed < kills {
        executions += 1;
        let name = format!("execution-{executions}");
        killed += carry_to_its_end(folder.path(), &name, &mut chance, kills - killed);
    }
    println!("{killed} kills, {executions} executions");
}

/// Runs one execution again and again, killing it at most `kills` times; answers how often.
fn carry_to_its_end(folder: &Path, name: &str, chance: &mut Chance, kills: u64) -> u64 {
    let (mut killed, mut story) = (0, Vec::new());
    loop {
        let mut child = start(folder, name);
        let lines = lines_of(&mut child);
        let strike = killed < kills && watch(&lines, chance);
        if strike {
            // Fails only for a child that has ended by itself.
            let _ = child.kill();
        }
        let status = child.wait().expect("a child");
        killed += u64::from(strike && status.code().is_none());
        let now = history(folder, name);
        assert!(now.len() >= story.len(), "{name}: events were lost");
        assert_eq!(now[..story.len()], story[..], "{name}: the story changed");
        story = now;
        if status.success() {
            judge(name, &story);
            return killed;
        }
        assert!(status.code().is_none(), "{name}: ended with {status}");
    }
}

/// Follows a run up to a random line or a random silence; false when it ended before.
fn watch(lines: &Receiver<String>, chance: &mut Chance) -> bool {
    for _ in 0..chance.below(12) {
        let silence = Duration::from_millis(1 + chance.below(SILENCE_MILLISECONDS_MAX));
        match lines.recv_timeout(silence) {
            Ok(_) => {}
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => return true,
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// What a whole and undoubled story of the definition above is.
fn judge(name: &str, events: &[Value]) {
    let mut outcomes: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut scheduled, mut ends) = (0, 0);
    let (mut entered, mut exited, mut items) = (0, 0, Vec::new());
    for (place, event) in events.iter().enumerate() {
        let id = place as u64 + 1;
        assert_eq!(event["id"], json!(id), "{name}: ids are dense");
        let previous = event["previousEventId"].as_u64().expect("a number");
        assert!(previous < id, "{name}: event {id} follows a later one");
        let kind = event["type"].as_str().expect("a type");
        match kind {
            "LambdaFunctionScheduled" => scheduled += 1,
            "LambdaFunctionSucceeded" | "LambdaFunctionFailed" => {
                *outcomes.entry(previous).or_default() += 1;
            }
            "MapIterationSucceeded" => {
                items.push(event["mapIterationSucceededEventDetails"]["index"].clone());
            }
            kind if kind.starts_with("Execution") && kind != "ExecutionStarted" => ends += 1,
            kind if kind.ends_with("StateEntered") => entered += 1,
            kind if kind.ends_with("StateExited") => exited += 1,
            _ => {}
        }
    }
    assert_eq!(scheduled, ATTEMPTS, "{name}: attempts");
    assert_eq!(outcomes.len(), ATTEMPTS, "{name}: attempts with an outcome");
    assert!(
        outcomes.values().all(|count| *count == 1),
        "{name}: two outcomes of one attempt"
    );
    assert_eq!(entered, exited, "{name}: states entered and left");
    assert_eq!(ends, 1, "{name}: ends");
    items.sort_by_key(Value::as_u64);
    assert_eq!(
        items,
        [0, 1, 2, 3, 4, 5].map(|index| json!(index)),
        "{name}: items"
    );
}

fn prepare(folder: &Path) {
    std::fs::create_dir(folder.join("tasks")).expect("a folder");
    std::fs::write(folder.join("definition.asl.json"), DEFINITION).expect("a file");
    for (name, text) in [("echo", ECHO), ("broken", BROKEN)] {
        let module = wat::parse_str(text).expect("sound text");
        std::fs::write(folder.join("tasks").join(format!("{name}.wasm")), module).expect("a file");
    }
}

fn stepwell(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    command
        .current_dir(folder)
        .env("STEPWELL_DATA_DIR", folder.join("data"));
    command
}

fn start(folder: &Path, name: &str) -> Child {
    let mut command = stepwell(folder);
    command.args([
        "run",
        "definition.asl.json",
        "--input",
        INPUT,
        "--name",
        name,
    ]);
    command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

fn lines_of(child: &mut Child) -> Receiver<String> {
    let stderr = child.stderr.take().expect("piped");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            // Nobody listens once the child is to be killed.
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The history as it is stored; empty when the execution was not yet durable.
fn history(folder: &Path, name: &str) -> Vec<Value> {
    let output = stepwell(folder)
        .args(["execution", "history", name, "--json"])
        .output()
        .expect("the binary runs");
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        let reasons = ["no execution is named", "there is no data directory"];
        let is_known = reasons.iter().any(|reason| complaint.contains(reason));
        assert!(is_known, "{complaint}");
        return Vec::new();
    }
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer["events"].as_array().expect("events").clone()
}

/// SplitMix64: the same instants for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
