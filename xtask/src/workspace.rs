//! Where things are, and how other programs are run.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;

/// The checkout and the folders outside of it.
pub(crate) struct Workspace {
    /// The checkout.
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds.
    pub(crate) target: PathBuf,
    /// What outlives a checkout.
    pub(crate) cache: PathBuf,
}

impl Workspace {
    /// Finds the checkout this program belongs to.
    pub(crate) fn find() -> Self {
        // At run time where cargo says so: a binary may have been built for another
        // checkout that shared its target folder.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
        let root = PathBuf::from(manifest)
            .parent()
            .expect("xtask is in the checkout")
            .to_owned();
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(
            || root.join("target"),
            // As cargo has it, a relative path is relative to where it was called.
            |path| std::path::absolute(&path).unwrap_or_else(|_| root.join(path)),
        );
        let cache = env::var_os("STEPWELL_CACHE")
            .map(PathBuf::from)
            .or_else(|| {
                env::var_os("XDG_CACHE_HOME").map(|dir| PathBuf::from(dir).join("stepwell"))
            })
            .or_else(|| env::home_dir().map(|home| home.join(".cache/stepwell")))
            .unwrap_or_else(|| target.join("cache"));
        Self {
            root,
            target,
            cache,
        }
    }

    /// Cargo on the host's workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        cargo
    }
}

/// Runs a command to its end, saying before what it is for and after how long it took.
///
/// # Errors
/// When it cannot be started or does not succeed; its own words are on standard error.
pub(crate) fn stage(what: &str, command: &mut Command) -> Result<Duration> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let status = command
        .status()
        .map_err(|error| cannot_start(command, &error))?;
    if !status.success() {
        return Err(format!("{status}: {}", line(command)));
    }
    let took = start.elapsed();
    if took >= Duration::from_secs(1) {
        eprintln!("    {:.1} s", took.as_secs_f64());
    }
    Ok(took)
}

/// How often a command with an end is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a command as [`stage`] does, and ends it when it takes longer than it may.
///
/// # Errors
/// When it cannot be started, does not succeed, or takes longer.
pub(crate) fn stage_within(limit: Duration, what: &str, command: &mut Command) -> Result<()> {
    eprintln!("==> {what}");
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if start.elapsed() > limit => {
                // It fails only for a child that has ended.
                let _ = child.kill();
                let _ = child.wait();
                let seconds = limit.as_secs();
                return Err(format!("not done after {seconds} s: {}", line(command)));
            }
            None => thread::sleep(LOOK),
        }
    };
    if !status.success() {
        return Err(format!("{status}: {}", line(command)));
    }
    if start.elapsed() >= Duration::from_secs(1) {
        eprintln!("    {:.1} s", start.elapsed().as_secs_f64());
    }
    Ok(())
}

/// What a command prints on standard output, without the line's end.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "{}: {}\n{}",
            output.status,
            line(command),
            stderr.trim_end()
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

/// Says that a command cannot be started.
pub(crate) fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", command.get_program().display())
}

/// An `io::Error` with the path it is about.
pub(crate) fn at(path: &std::path::Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// The command as a person would type it.
fn line(command: &Command) -> String {
    let mut line = command.get_program().display().to_string();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
