//! `cargo xtask test` and `cargo xtask bench`.

use std::time::Instant;

use crate::Result;
use crate::guests;
use crate::workspace::{Workspace, stage};

/// Builds the guests, then runs the tests: the small ones first, since they fail fastest.
pub(crate) fn test(workspace: &Workspace, args: &[String]) -> Result<()> {
    let start = Instant::now();
    guests::build(workspace)?;

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
    alone.args(["build", "--package", "server"]);
    stage(
        "Building stepwell as its users do (the first time minutes: wasmtime and SQLite are compiled)",
        &mut alone,
    )?;

    let mut all = workspace.cargo();
    all.args(["test", "--workspace"]).args(args);
    stage("Testing Stepwell", &mut all)?;
    eprintln!(
        "==> All tests passed in {:.0} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Runs the benches of all crates, or those whose name matches.
pub(crate) fn bench(workspace: &Workspace, name: Option<&String>) -> Result<()> {
    guests::build(workspace)?;
    let mut bench = workspace.cargo();
    bench.args([
        "bench",
        "--workspace",
        "--bench",
        name.map_or("*", String::as_str),
    ]);
    stage(
        "Running the benches (the first build is optimised, and takes minutes)",
        &mut bench,
    )?;
    Ok(())
}
