//! The reference implementation of JSONata: got by npm once, run by Node.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{EVALUATIONS_A_ROUND, Measured, ROUNDS};

/// The version compared with.
pub(crate) const VERSION: &str = "2.2.2";

const SCRIPT: &str = include_str!("reference.js");

/// Measures each text with `states` as `$states`.
///
/// # Errors
/// A sentence that says what is missing: Node, npm, or the package.
pub(crate) fn measure(texts: &[&str], states: &Value) -> Result<Vec<Measured>, String> {
    let package = package()?;
    let task = json!({
        "texts": texts,
        "states": states,
        "rounds": ROUNDS,
        "evaluations": EVALUATIONS_A_ROUND,
    });
    let mut node = Command::new("node")
        .args(["-e", SCRIPT])
        .arg(&package)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node does not start: {error}"))?;
    let mut stdin = node.stdin.take().expect("it is piped");
    stdin
        .write_all(task.to_string().as_bytes())
        .map_err(|error| format!("node takes no input: {error}"))?;
    drop(stdin);
    let output = node
        .wait_with_output()
        .map_err(|error| format!("node was lost: {error}"))?;
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("node answered no JSON: {error}"))?;
    let measured = answers.into_iter().map(|mut answer| Measured {
        nanoseconds: answer["nanoseconds"].as_f64().unwrap_or(f64::NAN),
        value: answer["value"].take(),
    });
    Ok(measured.collect())
}

/// The folder of the package, got first if it is not there.
fn package() -> Result<PathBuf, String> {
    let found = Command::new("node").arg("--version").output();
    found.map_err(|error| format!("node is not there to run the reference ({error})"))?;
    let folder = cache().join(format!("jsonata-{VERSION}"));
    let package = folder.join("node_modules/jsonata");
    if !package.join("package.json").exists() {
        println!("npm gets jsonata {VERSION} into {}", folder.display());
        fetch(&folder)?;
    }
    Ok(package)
}

fn fetch(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let status = Command::new("npm")
        .args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ])
        .arg("--prefix")
        .arg(folder)
        .arg(format!("jsonata@{VERSION}"))
        .stdout(Stdio::null())
        .status()
        .map_err(|error| format!("npm is not there to get the reference ({error})"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("npm could not get jsonata {VERSION} ({status})"))
    }
}

/// What is kept between checkouts, as xtask has it.
fn cache() -> PathBuf {
    let home = || std::env::home_dir().map(|home| home.join(".cache/stepwell"));
    std::env::var_os("STEPWELL_CACHE")
        .map(PathBuf::from)
        .or_else(home)
        .unwrap_or_else(std::env::temp_dir)
}
