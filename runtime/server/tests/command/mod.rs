//! The binary, called as a person calls it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn stepwell(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stepwell"))
        .args(arguments)
        .current_dir(root())
        .env_remove("STEPWELL_DATA_DIR")
        .output()
        .expect("the binary runs")
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a command and checks its exit code, and what its two outputs have in them.
pub(crate) fn check(arguments: &[&str], code: i32, stdout: &[&str], stderr: &[&str]) -> Output {
    let output = stepwell(arguments);
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
