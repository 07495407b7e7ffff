//! House rules that a machine can check.

use std::path::{Path, PathBuf};

/// Lines of a source file; beyond it a file is about more than one thing.
const LINES_MAX: usize = 600;

/// Each crate and those it may depend on: the direction of the whole.
const DIRECTION: [(&str, &[&str]); 7] = [
    ("asl", &[]),
    ("journal", &["asl"]),
    ("host", &["asl"]),
    ("objects", &["asl"]),
    ("engine", &["asl", "journal", "host", "objects"]),
    ("api", &["asl", "journal", "host", "objects", "engine"]),
    (
        "server",
        &["asl", "journal", "host", "objects", "engine", "api"],
    ),
];

/// Where `unsafe` may stand: each block there argues its safety.
const UNSAFE: [&str; 2] = ["runtime/host/src/wasm/cache.rs", "guest-sdk/src/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace")
        .to_owned()
}

fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["runtime", "guest-sdk", "examples", "tests", "xtask"] {
        walk(&root().join(folder), &mut found);
    }
    found
}

fn walk(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder)
        .expect("a readable folder")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("target") {
            walk(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let name = path
                .strip_prefix(root())
                .expect("below the root")
                .display()
                .to_string();
            found.push((
                name,
                std::fs::read_to_string(&path).expect("a readable file"),
            ));
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    for (name, allowed) in DIRECTION {
        let manifest = root().join("runtime").join(name).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).expect("a manifest");
        for (other, _) in DIRECTION.iter().filter(|(other, _)| *other != name) {
            let depends = manifest.lines().any(|line| {
                line.starts_with(&format!("{other}.")) || line.starts_with(&format!("{other} ="))
            });
            assert!(
                !depends || allowed.contains(other),
                "{name} must not depend on {other}"
            );
        }
    }
}

#[test]
fn files_say_what_they_are_for_and_stay_small() {
    for (name, text) in sources() {
        let generated = name.contains("bindings");
        assert!(
            generated || text.starts_with("//!"),
            "{name} does not say what it is for"
        );
        let lines = text.lines().count();
        assert!(
            lines <= LINES_MAX,
            "{name} has {lines} lines: split it by what readers look for"
        );
    }
}

#[test]
fn unsafe_stands_only_where_it_is_argued() {
    let block = concat!("unsafe", " {");
    for (name, text) in sources() {
        let allowed = UNSAFE.iter().any(|place| name.starts_with(place));
        assert!(
            allowed || !text.contains(block),
            "{name} has an unsafe block"
        );
    }
}
