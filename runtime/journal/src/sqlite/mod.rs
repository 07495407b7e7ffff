//! The embedded journal: one SQLite file, one thread that writes it.
//!
//! Laid out as a log: rows in the order of their arrival, so that a commit touches few pages.
//! Measured with 280-byte rows, 64 to a commit, a log takes close to three times the rows of
//! a table keyed by (execution, sequence). Where the rows of an open execution are is kept
//! in memory; when it ends its rows move to an archive. One commit serves everyone who waits;
//! while it runs, the next batch gathers.
//!
//! It does not know what a row means. Read [`SqliteJournal`], then `store` (what a batch
//! writes), `queue` and `writer` (when), `fold` (the archive), `forget`, `expire`, `index`, `read`, `list` and `walk`.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};
use tokio::sync::oneshot;

use crate::{Append, Durable, Entry, Error, Found, Journal, Listing, Page, Row, Status, Summary};

mod append;
mod checkpoint;
mod chunk;
mod entries;
mod error;
mod expire;
mod files;
mod fold;
mod forget;
mod index;
mod list;
mod log;
mod queue;
mod read;
mod store;
mod walk;
mod writer;

use checkpoint::Checkpointer;
use files::Lock;
use queue::{Put, Queue, Work};
use read::Readers;
use store::Store;

/// What may be chosen.
#[derive(Clone, Debug)]
pub struct Options {
    /// How much of the file each connection may keep in memory, in KiB; it grows with use.
    pub cache_kibibytes_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_kibibytes_max: 8192,
        }
    }
}

impl Options {
    /// SQLite counts pages, or KiB when the number is negative.
    fn cache_pragma(&self) -> i64 {
        -i64::from(self.cache_kibibytes_max)
    }
}

/// A journal in the file `journal.sqlite3` of a data directory, which it keeps locked.
///
/// Dropping it writes what was taken, then lets the directory go.
#[derive(Debug)]
pub struct SqliteJournal {
    queue: Arc<Queue>,
    readers: Readers,
    writer: Option<JoinHandle<()>>,
    // Last, so that the directory is free only when everything else is gone.
    _lock: Lock,
}

impl SqliteJournal {
    /// Opens the journal of a data directory; makes both if they are missing.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process has it, [`Error::NewerFormat`],
    /// [`Error::Damaged`] when rows are missing or the file is not ours,
    /// [`Error::DiskFull`], or [`Error::Storage`].
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        let lock = Lock::take(dir)?;
        let mut connection = files::open(dir, &options)?;
        let path = files::data_file(dir).display().to_string();
        let checkpointer = Checkpointer::new(dir, &options, &mut connection)?;
        let store = Store::new(connection, path.clone())?;
        let readers = Readers::new(path, options, Arc::clone(&store.index));
        let queue = Arc::new(Queue::default());
        let theirs = Arc::clone(&queue);
        let writer = std::thread::Builder::new()
            .name("journal-writer".into())
            .spawn(move || writer::run(store, checkpointer, &theirs))
            .map_err(|error| Error::Storage(format!("no thread for the writer: {error}")))?;
        Ok(Self {
            queue,
            readers,
            writer: Some(writer),
            _lock: lock,
        })
    }
}

impl Drop for SqliteJournal {
    fn drop(&mut self) {
        drop(self.queue.close());
        // The writer's connection is then the last, and leaves no write-ahead log behind.
        self.readers.close();
        if let Some(writer) = self.writer.take() {
            // Its panic was told to everyone who waited for it.
            let _ = writer.join();
        }
    }
}

/// The future of what the writer will say.
fn answer<T: Send + 'static>(receiver: oneshot::Receiver<Result<T, Error>>) -> Durable<T> {
    Box::pin(async move { told(receiver.await) })
}

/// What the writer said. Whoever drops a sender without a word has refused all that waited.
fn told<T>(said: Result<Result<T, Error>, oneshot::error::RecvError>) -> Result<T, Error> {
    said.unwrap_or(Err(Error::Closed))
}

impl Journal for SqliteJournal {
    fn append(&self, append: Append) -> Durable<()> {
        let receiver = self.queue.submit(Work::Append(append));
        Box::pin(async move { told(receiver.await).map(|_| ()) })
    }

    fn rows(
        &self,
        execution: &ExecutionArn,
        from_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        self.readers.rows(execution, from_sequence, limit)
    }

    fn row_count(&self, execution: &ExecutionArn) -> Result<u64, Error> {
        self.readers.row_count(execution)
    }

    fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error> {
        self.readers.summary(execution)
    }

    fn list(&self, listing: &Listing) -> Result<Page, Error> {
        self.readers.list(listing)
    }

    fn walk_open(&self, visit: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), Error> {
        self.readers.walk_open(visit)
    }

    fn open_count(&self, state_machine: Option<&StateMachineArn>) -> Result<u64, Error> {
        match state_machine {
            None => Ok(self.readers.index().open.total()),
            Some(machine) => self.readers.open_count(machine),
        }
    }

    fn put(&self, kind: &str, key: &str, expected: u64, document: Option<String>) -> Durable<u64> {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        let put = Put {
            kind,
            key,
            expected,
            document,
        };
        answer(self.queue.submit(Work::Put(put)))
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Durable<usize> {
        let receiver = self.queue.submit(Work::Expire { before, limit });
        Box::pin(async move { told(receiver.await).map(|count| count as usize) })
    }

    fn get(&self, kind: &str, key: &str) -> Result<Option<Entry>, Error> {
        self.readers.get(kind, key)
    }

    fn entries(
        &self,
        kind: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.readers.entries(kind, prefix, after, limit)
    }

    fn refusal(&self) -> Option<Error> {
        self.queue.refusal()
    }

    fn close(&self) -> Durable<()> {
        answer(self.queue.close())
    }
}

/// What the code of an execution that was redriven has more than that of one that was not.
const REDRIVEN: i64 = 8;

/// How an execution stands, in the file: the status's place in [`Status::ALL`], and
/// [`REDRIVEN`] more once it was redriven.
fn code_of(status: Status, redriven: bool) -> i64 {
    let place = Status::ALL
        .iter()
        .zip(0..)
        .find(|(one, _)| **one == status)
        .map_or(0, |(_, place)| place);
    if redriven { place + REDRIVEN } else { place }
}

/// The status of a code in the file at `path`.
fn status_of(path: &str, code: i64) -> Result<Status, Error> {
    let place = if code < REDRIVEN {
        code
    } else {
        code - REDRIVEN
    };
    let status = usize::try_from(place)
        .ok()
        .and_then(|place| Status::ALL.get(place).copied());
    status.ok_or_else(|| error::damaged(path, format_args!("{code} is no status")))
}

#[cfg(test)]
mod tests;
