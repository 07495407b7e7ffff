//! Modules outlive the host, and compiled code is a saving that may be lost.

use std::fs;
use std::path::{Path, PathBuf};

use host::wasm::WasmHost;
use host::{Digest, Error, TaskHost as _};

use crate::guests::{attempt, guest, limits};

fn compiled(directory: &Path, extension: &str) -> PathBuf {
    let mut files = fs::read_dir(directory.join("compiled")).unwrap();
    files
        .find_map(|file| {
            Some(file.unwrap().path()).filter(|path| path.extension().unwrap() == extension)
        })
        .unwrap()
}

async fn answers(directory: &Path, digest: &Digest) {
    let host = WasmHost::open(directory).unwrap();
    let outcome = host
        .run(attempt(digest.clone(), limits(), "5"))
        .await
        .unwrap();
    assert_eq!(outcome.result.unwrap().text(), "5");
}

#[tokio::test]
async fn a_restart_compiles_nothing_and_damage_is_repaired() {
    for name in ["task/echo", "command/echo"] {
        let directory = tempfile::tempdir().unwrap();
        let directory = directory.path();
        let host = WasmHost::open(directory).unwrap();
        let digest = host.prepare(guest(name)).await.unwrap().digest;
        drop(host);
        let code = compiled(directory, "cwasm");
        let written = || fs::metadata(&code).unwrap().modified().unwrap();
        let first = written();
        answers(directory, &digest).await;
        assert_eq!(written(), first);

        let whole = fs::read(&code).unwrap();
        fs::write(&code, &whole[..whole.len() / 2]).unwrap();
        answers(directory, &digest).await;
        assert_eq!(fs::read(&code).unwrap(), whole);

        fs::remove_dir_all(directory.join("compiled")).unwrap();
        answers(directory, &digest).await;
    }
}

#[tokio::test]
async fn what_was_removed_is_unknown() {
    let directory = tempfile::tempdir().unwrap();
    let host = WasmHost::open(directory.path()).unwrap();
    let digest = host.prepare(guest("task/echo")).await.unwrap().digest;
    assert!(host.contains(&digest).unwrap());
    host.remove(&digest).unwrap();
    assert!(!host.contains(&digest).unwrap());
    let ran = host.run(attempt(digest, limits(), "5")).await;
    assert!(matches!(ran, Err(Error::NoSuchModule(_))));
    for folder in ["modules", "compiled"] {
        assert_eq!(
            fs::read_dir(directory.path().join(folder)).unwrap().count(),
            0
        );
    }
}
