//! Valgrind's callgrind, which executes a program one instruction at a time and counts.

use std::process::{Command, Stdio};

use crate::work::Work;

/// How many rounds the shorter run has: enough that what happens once in a while (a table that
/// grows, a page that fills) happens evenly.
const ROUNDS: u64 = 512;

/// Whether it can be used here.
pub(crate) fn is_there() -> bool {
    let version = Command::new("valgrind")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    version.is_ok_and(|status| status.success())
}

/// The compiler, as it names itself.
pub(crate) fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    version.unwrap_or_default()
}

/// What one more round takes: the difference of two runs, so that starting does not count.
pub(crate) fn instructions_a_round(work: Work) -> Result<u64, String> {
    let short = instructions(work, ROUNDS)?;
    let long = instructions(work, 3 * ROUNDS)?;
    Ok(long.saturating_sub(short) / (2 * ROUNDS))
}

fn instructions(work: Work, rounds: u64) -> Result<u64, String> {
    let this = std::env::current_exe().map_err(|error| format!("where this is: {error}"))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(this)
        .args(["run", work.name(), &rounds.to_string()])
        .output()
        .map_err(|error| format!("cannot start valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = collected(&said).filter(|_| output.status.success());
    collected.ok_or_else(|| format!("valgrind did not count {}:\n{said}", work.name()))
}

/// The sum that callgrind says at its end: `==123== Collected : 456`.
fn collected(said: &str) -> Option<u64> {
    let line = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    line?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 2211837\n==7== \n==7== I   refs:      2,211,837\n";
        assert_eq!(collected(said), Some(2_211_837));
        assert_eq!(collected("==7== Command: counts\n"), None);
    }
}
