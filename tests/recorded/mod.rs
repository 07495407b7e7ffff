//! Histories recorded from AWS, run here and compared whole.
//!
//! The recordings are no part of the project: [`folder`] finds them. A case that needs what
//! does not exist yet is listed by name with its reason, never dropped in silence.

mod case;
mod compare;
mod functions;
mod run;

use std::path::{Path, PathBuf};

use case::Case;

/// The folder of recorded cases: `STEPWELL_RECORDED`, or the first folder beside the
/// workspace with a `conformance` in it.
fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("STEPWELL_RECORDED") {
        return Some(PathBuf::from(folder));
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    std::fs::read_dir(beside)
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("conformance"))
        .find(|folder| folder.join("aws").is_dir())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder)
        .expect("a readable folder")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            found.push(path);
        }
    }
}

#[test]
fn histories_are_as_recorded() {
    let Some(folder) = folder() else {
        println!("skipped: no recorded cases beside the workspace; set STEPWELL_RECORDED");
        return;
    };
    let only = std::env::var("STEPWELL_CASE").unwrap_or_default();
    let mut found = Vec::new();
    files(&folder.join("aws"), &mut found);
    found.sort();
    let (mut passed, mut left_out, mut failed) = (0, Vec::new(), Vec::new());
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a readable case");
        let case = Case::parse(&text);
        if !case.name.contains(&only) {
            continue;
        }
        if let Some(reason) = case.out_of_reach() {
            left_out.push(format!("{}: {reason}", case.name));
            continue;
        }
        match run::check(&case) {
            Ok(()) => passed += 1,
            Err(why) => failed.push(format!("{}: {why}", case.name)),
        }
    }
    println!(
        "recorded histories: {passed} pass, {} left out",
        left_out.len()
    );
    for line in &left_out {
        println!("  left out  {line}");
    }
    assert!(
        failed.is_empty(),
        "{} of {} differ:\n{}",
        failed.len(),
        failed.len() + passed,
        failed.join("\n")
    );
}
