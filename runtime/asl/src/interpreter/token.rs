//! Task tokens: who holds one may say how a Task ended.
//!
//! A token is a capability. It names its Task outright, so that nothing has to be looked up
//! in a table that could be lost, and it carries a secret that nobody can guess. The secret
//! is recorded with the event that scheduled the Task, and nowhere else.
//!
//! Source: AWS, "Wait for a Callback with Task Token".

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::TaskKey;
use crate::arn::ExecutionArn;
use crate::history::{EventId, ScopeId};
use crate::limits;

/// The first byte of a token: the layout of what follows.
const LAYOUT: u8 = 1;

/// What makes a token unguessable: 128 random bits.
#[derive(Clone, Copy)]
pub struct Secret([u8; 16]);

impl Secret {
    /// A secret of these bits.
    pub const fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// The secret of one Task out of that of a whole step. Tasks of one step must not be able
    /// to find each other's, so it is derived one way.
    pub(super) fn of_task(self, task: TaskKey) -> Self {
        let hash = Sha256::new()
            .chain_update(self.0)
            .chain_update(task.scope.0.to_le_bytes())
            .chain_update(task.scheduled.0.to_le_bytes())
            .finalize();
        let mut bits = [0; 16];
        bits.copy_from_slice(&hash[..16]);
        Self(bits)
    }
}

/// Takes the same time wherever two secrets differ.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
    }
}

impl Eq for Secret {}

/// Logs do not tell it.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Stored as base64.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let text = String::deserialize(deserializer)?;
        let bits = BASE64.decode(text).map_err(D::Error::custom)?;
        let bits = <[u8; 16]>::try_from(bits);
        bits.map(Self)
            .map_err(|_| D::Error::custom("a secret has 16 bytes"))
    }
}

/// A task token, taken apart. Its text is what `$$.Task.Token` gives and GetActivityTask
/// answers: at most [`limits::TASK_TOKEN_CHARS_MAX`] characters of URL-safe base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskToken {
    /// The execution whose Task it is.
    pub execution: ExecutionArn,
    /// The attempt it belongs to: a retry has another token.
    pub task: TaskKey,
    /// What proves that it was given out here.
    pub secret: Secret,
}

impl TaskToken {
    /// Reads a token; nothing when the text is none of ours. Whether the Task waits for it is
    /// for the execution to say.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > limits::TASK_TOKEN_CHARS_MAX {
            return None;
        }
        let bytes = BASE64.decode(text).ok()?;
        let (&[layout], rest) = bytes.split_first_chunk()?;
        let (secret, rest) = rest.split_first_chunk()?;
        let (scope, rest) = rest.split_first_chunk()?;
        let (scheduled, arn) = rest.split_first_chunk()?;
        let arn = std::str::from_utf8(arn).ok()?;
        (layout == LAYOUT && !arn.is_empty()).then(|| Self {
            execution: arn.into(),
            task: TaskKey {
                scope: ScopeId(u32::from_le_bytes(*scope)),
                scheduled: EventId(u64::from_le_bytes(*scheduled)),
            },
            secret: Secret(*secret),
        })
    }
}

impl fmt::Display for TaskToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![LAYOUT];
        bytes.extend_from_slice(&self.secret.0);
        bytes.extend_from_slice(&self.task.scope.0.to_le_bytes());
        bytes.extend_from_slice(&self.task.scheduled.0.to_le_bytes());
        bytes.extend_from_slice(self.execution.as_str().as_bytes());
        f.write_str(&BASE64.encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arn::Place;

    fn token(machine: &str, name: &str) -> TaskToken {
        let task = TaskKey {
            scope: ScopeId(7),
            scheduled: EventId(24_999),
        };
        TaskToken {
            execution: Place::default().execution(machine, name),
            task,
            secret: Secret::new([3; 16]).of_task(task),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = token("machine", "name");
        let text = token.to_string();
        assert_eq!(TaskToken::parse(&text), Some(token));
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
    }

    #[test]
    fn the_longest_names_fit() {
        // 80 characters of four bytes each, as AWS allows.
        let longest = "𝔰".repeat(limits::NAME_CHARS_MAX);
        let token = token(&longest, &longest);
        assert!(token.to_string().len() <= limits::TASK_TOKEN_CHARS_MAX);
        assert_eq!(TaskToken::parse(&token.to_string()), Some(token));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let good = token("machine", "name").to_string();
        for bad in [
            "",
            "AAAA",
            "af7519bf-c936-46c3-a2bd-7cba14ae49c3",
            &good[..38],
            &format!("{good}="),
            &good.replacen('A', "C", 1),
            &"A".repeat(limits::TASK_TOKEN_CHARS_MAX + 4),
        ] {
            assert_eq!(TaskToken::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn tasks_of_one_step_have_secrets_of_their_own() {
        let step = Secret::new([9; 16]);
        let task = |scope, scheduled| TaskKey {
            scope: ScopeId(scope),
            scheduled: EventId(scheduled),
        };
        let secret = step.of_task(task(0, 3));
        assert_eq!(secret, step.of_task(task(0, 3)));
        assert_ne!(secret, step.of_task(task(1, 3)));
        assert_ne!(secret, step.of_task(task(0, 4)));
        assert_ne!(secret, Secret::new([8; 16]).of_task(task(0, 3)));
    }
}
