//! Checkpoints: what the write-ahead log holds is copied into the database beside the writer.
//!
//! A thread of its own copies while the writer goes on. The log starts over only when all of
//! it is copied and nobody writes meanwhile, so from a certain length on the writer waits for
//! one last pass, which has little left to do. It knows no rows. Read [`Checkpointer`] first.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::{Options, error, files};
use crate::Error;

/// After how many more pages of the write-ahead log to begin a pass: 16 MiB.
const PASS_PAGES: u32 = 4096;
/// From how many pages on the writer waits until the log can start over: 64 MiB, which opening
/// after a crash reads in a tenth of a second.
const START_OVER_PAGES: u32 = 16_384;

/// The writer's side: asks for passes.
#[derive(Debug)]
pub(super) struct Checkpointer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// How many pages there were when the last pass was asked for.
    asked_at: u32,
    /// From how many pages on to wait. Grows while a reader holds on to an old snapshot,
    /// which keeps the log from starting over.
    wait_from: u32,
}

#[derive(Debug, Default)]
struct Shared {
    /// How many pages the write-ahead log has, as of the last commit.
    pages: AtomicU32,
    passes: Mutex<Passes>,
    changed: Condvar,
}

/// Passes are numbered; each is for all that was written before it was asked for.
#[derive(Debug, Default)]
struct Passes {
    asked: u64,
    done: u64,
    stop: bool,
}

impl Shared {
    fn passes(&self) -> MutexGuard<'_, Passes> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, passes: MutexGuard<'s, Passes>) -> MutexGuard<'s, Passes> {
        self.changed
            .wait(passes)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checkpointer {
    /// Takes the checkpoints of the writer's connection over.
    pub(super) fn new(
        dir: &Path,
        options: &Options,
        writer: &mut Connection,
    ) -> Result<Self, Error> {
        let path = files::data_file(dir).display().to_string();
        let refused = |error: rusqlite::Error| error::storage(&path, &error);
        let connection = files::open_checkpointer(dir, options).map_err(refused)?;
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        // Takes the place of SQLite's own checkpoints, which the writer would have to make.
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            let pages = u32::try_from(pages).unwrap_or(0);
            theirs.pages.store(pages, Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(refused)?;
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("journal-checkpoint".into())
            .spawn(move || run(&theirs, &connection))
            .map_err(|error| Error::Storage(format!("no thread for checkpoints: {error}")))?;
        Ok(Self {
            shared,
            thread: Some(thread),
            asked_at: 0,
            wait_from: START_OVER_PAGES,
        })
    }

    /// Looks after a commit whether it is time for a pass.
    pub(super) fn after_commit(&mut self) {
        let pages = self.shared.pages.load(Ordering::Relaxed);
        if pages < self.asked_at {
            // The log started over.
            self.asked_at = 0;
            self.wait_from = START_OVER_PAGES;
        }
        if pages >= self.wait_from {
            self.wait_from = pages.saturating_add(START_OVER_PAGES);
            let pass = self.ask(pages);
            self.wait_for(pass);
        } else if pages >= self.asked_at.saturating_add(PASS_PAGES) {
            self.ask(pages);
        }
    }

    fn ask(&mut self, pages: u32) -> u64 {
        self.asked_at = pages;
        let mut passes = self.shared.passes();
        passes.asked += 1;
        self.shared.changed.notify_all();
        passes.asked
    }

    fn wait_for(&self, pass: u64) {
        let mut passes = self.shared.passes();
        while passes.done < pass && !passes.stop {
            passes = self.shared.wait(passes);
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.shared.passes().stop = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // Its panic would be one of SQLite's wrapper; nothing depends on it.
            let _ = thread.join();
        }
    }
}

/// Makes passes as they are asked for.
fn run(shared: &Shared, connection: &Connection) {
    // However this thread ends, the writer does not wait for it.
    let _stop = Stop(shared);
    let mut passes = shared.passes();
    while !passes.stop {
        let asked = passes.asked;
        if passes.done < asked {
            drop(passes);
            let pass = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = pass {
                // What it would have copied is in the write-ahead log, and stays there.
                tracing::warn!(%error, "a checkpoint of the journal failed; the next may not");
            }
            passes = shared.passes();
            passes.done = asked;
            shared.changed.notify_all();
        } else {
            passes = shared.wait(passes);
        }
    }
}

struct Stop<'s>(&'s Shared);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.passes().stop = true;
        self.0.changed.notify_all();
    }
}
