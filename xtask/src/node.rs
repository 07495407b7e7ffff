//! Packages of JavaScript that tasks are built with, kept between checkouts.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::workspace::{Workspace, at, stage_within};

/// Longest time to install packages: beyond it the registry is as good as out of reach.
const INSTALLING_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// The `node_modules` of a `package.json`. Made if it is not there; another content makes
/// another.
///
/// # Errors
/// Why it cannot be had: no npm, or a registry out of reach.
pub(crate) fn modules(workspace: &Workspace, package: &Path, what: &str) -> Result<PathBuf> {
    let text = fs::read(package).map_err(at(package))?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let folder = workspace.cache.join("node");
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    let home = folder.join(format!("{:016x}", hasher.finish()));

    let lock = home.with_extension("lock");
    let lock_file = File::create(&lock).map_err(at(&lock))?;
    lock_file.lock().map_err(at(&lock))?;
    let (modules, complete) = (home.join("node_modules"), home.join("complete"));
    if complete.exists() {
        return Ok(modules);
    }
    if home.exists() {
        fs::remove_dir_all(&home).map_err(at(&home))?;
    }
    fs::create_dir_all(&home).map_err(at(&home))?;
    let copy = home.join("package.json");
    fs::copy(package, &copy).map_err(at(&copy))?;
    let mut install = Command::new("npm");
    install
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        .current_dir(&home);
    let what = format!("Installing {what} (400 MB, a minute or two, once a machine)");
    stage_within(INSTALLING_TIME_MAX, &what, &mut install)?;
    fs::write(&complete, "").map_err(at(&complete))?;
    Ok(modules)
}
