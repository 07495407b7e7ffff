//! Definitions that were understood before: parsed once, for as many executions as run them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use journal::Journal;

use crate::definition::Definition;
use crate::parts::Error;

/// How much text the definitions that are kept may have; beyond it all are forgotten and
/// parsed anew as they are asked for. A parsed one takes a few times its text.
const TEXT_BYTES_MAX: usize = 32 << 20;

/// Definitions by digest, each of them in the journal.
#[derive(Default)]
pub(crate) struct Definitions(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_digest: HashMap<Arc<str>, Definition>,
    text_bytes: usize,
}

impl Definitions {
    /// Finds a definition that was kept.
    pub(crate) fn find(&self, journal: &dyn Journal, digest: &str) -> Result<Definition, Error> {
        if let Some(definition) = self.kept().by_digest.get(digest) {
            return Ok(definition.clone());
        }
        let definition = Definition::find(journal, digest)?;
        self.remember(&definition);
        Ok(definition)
    }

    /// Sees to it that a restart finds the definition.
    pub(crate) async fn keep(
        &self,
        journal: &dyn Journal,
        definition: &Definition,
    ) -> Result<(), journal::Error> {
        if self.kept().by_digest.contains_key(&definition.digest) {
            return Ok(());
        }
        definition.keep(journal).await?;
        self.remember(definition);
        Ok(())
    }

    fn remember(&self, definition: &Definition) {
        let mut kept = self.kept();
        if kept.text_bytes + definition.text.len() > TEXT_BYTES_MAX {
            *kept = Kept::default();
        }
        let digest = Arc::clone(&definition.digest);
        if kept.by_digest.insert(digest, definition.clone()).is_none() {
            kept.text_bytes += definition.text.len();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(length: usize) -> Definition {
        let state = r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}},"Comment":""#;
        let text = format!("{state}{}\"}}", "x".repeat(length));
        Definition::parse(&text).unwrap()
    }

    #[tokio::test]
    async fn what_is_kept_is_bounded_and_found_anyway() {
        let journal = journal::MemoryJournal::new();
        let definitions = Definitions::default();
        for number in 0..60 {
            let definition = definition(1_000_000 + number);
            definitions.keep(&journal, &definition).await.unwrap();
            let kept = definitions.kept();
            assert!(kept.text_bytes <= TEXT_BYTES_MAX);
            let bytes: usize = kept.by_digest.values().map(|one| one.text.len()).sum();
            assert_eq!(kept.text_bytes, bytes);
        }
        let first = definition(1_000_000);
        assert!(!definitions.kept().by_digest.contains_key(&first.digest));
        let found = definitions.find(&journal, &first.digest).unwrap();
        assert_eq!(found.text, first.text);
        assert!(definitions.find(&journal, "nobody's").is_err());
    }
}
