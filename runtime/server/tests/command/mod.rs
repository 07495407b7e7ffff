//! The binary, called as a person calls it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The binary with these arguments, and nothing in its environment that says where things are.
pub(crate) fn stepwell(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stepwell"));
    command.args(arguments).current_dir(root());
    let ours = |name: &str| name.starts_with("STEPWELL_") || name.starts_with("AWS_");
    for (name, _) in std::env::vars().filter(|(name, _)| ours(name)) {
        command.env_remove(name);
    }
    command
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a command and checks its exit code, and what its two outputs have in them.
pub(crate) fn check(arguments: &[&str], code: i32, stdout: &[&str], stderr: &[&str]) -> Output {
    check_in(&[], arguments, code, stdout, stderr)
}

/// The same, with more in its environment.
pub(crate) fn check_in(
    environment: &[(&str, &str)],
    arguments: &[&str],
    code: i32,
    stdout: &[&str],
    stderr: &[&str],
) -> Output {
    let mut command = stepwell(arguments);
    command.envs(environment.iter().copied());
    let output = command.output().expect("the binary runs");
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}\n{out}\n{err}"
    );
    for part in stdout {
        assert!(
            out.contains(part),
            "{arguments:?}: no {part:?} in standard output\n{out}\n{err}"
        );
    }
    for part in stderr {
        assert!(
            err.contains(part),
            "{arguments:?}: no {part:?} in standard error\n{err}"
        );
    }
    output
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
