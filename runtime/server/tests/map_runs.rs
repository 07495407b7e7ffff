//! Map Runs of the real binary: killed with SIGKILL on the way and run again, every line of the
//! source is done, and none is twice in what was written; on a disk that is full, it is told.
//!
//! `STEPWELL_MAP_LINES` says how many lines (2,000 unless said), `STEPWELL_MAP_KILLS` how many
//! kills (5 unless said).

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::prepared;

const BINARY: &str = env!("CARGO_BIN_EXE_stepwell");

/// How long a run goes on before it is killed, in milliseconds: longer each time, so that it
/// gets somewhere on a busy machine too.
const STEP_MILLISECONDS: u64 = 400;

/// The same is for so many lines: of more it goes on for longer, so that all kills are on the way.
const STEP_LINES: u64 = 100_000;

/// Children at once.
const AT_ONCE: u32 = 100;

fn lines(count: u64) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("{{\"n\":{n}}}"))
}

#[test]
fn nothing_of_a_map_run_is_lost_or_doubled_by_kills() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let count: u64 = number("STEPWELL_MAP_LINES").unwrap_or(2_000);
    let kills: u64 = number("STEPWELL_MAP_KILLS").unwrap_or(5);
    for children in ["EXPRESS", "STANDARD"] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let definition = prepared::definition(children, AT_ONCE);
        prepared::lay(folder, &definition, lines(count));
        let step = STEP_MILLISECONDS * count.div_ceil(STEP_LINES);
        let killed = (1..=kills).filter(|turn| is_killed(folder, turn * step));
        let killed = killed.count();
        let output = start(folder)
            .stdout(Stdio::piped())
            .output()
            .expect("the binary runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{children}: {told}");
        let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let numbers = numbers(folder, &result);
        assert_eq!(numbers, (0..count).collect::<Vec<_>>(), "{children}");
        println!("{children}: {count} lines, {killed} kills");
    }
}

fn start(folder: &Path) -> Command {
    let mut command = prepared::command(Path::new(BINARY), folder);
    command.args(["--name", "killed"]);
    command
}

/// Lets it run so long, and kills it; false when it ended by itself before.
fn is_killed(folder: &Path, milliseconds: u64) -> bool {
    let mut command = start(folder);
    let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary runs");
    let mut stdout = child.stdout.take().expect("piped");
    let (ended, end) = channel();
    std::thread::spawn(move || {
        // It says nothing before it ends.
        let _ = ended.send(stdout.read_to_end(&mut Vec::new()));
    });
    let waited = end.recv_timeout(Duration::from_millis(milliseconds));
    let is_killed = matches!(waited, Err(RecvTimeoutError::Timeout));
    if is_killed {
        child.kill().expect("a child that runs");
    }
    child.wait().expect("a child");
    is_killed
}

/// The numbers of the items in all that was written, in order.
fn numbers(folder: &Path, result: &Value) -> Vec<u64> {
    let mut numbers = Vec::new();
    for file in prepared::succeeded(folder, result) {
        for line in std::fs::read_to_string(file).expect("an object").lines() {
            let item: Value = serde_json::from_str(line).expect("JSON");
            numbers.push(item["n"].as_u64().expect("a number"));
        }
    }
    numbers.sort_unstable();
    numbers
}

/// The same run again, once there is room.
#[test]
fn results_that_were_not_written_are_written_by_a_redrive() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let definition = prepared::definition("EXPRESS", AT_ONCE);
    prepared::lay(folder, &definition, lines(100));
    let in_the_way = folder.join("out/results");
    std::fs::write(&in_the_way, "no folder").expect("a file");
    let failed = start(folder).output().expect("the binary runs");
    let told = String::from_utf8_lossy(&failed.stderr);
    assert!(told.contains("SUCCEEDED_0.jsonl: "), "{told}");
    assert!(told.contains("Not a directory (os error 20)"), "{told}");
    std::fs::remove_file(in_the_way).expect("a file");
    // What is there is enough: the module is gone.
    std::fs::remove_dir_all(folder.join("tasks")).expect("a folder");
    let output = Command::new(BINARY)
        .current_dir(folder)
        .args(["execution", "redrive", "killed", "--wait", "--quiet"])
        .args([
            "--data-dir",
            "data",
            "--bucket",
            "in=in",
            "--bucket",
            "out=out",
        ])
        .output()
        .expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(numbers(folder, &result), (0..100).collect::<Vec<_>>());
}

/// No file may have more than 8 KiB, as on a disk that has no more: a limit of the process, so
/// that any user can set it.
#[test]
fn a_disk_that_is_full_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut definition = prepared::definition("EXPRESS", AT_ONCE);
    definition["States"]["Each"]["ItemProcessor"]["States"]["Item"] = json!({"Type": "Succeed"});
    prepared::lay(folder, &definition, lines(2_000));
    let output = Command::new("sh")
        .current_dir(folder)
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 16; exec \"$@\"",
            "sh",
            BINARY,
        ])
        .args(prepared::ARGUMENTS)
        .output()
        .expect("a shell");
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    for part in [
        "States.ResultWriterFailed",
        "s3://out/results/",
        "/SUCCEEDED_0.jsonl: ",
        "File too large (os error 27)",
    ] {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
    // Nothing of it is left that could be taken for a result.
    let files = std::fs::read_dir(folder.join("out/results")).expect("a folder");
    let left: Vec<_> = files
        .flat_map(|run| std::fs::read_dir(run.expect("a folder").path()).expect("a folder"))
        .map(|file| file.expect("a file").file_name())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
