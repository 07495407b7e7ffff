//! `cargo xtask fuzz`: builds a fuzz target with coverage counters, and runs it.
//!
//! What libFuzzer needs of the compiler are LLVM options that every release of Rust takes, so
//! that neither a nightly compiler nor cargo-fuzz is needed; a C++ compiler is, for libFuzzer.

use std::fs;

use crate::Result;
use crate::workspace::{Workspace, at, output, stage};

/// The targets: the oracles of `tests`.
const TARGETS: [&str; 6] = [
    "data_flow",
    "definition",
    "history",
    "intrinsics",
    "jsonata",
    "jsonpath",
];

/// How long a run takes unless said, in seconds.
const SECONDS: &str = "600";

/// What counts which edges are taken, and shows the fuzzer what is compared.
const FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Builds and runs a target. What it learns is kept beside the build, for the next run; an input
/// that does not hold is left there too, and printed.
pub(crate) fn run(workspace: &Workspace, target: &str, seconds: Option<&String>) -> Result<()> {
    if !TARGETS.contains(&target) {
        return Err(format!(
            "no target {target}; there are {}",
            TARGETS.join(", ")
        ));
    }
    let folder = workspace.root.join("tests/fuzz");
    let build = workspace.target.join("fuzz");
    let mut rustc = std::process::Command::new("rustc");
    let version = output(rustc.arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc -vV names no host")?;

    let mut cargo = workspace.cargo();
    cargo
        .args(["build", "--release", "--bin", target])
        // With a target named, build scripts and macros are built without the flags.
        .args(["--target", host])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", &build)
        .env("RUSTFLAGS", FLAGS);
    stage(
        &format!("Building {target} with coverage counters"),
        &mut cargo,
    )?;

    let corpus = build.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(at(&corpus))?;
    let seconds = seconds.map_or(SECONDS, String::as_str);
    let mut fuzzer = std::process::Command::new(build.join(host).join("release").join(target));
    fuzzer
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/{target}-", build.display()))
        .args(["-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1"])
        .arg(&corpus);
    stage(&format!("Fuzzing {target} for {seconds} s"), &mut fuzzer)?;
    Ok(())
}
