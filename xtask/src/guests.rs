//! The examples' tasks: from `examples/<story>/tasks/<task>/` to `<task>.wasm` beside it.
//!
//! What is built is a core module that carries its component type; `stepwell` makes it a
//! component when it is deployed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{Workspace, at, stage};

/// Builds all of them; cargo leaves alone what has not changed.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let sources = sources(&workspace.root.join("examples"))?;
    let toolchain = Toolchain::get(workspace)?;
    let target = target(workspace);
    let mut cargo = toolchain.cargo(workspace);
    cargo
        .args(["build", "--release", "--locked", "--target", TARGET])
        .current_dir(workspace.root.join("examples"))
        .env("CARGO_TARGET_DIR", &target);
    stage(
        "Building the tasks of the examples (about a minute the first time)",
        &mut cargo,
    )?;

    let built = target.join(TARGET).join("release");
    for source in sources {
        let task = source
            .file_name()
            .expect("read from a folder")
            .to_string_lossy();
        let module = built.join(format!("{}.wasm", task.replace('-', "_")));
        copy_if_changed(&module, &source.with_extension("wasm"))?;
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
            sources.extend(folders(&tasks)?);
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
fn copy_if_changed(from: &Path, to: &Path) -> Result<()> {
    let module = fs::read(from).map_err(at(from))?;
    if fs::read(to).is_ok_and(|there| there == module) {
        return Ok(());
    }
    let aside = to.with_extension(format!("{}.wasm", std::process::id()));
    fs::write(&aside, module).map_err(at(&aside))?;
    fs::rename(&aside, to).map_err(at(to))
}
