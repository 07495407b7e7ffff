//! `stepwell new`: what it writes is what `cargo xtask guests` has built.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::command::{check, root};

/// Files of a folder and its folders, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").display();
                found.insert(name.to_string(), fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// Where `cargo xtask guests` lays a task out to build it: beside the other builds.
fn built(task: &str) -> std::path::PathBuf {
    // CARGO_TARGET_TMPDIR is `target/tmp`.
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let target = tmp.parent().expect("the target folder");
    target.join("languages").join(task)
}

#[test]
fn what_is_written_is_what_the_examples_are_built_of() {
    for (language, task) in [
        ("rust", "total-rust"),
        ("c", "total-c"),
        ("go", "total-go"),
        ("js", "total-js"),
        ("python", "total-python"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("charge");
        let name = dir.display().to_string();
        let next = "stepwell task deploy charge task.wasm";
        check(
            &["new", "--lang", language, &name],
            0,
            &[],
            &["sh build.sh", next],
        );
        let written = files(&dir);
        assert!(written.contains_key("README.md") && written.contains_key("build.sh"));
        let staged = built(task);
        if !staged.join("task.wasm").is_file() {
            eprintln!("SKIPPED: {task} is not built");
            continue;
        }
        for (file, content) in &written {
            // These two are not built of.
            if ["README.md", ".gitignore"].contains(&file.as_str()) {
                continue;
            }
            let there = fs::read(staged.join(file));
            assert!(
                there.is_ok_and(|there| there == *content),
                "{language}: {file}"
            );
        }
        // Nothing that it was built of is missing.
        for file in files(&root().join(format!("examples/five-languages/tasks/{task}"))).keys() {
            let own = task == "total-rust" && file == "Cargo.toml";
            assert!(
                own || written.contains_key(file),
                "{language}: {file} is not written"
            );
        }
        let module = staged.join("task.wasm").display().to_string();
        if language == "rust" {
            let invoke = ["task", "invoke", &module, "--input", "[4999, 1250]"];
            check(&invoke, 0, &[r#""totalCents":6249"#], &[]);
        }
    }
}

#[test]
fn what_is_in_use_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().display().to_string();
    // An empty folder may be used, but once.
    check(&["new", "--lang", "go", &name], 0, &[], &[]);
    check(&["new", "--lang", "c", &name], 2, &[], &["is not empty"]);
    assert!(!folder.path().join("total.c").exists());
    let file = folder.path().join("go.mod").display().to_string();
    check(&["new", "--lang", "c", &file], 2, &[], &["cannot use"]);
    check(
        &["new", "--lang", "cobol", &name],
        2,
        &[],
        &["possible values: rust, c, go, js, python"],
    );
}
