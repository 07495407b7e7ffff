//! Programs in Python that tests and benches use, each kind in an environment of its own, kept
//! between checkouts: AWS's clients, and what Stepwell is measured beside.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, at, stage};

/// Written into an environment when everything is in it.
const COMPLETE: &str = "complete";

/// An environment with what a file of requirements names, from the path below the checkout.
/// Made if it is not there; another content makes another.
///
/// # Errors
/// Why it cannot be had: no Python 3, no `venv`, or a registry out of reach.
pub(crate) fn environment(
    workspace: &Workspace,
    requirements: &str,
    what: &str,
) -> Result<PathBuf> {
    let requirements = workspace.root.join(requirements);
    let text = fs::read(&requirements).map_err(at(&requirements))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = workspace.cache.join("python");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let environment = folder.join(format!("{:016x}", hasher.finish()));

    // Scripts in it know its path, so it cannot be made aside and moved: another run waits.
    let lock = environment.with_extension("lock");
    let lock_file = File::create(&lock).map_err(at(&lock))?;
    lock_file.lock().map_err(at(&lock))?;
    let complete = environment.join(COMPLETE);
    if complete.exists() {
        return Ok(environment);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&environment);
    stage(
        &format!("Making a Python environment for {what}"),
        &mut make,
    )?;
    let mut install = Command::new(environment.join("bin/python"));
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(["--no-deps", "--requirement"])
        .arg(&requirements);
    stage(
        &format!("Installing {what} (up to a minute, once a machine)"),
        &mut install,
    )?;
    fs::write(&complete, "").map_err(at(&complete))?;
    Ok(environment)
}
