//! What the contract does not say: files, locks, formats, folding, a full disk.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::conformance::{Subject, check};

impl Subject for TempDir {
    type Journal = SqliteJournal;

    fn open(&mut self) -> SqliteJournal {
        open(self.path())
    }
}

#[test]
fn keeps_the_contract() {
    check(|| TempDir::new().unwrap());
}

fn open(dir: &Path) -> SqliteJournal {
    SqliteJournal::open(dir, Options::default()).unwrap()
}
