//! `cargo xtask test`, `cargo xtask counts` and `cargo xtask bench`.

use std::fs;
use std::process::Command;
use std::time::Instant;

use crate::Result;
use crate::workspace::{Workspace, output, stage};
use crate::{guests, languages, python};

/// AWS's clients that the tests of `stepwell serve` use.
const CLIENTS: &str = "runtime/server/tests/clients/requirements.txt";

/// A server that speaks S3's protocol; and the emulator that Stepwell is measured beside.
const MOTO: &str = "tests/moto.txt";

/// Builds the tasks of all examples, in all languages that can be had.
pub(crate) fn guests(workspace: &Workspace) -> Result<()> {
    guests::build(workspace)?;
    languages::build(workspace).map(drop)
}

/// Builds the guests, then runs the tests: the small ones first, since they fail fastest.
pub(crate) fn test(workspace: &Workspace, args: &[String]) -> Result<()> {
    let start = Instant::now();
    guests::build(workspace)?;
    let skipped = languages::build(workspace)?;

    let mut tasks = workspace.cargo();
    tasks
        .args(["test", "--locked", "--workspace"])
        .current_dir(workspace.root.join("examples"))
        .env("CARGO_TARGET_DIR", guests::target(workspace));
    stage(
        "Testing guest-sdk and the examples' tasks as ordinary Rust",
        &mut tasks,
    )?;

    // Tests are built with more features of the dependencies than the binary alone has.
    let mut alone = workspace.cargo();
    alone.args(["check", "--package", "server"]);
    stage(
        "Checking that stepwell compiles without its tests, as its users build it",
        &mut alone,
    )?;

    let mut all = workspace.cargo();
    all.args(["test", "--workspace"]).args(args);
    match python::environment(workspace, CLIENTS, "AWS's own clients") {
        Ok(environment) => all.env("STEPWELL_CLIENTS", environment),
        Err(why) => {
            eprintln!("==> SKIPPED: the tests with boto3 and the aws command: {why}");
            eprintln!("    they want Python 3 with venv (apt-get install python3-venv), and PyPI");
            all.env_remove("STEPWELL_CLIENTS")
        }
    };
    match python::environment(workspace, MOTO, "moto's server") {
        Ok(environment) => all.env("STEPWELL_MOTO", environment),
        Err(why) => {
            eprintln!("==> SKIPPED: the tests of S3's protocol against moto: {why}");
            all.env_remove("STEPWELL_MOTO")
        }
    };
    stage("Testing Stepwell", &mut all)?;
    eprintln!(
        "==> All tests passed in {:.0} s",
        start.elapsed().as_secs_f64()
    );
    // Once more at the end, where it is read.
    for line in &skipped {
        eprintln!("    {line}");
    }
    Ok(())
}

/// Counts instructions: whether what is done most often got dearer. Not part of the tests above,
/// since it must be built optimised to mean anything.
pub(crate) fn counts(workspace: &Workspace, what: &str) -> Result<()> {
    let mut counts = workspace.cargo();
    counts.args(["run", "--release", "--package", "counts", "--", what]);
    stage(
        "Counting instructions (the first build is optimised: a minute or two)",
        &mut counts,
    )?;
    Ok(())
}

/// Where runs of the benches are kept.
const RUNS: &str = "tests/bench/runs";
/// Where their curves are drawn.
const CURVES: &str = "docs/growth";

/// Runs the benches of all crates, or those whose name matches; then tells every figure beside
/// its limit and target, and keeps the run.
pub(crate) fn bench(workspace: &Workspace, name: Option<&String>) -> Result<()> {
    guests::build(workspace)?;
    let mut alone = workspace.cargo();
    alone.args(["build", "--release", "--package", "server"]);
    stage("Building stepwell as its users do", &mut alone)?;
    let figures = workspace.target.join("figures.jsonl");
    // What an earlier run left there, if one ended half-way.
    let _ = fs::remove_file(&figures);
    let mut bench = workspace.cargo();
    bench.env("STEPWELL_FIGURES", &figures).args([
        "bench",
        "--workspace",
        "--bench",
        name.map_or("*", String::as_str),
    ]);
    match python::environment(workspace, MOTO, "moto, to measure beside") {
        Ok(environment) => bench.env("STEPWELL_MOTO", environment),
        Err(why) => {
            eprintln!("==> SKIPPED: moto beside Stepwell: {why}");
            bench.env_remove("STEPWELL_MOTO")
        }
    };
    stage(
        "Running the benches (the first build is optimised, and takes minutes)",
        &mut bench,
    )?;
    let mut report = workspace.cargo();
    report
        .args([
            "run",
            "--release",
            "--package",
            "bench",
            "--bin",
            "report",
            "--",
        ])
        .args([&figures, &workspace.root.join(RUNS)])
        .arg(commit(workspace));
    stage("All figures", &mut report)?;
    let mut plots = workspace.cargo();
    plots
        .args(["run", "--release", "--package", "bench"])
        .args(["--example", "plots", "--"])
        .args([&figures, &workspace.root.join(CURVES)]);
    stage("Drawing the curves among them", &mut plots)?;
    Ok(())
}

/// The commit that is checked out, with a `+` where files differ from it; `unknown` where there
/// is no git to tell.
fn commit(workspace: &Workspace) -> String {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        output(git.current_dir(&workspace.root).args(arguments))
    };
    // What runs left is no change of what they measured.
    let changed = ["status", "--porcelain", "--", ".", ":!tests/bench/runs"];
    match (git(&["rev-parse", "--short", "HEAD"]), git(&changed)) {
        (Ok(commit), Ok(changed)) if changed.is_empty() => commit,
        (Ok(commit), _) => commit + "+",
        (Err(_), _) => "unknown".to_owned(),
    }
}
