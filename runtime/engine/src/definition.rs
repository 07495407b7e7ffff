//! Definitions by digest: what an execution runs is fixed at its start, whatever becomes of
//! the state machine.

use std::sync::Arc;

use asl::definition::StateMachine;
use asl::diagnostic::Diagnostic;
use journal::Journal;
use sha2::{Digest, Sha256};

/// The catalogue that definitions are kept in, keyed by digest.
const KIND: &str = "definition";

/// A definition that can be run.
#[derive(Clone, Debug)]
pub struct Definition {
    /// As it was written.
    pub text: Arc<str>,
    /// The SHA-256 of the text, in hexadecimal.
    pub digest: Arc<str>,
    /// As it was understood.
    pub machine: Arc<StateMachine>,
}

impl Definition {
    /// Understands a text.
    ///
    /// # Errors
    /// Every problem the text has, warnings too, when it cannot be run.
    pub fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let parsed = asl::definition::parse(text);
        match parsed.machine {
            None => Err(parsed.diagnostics),
            Some(machine) => Ok(Self {
                text: text.into(),
                digest: digest(text).into(),
                machine: Arc::new(machine),
            }),
        }
    }

    /// Keeps the definition, so that its digest finds it. Idempotent.
    ///
    /// # Errors
    /// The journal's.
    pub async fn keep(&self, journal: &dyn Journal) -> Result<(), journal::Error> {
        if journal.get(KIND, &self.digest)?.is_some() {
            return Ok(());
        }
        match journal
            .put(KIND, &self.digest, 0, Some(self.text.to_string()))
            .await
        {
            Ok(_) | Err(journal::Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Finds a definition that was kept.
    ///
    /// # Errors
    /// [`crate::Error::Damaged`] when it is not there or no longer parses; the journal's.
    pub fn find(journal: &dyn Journal, digest: &str) -> Result<Self, crate::Error> {
        let damaged = |what: String| crate::Error::Damaged(format!("definition {digest}: {what}"));
        let entry = journal
            .get(KIND, digest)?
            .ok_or_else(|| damaged("is missing".into()))?;
        Self::parse(&entry.document).map_err(|diagnostics| {
            let first = diagnostics
                .first()
                .map_or("", |diagnostic| &diagnostic.message);
            damaged(format!("no longer parses: {first}"))
        })
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
