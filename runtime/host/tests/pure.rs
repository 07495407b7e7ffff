//! A module that was granted nothing sees nothing: the same attempt is the same, twice.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use host::wasm::WasmHost;
use host::{Limits, TaskHost as _};

use crate::guests::{all, answer, attempt, guest, host, limits, prepare, root};

#[tokio::test]
async fn clocks_and_chance_are_the_same_for_the_same_attempt() {
    let digest = prepare("command/prints_clock_and_chance")
        .await
        .unwrap()
        .digest;
    let first = attempt(digest, limits(), "1");
    let mut another = first.clone();
    another.context.idempotency_key = "key-2".to_owned();
    let again = host().run(first.clone()).await.unwrap();
    let first = host().run(first).await.unwrap();
    let another = host().run(another).await.unwrap();
    assert_eq!(first.usage.fuel, again.usage.fuel);
    let (first, again) = (first.result.unwrap(), again.result.unwrap());
    assert_eq!(first, again);
    assert_ne!(first, another.result.unwrap());
}

#[tokio::test]
async fn clocks_begin_at_the_schedule_and_move_by_what_was_waited() {
    let printed = answer("command/prints_clock_and_chance", "1").await;
    let nanoseconds = |at: usize| {
        let digits = &printed[at..at + 16];
        let bytes = (0..8).map(|byte| u64::from_str_radix(&digits[byte * 2..byte * 2 + 2], 16));
        bytes
            .enumerate()
            .map(|(byte, value)| value.unwrap() << (8 * byte))
            .sum::<u64>()
    };
    // A millisecond of sleep, and one or two microseconds of reading.
    assert_eq!(nanoseconds(1), 1_700_000_000_000_000_000 + 1_001_000);
    assert_eq!(nanoseconds(17), 1_002_000);
}

#[tokio::test]
async fn there_are_no_files_arguments_or_variables() {
    // 8 is EBADF: there is no directory to open anything in.
    assert_eq!(answer("command/looks_around", "1").await, "[8,8,0,0]");
}

/// Names the folder of the modules that processes share: what one compiled the next maps.
const MODULES: &str = "MODULES_OF_PURE_GUESTS";

/// What every guest that is granted nothing does: those of these tests, and those of the examples
/// that are built. A line each: name, fuel, how it ended. Runs in a process of its own.
#[tokio::test]
#[ignore = "run by the test below, as a process of its own"]
async fn tell_what_guests_do() {
    let modules = std::env::var_os(MODULES).expect("the test below says where modules are");
    let host = WasmHost::open(Path::new(&modules)).unwrap();
    let mut modules: Vec<(String, Vec<u8>)> = all()
        .into_iter()
        .map(|name| (name.clone(), guest(&name)))
        .collect();
    for file in examples() {
        let bytes = std::fs::read(&file).unwrap();
        modules.push((file.display().to_string(), bytes));
    }
    let limits = Limits {
        // What never ends does so by its fuel: by its time would tell of the clock outside.
        fuel_max: 100_000_000,
        timeout: Duration::from_secs(120),
        ..limits()
    };
    for (name, bytes) in modules {
        // One that waits for ever can only be ended by the clock.
        if name == "command/sleeps_for_ever" {
            continue;
        }
        let Ok(prepared) = host.prepare(bytes).await else {
            continue;
        };
        let input = r#""127.0.0.1:9""#;
        let outcome = host.run(attempt(prepared.digest, limits, input)).await;
        let outcome = outcome.unwrap();
        let told = (
            &name,
            outcome.usage.fuel,
            &outcome.result,
            &outcome.log_tail,
        );
        println!("TOLD {told:?}");
    }
}

/// The tasks of the examples, where they are built.
fn examples() -> Vec<PathBuf> {
    let is_dir = |path: &PathBuf| path.is_dir();
    let entries = |path: &Path| {
        let read = std::fs::read_dir(path).into_iter().flatten().flatten();
        read.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let stories = entries(&root().join("../../examples"));
    let folders = stories.iter().filter(|path| is_dir(path));
    let files = folders.flat_map(|story| entries(&story.join("tasks")));
    let mut modules: Vec<PathBuf> = files
        .filter(|file| file.extension().is_some_and(|end| end == "wasm"))
        .collect();
    modules.sort();
    modules
}

#[test]
fn every_guest_is_the_same_wherever_and_whenever_it_runs() {
    let modules = tempfile::tempdir().unwrap();
    let tell = |zone: &str| {
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join(zone), zone).unwrap();
        let told = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "pure::tell_what_guests_do",
                "--ignored",
                "--nocapture",
            ])
            .current_dir(elsewhere.path())
            .env(MODULES, modules.path())
            .env("TZ", zone)
            .env("HOME", elsewhere.path())
            .env(format!("ONLY_{zone}"), zone)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        let lines: Vec<String> = told
            .lines()
            .filter(|line| line.starts_with("TOLD"))
            .map(str::to_owned)
            .collect();
        assert!(lines.len() > 30, "{told}");
        lines
    };
    for (here, there) in tell("Asia").into_iter().zip(tell("Europe")) {
        assert_eq!(here, there);
    }
}

#[test]
fn every_guest_has_a_test_that_names_it() {
    let tests = std::fs::read_dir(root().join("tests")).unwrap().flatten();
    let texts = tests.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    let texts: String = texts.collect();
    for name in all() {
        assert!(
            texts.contains(&format!("\"{name}\"")),
            "no test runs {name}"
        );
    }
}
