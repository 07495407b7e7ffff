//! Files that hold secrets: read only when nobody else can read them.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::ensure;

/// The largest that is read. Ours: room for thousands of keys, or for any certificate.
const BYTES_MAX: u64 = 1 << 20;

/// The text of a file that only its owner may read.
///
/// # Errors
/// The system's; that others may read it, or that it is too large, and what to do.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    let mut file = File::open(path)?;
    // Of the file that was opened, not of what may have taken its name since.
    let data = file.metadata()?;
    let mode = data.permissions().mode() & 0o777;
    ensure!(
        mode & 0o077 == 0,
        "others may read or write it (mode {mode:04o}): chmod 600 {}",
        path.display()
    );
    ensure!(
        data.len() <= BYTES_MAX,
        "{} bytes are more than the {BYTES_MAX} that are read",
        data.len()
    );
    let mut text = String::new();
    file.by_ref().take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn what_others_may_read_is_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(&path, "text").unwrap();
        for (mode, is_read) in [(0o600, true), (0o400, true), (0o640, false), (0o602, false)] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = read(&path);
            assert_eq!(read.is_ok(), is_read, "{mode:o}");
            if let Err(refused) = read {
                assert!(refused.to_string().contains("chmod 600"), "{refused}");
            }
        }
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let file = File::create(&path).unwrap();
        file.set_len(BYTES_MAX + 1).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .contains("more than the")
        );
    }
}
