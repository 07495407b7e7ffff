//! Guests that want files: a directory that is granted, and nothing beside it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use host::{Directory, Grants, Outcome};
use tempfile::TempDir;

use crate::guests::{granted, limits, named};

/// A directory to grant, with a secret beside it and links that lead there.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("granted");
    fs::create_dir_all(inside.join("inner")).unwrap();
    fs::write(folder.path().join("secret"), "s").unwrap();
    fs::write(inside.join("there"), "t").unwrap();
    symlink("../secret", inside.join("link")).unwrap();
    symlink(folder.path(), inside.join("outer")).unwrap();
    folder
}

async fn run(name: &str, folder: &Path, writable: bool) -> Outcome {
    let grants = Grants {
        directories: vec![Directory {
            host: folder.join("granted"),
            inside: "/data".to_owned(),
            writable,
        }],
        ..Grants::default()
    };
    granted(name, grants, limits(), "1").await
}

#[tokio::test]
async fn what_lies_beside_a_directory_is_out_of_reach() {
    let folder = folder();
    for writable in [false, true] {
        let outcome = run(
            "command/escapes_by_paths_and_links",
            folder.path(),
            writable,
        )
        .await;
        let errnos = outcome.result.unwrap();
        let errnos = errnos.value();
        // 0 is success, 44 no such file, 63 not permitted, 69 a read-only file system.
        assert_eq!(errnos[0], "00", "{errnos}");
        for way in [1, 2, 3, 5, 6, 7] {
            let errno = errnos[way].as_str().unwrap();
            assert!(["44", "63", "76"].contains(&errno), "{way}: {errnos}");
        }
    }
}

#[tokio::test]
async fn what_is_read_only_is_not_written() {
    let folder = folder();
    let made = folder.path().join("granted/made");
    let outcome = run("command/writes_a_file", folder.path(), false).await;
    assert_ne!(outcome.result.unwrap().text(), "\"00\"");
    assert!(!made.exists());
    let outcome = run("command/writes_a_file", folder.path(), true).await;
    assert_eq!(outcome.result.unwrap().text(), "\"00\"");
    assert_eq!(fs::read_to_string(&made).unwrap(), "made");
}

#[tokio::test]
async fn file_handles_run_out_within_the_guest() {
    let folder = folder();
    let outcome = run("command/exhausts_file_handles", folder.path(), false).await;
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "Wasm.Trap", "{cause}");
    // Another opens what it needs.
    let outcome = run("command/escapes_by_paths_and_links", folder.path(), false).await;
    assert!(outcome.result.is_ok());
}

#[tokio::test]
async fn a_directory_that_is_not_there_fails_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run("command/writes_a_file", folder.path(), true).await;
    let (error, cause) = named(outcome.result.unwrap_err());
    assert_eq!(error, "Stepwell.GrantUnavailable");
    assert!(cause.contains("granted cannot be opened"), "{cause}");
}
