//! Lines for a file or a standard stream, written by a thread of its own: whoever has a line
//! to write does not wait for a disk.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use anyhow::Context;
use tokio::sync::mpsc;

/// Lines that wait to be written. Ours: what a burst may bring, at most some megabytes, since
/// a line that is longer than a few hundred bytes is rare.
const QUEUE_MAX: usize = 8_192;

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The end of a file, which is made if it is missing.
    File(PathBuf),
}

impl Place {
    /// `-` is standard output, all else is a file.
    pub(crate) fn of(text: &Path) -> Self {
        match text == Path::new("-") {
            true => Self::Stdout,
            false => Self::File(text.to_owned()),
        }
    }

    fn open(&self) -> anyhow::Result<Box<dyn Write + Send>> {
        Ok(match self {
            Self::Stdout => Box::new(io::stdout()),
            Self::Stderr => Box::new(io::stderr()),
            Self::File(path) => Box::new(
                private(path).with_context(|| format!("cannot write to {}", path.display()))?,
            ),
        })
    }
}

/// A file that only its owner may read: what is logged is nobody else's.
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// A queue of lines, and the thread that writes them. Dropping it writes what is left.
#[derive(Debug)]
pub(crate) struct Lines {
    // None only while it is dropped: the thread ends when its queue has no sender.
    queue: Option<mpsc::Sender<String>>,
    dropped: AtomicU64,
    writer: Option<JoinHandle<()>>,
}

impl Lines {
    /// Opens the place.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn open(place: &Place) -> anyhow::Result<Self> {
        let out = place.open()?;
        let (queue, lines) = mpsc::channel(QUEUE_MAX);
        let writer = std::thread::Builder::new()
            .name("lines".into())
            .spawn(move || write(lines, BufWriter::new(out)))
            .context("no thread to write lines")?;
        Ok(Self {
            queue: Some(queue),
            dropped: AtomicU64::new(0),
            writer: Some(writer),
        })
    }

    /// Adds a line, waiting for its place in the queue: for what must not be lost.
    pub(crate) async fn send(&self, line: String) {
        if let Some(queue) = &self.queue {
            // The thread ends only after us.
            let _ = queue.send(line).await;
        }
    }

    /// Adds a line, or drops and counts it when the queue is full.
    pub(crate) fn offer(&self, line: String) {
        let taken = self.queue.as_ref().map(|queue| queue.try_send(line));
        if !matches!(taken, Some(Ok(()))) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many lines were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            // Its panic has nobody to be told to.
            let _ = writer.join();
        }
    }
}

/// Writes until all senders are gone; flushes when there is nothing more to write.
fn write(mut lines: mpsc::Receiver<String>, mut out: BufWriter<Box<dyn Write + Send>>) {
    let mut failing = false;
    while let Some(line) = lines.blocking_recv() {
        let mut written = writeln!(out, "{line}");
        if lines.is_empty() {
            written = written.and_then(|()| out.flush());
        }
        match written {
            Ok(()) => failing = false,
            // Once, and not for every line: the disk may be full for hours.
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, "a log cannot be written");
            }
            Err(_) => {}
        }
    }
    if let Err(error) = out.flush() {
        tracing::error!(%error, "the end of a log could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_written_in_order_behind_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for batch in [["a", "b"], ["c", "d"]] {
            let lines = Lines::open(&Place::of(&path)).unwrap();
            lines.send(batch[0].to_owned()).await;
            lines.offer(batch[1].to_owned());
            assert_eq!(lines.dropped(), 0);
            drop(lines);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a\nb\nc\nd\n");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let (queue, receiver) = mpsc::channel(1);
        let lines = Lines {
            queue: Some(queue),
            dropped: AtomicU64::new(0),
            writer: None,
        };
        lines.offer("there is room for one".into());
        assert_eq!(lines.dropped(), 0);
        lines.offer("this is too much".into());
        drop(receiver);
        lines.offer("nobody reads".into());
        assert_eq!(lines.dropped(), 2);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_named() {
        let refused = Lines::open(&Place::of(Path::new("/nowhere/log")))
            .err()
            .unwrap();
        assert_eq!(refused.to_string(), "cannot write to /nowhere/log");
    }
}
