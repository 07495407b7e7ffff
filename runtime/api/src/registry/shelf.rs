//! One kind of document in the journal's catalogue: read through a cache, changed by
//! comparing revisions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use journal::Journal;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ApiError;

/// Documents kept in memory. Ours: a state machine's is some kilobytes; beyond that many the
/// cache begins anew.
const KNOWN_MAX: usize = 10_000;

/// Entries that are read at once to be counted.
const COUNTED_AT_ONCE: usize = 1_000;

/// What a change makes of a document.
pub(crate) enum Change<T> {
    /// Nothing.
    Keep,
    /// This.
    Put(T),
    /// It goes.
    Delete,
}

/// The documents of one kind, by key.
pub(crate) struct Shelf<T> {
    journal: Arc<dyn Journal>,
    kind: &'static str,
    known: RwLock<Known<T>>,
    /// How many there are, once that was asked.
    count: Mutex<Option<u64>>,
}

/// What was read or written last, by key, with its revision.
struct Known<T> {
    documents: HashMap<String, (u64, Arc<T>)>,
    /// Counts what was forgotten: who read before that must not make it known again.
    forgotten: u64,
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    pub(super) fn new(journal: Arc<dyn Journal>, kind: &'static str) -> Self {
        Self {
            journal,
            kind,
            known: RwLock::new(Known {
                documents: HashMap::new(),
                forgotten: 0,
            }),
            count: Mutex::default(),
        }
    }

    /// How many documents there are. Counted the first time; a change that comes meanwhile may
    /// be counted twice, so that is for a time when there are none.
    pub(crate) fn count(&self) -> Result<u64, ApiError> {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = *count {
            return Ok(count);
        }
        let (mut counted, mut after) = (0, None);
        loop {
            let entries = self
                .journal
                .entries(self.kind, "", after.as_deref(), COUNTED_AT_ONCE)?;
            counted += entries.len() as u64;
            after = entries.last().map(|entry| entry.key.clone());
            if entries.len() < COUNTED_AT_ONCE {
                *count = Some(counted);
                return Ok(counted);
            }
        }
    }

    /// Keeps the count right.
    fn counted(&self, change: impl FnOnce(u64) -> u64) {
        let mut count = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        *count = count.map(change);
    }

    /// The document of this key.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Arc<T>>, ApiError> {
        Ok(self.read(key)?.map(|(_, document)| document))
    }

    /// The documents whose keys begin with `prefix`, by key, after `after`.
    pub(crate) fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<T>, ApiError> {
        let entries = self.journal.entries(self.kind, prefix, after, limit)?;
        let documents = entries.iter().map(|entry| parse(&entry.document));
        documents.collect()
    }

    /// Changes a document: `change` sees it as it stands, again if another changed it
    /// meanwhile; each time it does, someone else got on.
    pub(crate) async fn change<R>(
        &self,
        key: &str,
        mut change: impl FnMut(Option<&T>) -> Result<(Change<T>, R), ApiError>,
    ) -> Result<R, ApiError> {
        loop {
            let standing = self.read(key)?;
            let revision = standing.as_ref().map_or(0, |(revision, _)| *revision);
            let (change, answer) = change(standing.as_ref().map(|(_, document)| &**document))?;
            let document = match change {
                Change::Keep => return Ok(answer),
                Change::Delete => None,
                Change::Put(document) => Some(document),
            };
            let text = document
                .as_ref()
                .map(|document| serde_json::to_string(document).expect("plain data"));
            match self.journal.put(self.kind, key, revision, text).await {
                Err(journal::Error::Conflict { .. }) => self.forget(key),
                Err(error) => return Err(error.into()),
                Ok(revision) => {
                    match (&document, standing.is_some()) {
                        (Some(_), false) => self.counted(|count| count + 1),
                        (None, true) => self.counted(|count| count.saturating_sub(1)),
                        _ => {}
                    }
                    match document {
                        Some(document) => self.know(key, revision, Arc::new(document)),
                        None => self.forget(key),
                    }
                    return Ok(answer);
                }
            }
        }
    }

    fn read(&self, key: &str) -> Result<Option<(u64, Arc<T>)>, ApiError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((revision, document)) = known.documents.get(key) {
            return Ok(Some((*revision, Arc::clone(document))));
        }
        let forgotten = known.forgotten;
        drop(known);
        let Some(entry) = self.journal.get(self.kind, key)? else {
            return Ok(None);
        };
        let document = Arc::new(parse(&entry.document)?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.forgotten == forgotten {
            known.keep(key, entry.revision, Arc::clone(&document));
        }
        Ok(Some((entry.revision, document)))
    }

    fn know(&self, key: &str, revision: u64, document: Arc<T>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.keep(key, revision, document);
    }

    fn forget(&self, key: &str) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.forgotten += 1;
        known.documents.remove(key);
    }
}

impl<T> Known<T> {
    /// Keeps what is newer than what is known: a slow reader must not undo a writer.
    fn keep(&mut self, key: &str, revision: u64, document: Arc<T>) {
        if self.documents.len() >= KNOWN_MAX {
            self.documents.clear();
        }
        match self.documents.get(key) {
            Some((standing, _)) if *standing >= revision => {}
            _ => {
                self.documents.insert(key.to_owned(), (revision, document));
            }
        }
    }
}

fn parse<T: DeserializeOwned>(document: &str) -> Result<T, ApiError> {
    serde_json::from_str(document).map_err(|error| ApiError::internal(&error))
}
