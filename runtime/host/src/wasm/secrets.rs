//! Secrets: found by name when an attempt begins, given to the guest as variables, and kept out
//! of whatever is written down of it.
//!
//! A secret is a file of its name in one directory, as container platforms and systemd mount
//! them, or else a variable `STEPWELL_SECRET_<NAME>` of the server. It is read for each attempt,
//! so that one which was changed is another at once.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use crate::SecretName;

/// The largest secret that is read, in bytes: keys and certificates are smaller.
const SECRET_BYTES_MAX: u64 = 64 << 10;
/// The shortest line of a secret that is looked for in what a guest says, in bytes. Shorter ones
/// stand in any text by chance.
const LINE_BYTES_MIN: usize = 8;
/// How the server's variables that hold secrets begin.
const VARIABLE_PREFIX: &str = "STEPWELL_SECRET_";
/// What stands where a secret stood.
const MASK: &str = "***";

/// Where secrets are.
#[derive(Clone, Debug, Default)]
pub struct SecretStore {
    directory: Option<PathBuf>,
}

/// Why a secret is not to be had: a sentence for who runs the server.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSecret {
    #[error(
        "no secret is named {name}: put it into a file of that name in the server's \
         --secrets-dir, or into its variable {VARIABLE_PREFIX}{name}"
    )]
    Unknown { name: SecretName },
    #[error("the secret {name} cannot be read: {why}")]
    Unreadable { name: SecretName, why: String },
    #[error(
        "the secret {name} is shorter than {LINE_BYTES_MIN} bytes: it could not be kept out of \
         what is written down; make it longer"
    )]
    TooShort { name: SecretName },
}

impl SecretStore {
    /// Secrets are files in this directory, too.
    pub fn in_directory(directory: PathBuf) -> Self {
        Self {
            directory: Some(directory),
        }
    }

    /// The secrets of these names. Blocks.
    pub(super) fn find(&self, names: &[SecretName]) -> Result<Secrets, NoSecret> {
        let found = names.iter().map(|name| {
            let value = self.read(name)?;
            if value.len() < LINE_BYTES_MIN {
                return Err(NoSecret::TooShort { name: name.clone() });
            }
            Ok((name.clone(), value))
        });
        found.collect::<Result<_, _>>().map(Secrets)
    }

    fn read(&self, name: &SecretName) -> Result<String, NoSecret> {
        let unreadable = |why: String| NoSecret::Unreadable {
            name: name.clone(),
            why,
        };
        let path = self.directory.as_ref().map(|dir| dir.join(name.as_str()));
        if let Some(path) = path.filter(|path| path.is_file()) {
            let mut text = String::new();
            let file = File::open(&path).map_err(|error| unreadable(error.to_string()))?;
            file.take(SECRET_BYTES_MAX + 1)
                .read_to_string(&mut text)
                .map_err(|error| unreadable(error.to_string()))?;
            if text.len() as u64 > SECRET_BYTES_MAX {
                return Err(unreadable(format!(
                    "it has more than {SECRET_BYTES_MAX} bytes"
                )));
            }
            // An editor ends a file with a line's end, which is no part of the secret.
            let whole = text.strip_suffix('\n').unwrap_or(&text);
            return Ok(whole.to_owned());
        }
        std::env::var(format!("{VARIABLE_PREFIX}{name}"))
            .map_err(|_| NoSecret::Unknown { name: name.clone() })
    }
}

/// The secrets of one attempt. Says nothing of them when it is printed.
#[derive(Default)]
pub(super) struct Secrets(Vec<(SecretName, String)>);

impl Secrets {
    pub(super) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Each line that is long enough to be looked for: logs are told by the line.
    fn lines(&self) -> impl Iterator<Item = (&SecretName, &str)> {
        let all = self.0.iter();
        all.flat_map(|(name, value)| value.lines().map(move |line| (name, line.trim())))
            .filter(|(_, line)| line.len() >= LINE_BYTES_MIN)
    }

    /// A text without the secrets in it.
    pub(super) fn masked(&self, mut text: String) -> String {
        for (_, line) in self.lines() {
            if text.contains(line) {
                text = text.replace(line, MASK);
            }
        }
        text
    }

    /// The secret that a JSON text holds, as it is or as JSON escapes it.
    pub(super) fn found_in(&self, json: &str) -> Option<&SecretName> {
        let holds = |line: &str| {
            let escaped = serde_json::Value::from(line).to_string();
            json.contains(line) || json.contains(&escaped[1..escaped.len() - 1])
        };
        self.lines()
            .find(|(_, line)| holds(line))
            .map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(value: &str) -> Secrets {
        Secrets(vec![("KEY".parse().unwrap(), value.to_owned())])
    }

    #[test]
    fn a_secret_is_a_file_without_its_last_line_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("KEY"), "open sesame\n").unwrap();
        let store = SecretStore::in_directory(folder.path().into());
        let found = store.find(&["KEY".parse().unwrap()]).unwrap();
        let variables: Vec<_> = found.variables().collect();
        assert_eq!(variables, [("KEY", "open sesame")]);
    }

    #[test]
    fn what_is_not_there_too_long_or_too_short_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = SecretStore::in_directory(folder.path().into());
        let refused = || {
            let found = store.find(&["KEY".parse().unwrap()]);
            found.err().expect("a refusal").to_string()
        };
        assert!(refused().contains("STEPWELL_SECRET_KEY"));
        std::fs::write(folder.path().join("KEY"), "1234567").unwrap();
        assert!(refused().contains("shorter than 8"));
        std::fs::write(folder.path().join("KEY"), "x".repeat(65 << 10)).unwrap();
        assert!(refused().contains("more than 65536"));
    }

    #[test]
    fn secrets_are_masked_line_by_line() {
        let secrets = secrets("-----BEGIN-----\nabcdefgh\nxy\n");
        let masked = secrets.masked("key: abcdefgh, xy".to_owned());
        assert_eq!(masked, "key: ***, xy");
    }

    #[test]
    fn secrets_are_found_in_json_however_it_writes_them() {
        let secrets = secrets("tab\there \"quoted\"");
        assert!(
            secrets
                .found_in(r#"{"a":"tab\there \"quoted\""}"#)
                .is_some()
        );
        assert!(secrets.found_in(r#"{"a":"another"}"#).is_none());
    }
}
