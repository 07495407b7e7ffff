//! Where the recorded cases lie: they are no part of the project.

use std::path::{Path, PathBuf};

/// The folder `name` of the recordings: below `STEPWELL_RECORDED`, or below a folder
/// `conformance` in any folder beside the workspace or further up. Says so when there is none.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let is_there = |folder: &PathBuf| folder.is_dir();
    let found = match std::env::var_os("STEPWELL_RECORDED") {
        Some(folder) => Some(PathBuf::from(folder).join(name)).filter(is_there),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .ancestors()
            .skip(2)
            .filter_map(|above| above.read_dir().ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path().join("conformance").join(name)))
            .find(is_there),
    };
    if found.is_none() {
        println!("skipped: no recorded cases beside the workspace; set STEPWELL_RECORDED");
    }
    found
}

/// Every JSON file below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("a readable folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
