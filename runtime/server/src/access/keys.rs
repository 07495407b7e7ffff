//! The keys that requests may be signed with: a file of access key ids, secrets and roles.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use api::Role;
use serde::Deserialize;

use crate::secret_file;

/// The shortest secret. AWS's have 40 characters; shorter ones could be guessed from one
/// signature that was overheard.
const SECRET_CHARS_MIN: usize = 24;
/// The longest access key id. Source: AWS IAM, `AccessKeyId`.
const ID_CHARS_MAX: usize = 128;

/// One key.
pub(crate) struct Key {
    /// The access key id.
    pub(crate) id: Arc<str>,
    /// Who has it, as the audit and refusals name them.
    pub(crate) user: Arc<str>,
    /// What they may do.
    pub(crate) role: Role,
    pub(super) secret: String,
}

impl fmt::Debug for Key {
    /// Everything but the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, {}, {})", self.id, self.user, self.role)
    }
}

/// All keys, by id.
#[derive(Debug)]
pub(crate) struct Keys(HashMap<Arc<str>, Arc<Key>>);

/// The file:
///
/// ```toml
/// [[keys]]
/// access-key-id = "AKIDEXAMPLE"
/// secret-access-key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
/// role = "operate"
/// user = "ci"
/// ```
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    keys: Vec<toml::Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Entry {
    access_key_id: String,
    secret_access_key: String,
    role: Role,
    user: Option<String>,
}

impl Keys {
    /// Reads a file that nobody else may read.
    ///
    /// # Errors
    /// What is wrong, where, and what to do; never a secret.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let place = || format!("keys file {}", path.display());
        let text = secret_file::read(path).with_context(place)?;
        Self::parse(&text).with_context(place)
    }

    /// Reads the file's text.
    fn parse(text: &str) -> anyhow::Result<Self> {
        // The parser's own words may quote the line, and with it a secret.
        let listed: Listed = toml::from_str(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            anyhow::anyhow!("line {line}: {}", error.message())
        })?;
        let mut keys = HashMap::new();
        for entry in listed.keys {
            let line = line_of(text, entry.span().start);
            let key = entry.into_inner().checked();
            let key = key.with_context(|| format!("line {line}"))?;
            let id = Arc::clone(&key.id);
            if keys.insert(id, Arc::new(key)).is_some() {
                bail!("line {line}: this access-key-id stands there twice");
            }
        }
        ensure!(
            !keys.is_empty(),
            "no [[keys]] in it: nobody could do anything"
        );
        Ok(Self(keys))
    }

    /// The key of this id.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Key>> {
        self.0.get(id)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

impl Entry {
    fn checked(self) -> anyhow::Result<Key> {
        let id = self.access_key_id;
        let is_sound = id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        ensure!(
            is_sound && (1..=ID_CHARS_MAX).contains(&id.len()),
            "access-key-id: 1 to {ID_CHARS_MAX} letters, digits and '_'"
        );
        let secret = self.secret_access_key;
        ensure!(
            secret.chars().count() >= SECRET_CHARS_MIN,
            "secret-access-key of {id}: at least {SECRET_CHARS_MIN} characters (such as \
             `openssl rand -base64 30` makes)"
        );
        let user = self.user.unwrap_or_else(|| id.clone());
        let is_plain = |char: char| char.is_alphanumeric() || "+=,.@_-".contains(char);
        ensure!(
            !user.is_empty() && user.chars().all(is_plain),
            "user of {id}: letters, digits and +=,.@_-"
        );
        Ok(Key {
            id: id.into(),
            user: user.into(),
            role: self.role,
            secret,
        })
    }
}

/// The number of the line that this byte is in, from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn entry(id: &str, secret: &str, role: &str) -> String {
        format!(
            "[[keys]]\naccess-key-id = {id:?}\nsecret-access-key = {secret:?}\nrole = {role:?}\n"
        )
    }

    fn refusal(text: &str) -> String {
        let refusal = format!("{:#}", Keys::parse(text).unwrap_err());
        assert!(!refusal.contains(SECRET), "a secret was told: {refusal}");
        refusal
    }

    #[test]
    fn keys_have_an_id_a_secret_and_a_role() {
        let text = entry("AKIDA", SECRET, "read-only") + &entry("AKIDB", SECRET, "admin");
        let keys = Keys::parse(&text).unwrap();
        assert_eq!(keys.count(), 2);
        let key = keys.get("AKIDB").unwrap();
        assert_eq!(format!("{key:?}"), "Key(AKIDB, AKIDB, admin)");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let sound = entry("AKID", SECRET, "admin");
        for (text, told) in [
            (String::new(), "no [[keys]] in it"),
            (
                entry("AKID", "short", "admin"),
                "line 1: secret-access-key of AKID: at least 24",
            ),
            (
                entry("AK ID", SECRET, "admin"),
                "line 1: access-key-id: 1 to 128",
            ),
            (
                entry("AKID", SECRET, "root"),
                "line 4: unknown variant `root`",
            ),
            (
                sound.clone() + &sound,
                "line 5: this access-key-id stands there twice",
            ),
            (sound.clone() + "rule = 1\n", "line 5: unknown field `rule`"),
            (sound.clone() + "user = \"a b\"\n", "line 1: user of AKID"),
            (
                sound.replace("role = \"admin\"\n", ""),
                "line 1: missing field `role`",
            ),
            (
                format!("[[keys]]\nsecret-access-key = \"{SECRET}\n"),
                "line 2: ",
            ),
        ] {
            let refusal = refusal(&text);
            assert!(refusal.contains(told), "{refusal:?} does not say {told:?}");
        }
    }
}
