//! The examples' tasks in Rust: from `examples/<story>/tasks/<task>/` to `<task>.wasm` beside it.
//!
//! What is built is a core module that carries its component type; `stepwell` makes it a
//! component when it is deployed. Beside it, `<task>.wasip2.wasm` is the same source as a
//! component that imports WASI, built where rustup has that target: the tests run both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::toolchain::{TARGET, Toolchain, WASIP2};
use crate::workspace::{Workspace, at, stage};

/// Builds all of them; cargo leaves alone what has not changed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let sources = sources(&workspace.root.join("examples"))?;
    let toolchain = Toolchain::get(workspace)?;
    compile(
        workspace,
        toolchain.cargo(workspace),
        TARGET,
        "Building the tasks of the examples (about a minute the first time)",
    )?;
    take(workspace, &sources, TARGET, "wasm")?;

    match toolchain.cargo_for_wasip2(workspace) {
        Ok(cargo) => {
            let what = "Building the same tasks as WASI components, for the tests";
            compile(workspace, cargo, WASIP2, what)?;
            take(workspace, &sources, WASIP2, WASIP2_EXTENSION)
        }
        Err(why) => {
            eprintln!("==> SKIPPED: the tasks as WASI components ({WASIP2}): {why}");
            // What an earlier compiler left would be tested as if it were this one's.
            remove(&sources, WASIP2_EXTENSION)
        }
    }
}

/// What tells a task built for WASI from the one that needs none.
const WASIP2_EXTENSION: &str = "wasip2.wasm";

fn compile(workspace: &Workspace, mut cargo: Command, target: &str, what: &str) -> Result<()> {
    cargo
        .args(["build", "--release", "--locked", "--target", target])
        .current_dir(workspace.root.join("examples"))
        .env("CARGO_TARGET_DIR", self::target(workspace));
    stage(what, &mut cargo).map(drop)
}

/// Copies what was built for one target to where it is looked for.
fn take(workspace: &Workspace, sources: &[PathBuf], target: &str, extension: &str) -> Result<()> {
    let built = self::target(workspace).join(target).join("release");
    for source in sources {
        let task = source
            .file_name()
            .expect("read from a folder")
            .to_string_lossy();
        let module = built.join(format!("{}.wasm", task.replace('-', "_")));
        copy_if_changed(&module, &source.with_extension(extension))?;
    }
    Ok(())
}

fn remove(sources: &[PathBuf], extension: &str) -> Result<()> {
    for source in sources {
        let module = source.with_extension(extension);
        if module.exists() {
            fs::remove_file(&module).map_err(at(&module))?;
        }
    }
    Ok(())
}

/// Guests have a folder of their own: they are built by another compiler, perhaps, and with
/// other flags.
pub(crate) fn target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("guests")
}

/// The folders of all tasks: a folder is a crate of the same name.
fn sources(examples: &Path) -> Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for story in folders(examples)? {
        let tasks = story.join("tasks");
        if tasks.is_dir() {
            let tasks = folders(&tasks)?.into_iter();
            // Those of other languages are no crates, and built elsewhere.
            sources.extend(tasks.filter(|task| task.join("Cargo.toml").is_file()));
        }
    }
    sources.sort();
    Ok(sources)
}

fn folders(of: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(of).map_err(at(of))? {
        let path = entry.map_err(at(of))?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    Ok(folders)
}

/// Copies a module, whole or not at all: tests may be reading the one that is there.
pub(crate) fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let module = fs::read(from).map_err(at(from))?;
    if fs::read(to).is_ok_and(|there| there == module) {
        return Ok(());
    }
    let aside = to.with_extension(format!("{}.wasm", std::process::id()));
    fs::write(&aside, module).map_err(at(&aside))?;
    fs::rename(&aside, to).map_err(at(to))
}
