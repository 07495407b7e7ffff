//! A journal that forgets, by seed: what the simulator runs the engine on.
//!
//! Writes wait until they are settled; a crash keeps of what waits only what the contract
//! must keep, and by chance some of the rest. There is no thread, no clock and no sleep in
//! here, so on a current-thread runtime one seed gives one run. Read [`FaultyJournal`] first.

use std::collections::{HashSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use asl::Timestamp;
use asl::arn::{ExecutionArn, StateMachineArn};
use tokio::sync::oneshot;

use crate::chance::Chance;
use crate::{
    Append, Durable, Entry, Error, Found, Journal, Listing, MemoryJournal, Page, Row, Summary,
};

/// What the refusals name as their file.
const PATH: &str = "the simulated disk";

/// What goes wrong, and how often; nothing by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// How often a future is polled before it settles everything up to itself; by chance
    /// from 1 to this. With 0 only [`FaultyJournal::settle`] settles.
    pub polls_max: u32,
    /// How many of a hundred settlings find the disk full, and keep nothing.
    pub disk_full_percent: u8,
    /// How many of a hundred settlings fail in doubt: each write may be there or not, and
    /// no further one is taken.
    pub poisoned_percent: u8,
}

/// A journal over a [`MemoryJournal`], its disk. Reads see what is settled.
#[derive(Debug)]
pub struct FaultyJournal {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    disk: MemoryJournal,
    chance: Chance,
    faults: Faults,
    /// Written by nobody yet, oldest first.
    waiting: VecDeque<Waiting>,
    /// The number of the first in `waiting`; they are numbered without a gap.
    first: u64,
    /// Why nothing more is taken, if so.
    refusal: Option<Error>,
    /// Those whom a crash left without an answer; kept, so that they hear none.
    cut_off: Vec<oneshot::Sender<Result<u64, Error>>>,
}

#[derive(Debug)]
struct Waiting {
    write: Write,
    answer: oneshot::Sender<Result<u64, Error>>,
}

#[derive(Debug)]
enum Write {
    Append(Append),
    Put {
        kind: String,
        key: String,
        expected: u64,
        document: Option<String>,
    },
    Expire {
        before: Timestamp,
        limit: usize,
    },
}

impl Write {
    fn to(self, disk: &MemoryJournal) -> Result<u64, Error> {
        match self {
            Self::Append(append) => disk.append_now(append).map(|()| 0),
            Self::Put {
                kind,
                key,
                expected,
                document,
            } => disk.put_now(&kind, &key, expected, document),
            Self::Expire { before, limit } => {
                disk.expire_now(before, limit).map(|count| count as u64)
            }
        }
    }
}

impl FaultyJournal {
    /// A journal on this disk, without other faults than a crash; a future settles when it
    /// is first polled.
    pub fn new(disk: MemoryJournal, seed: u64) -> Self {
        Self::with_faults(
            disk,
            seed,
            Faults {
                polls_max: 1,
                ..Faults::default()
            },
        )
    }

    /// As [`FaultyJournal::new`], with faults.
    pub fn with_faults(disk: MemoryJournal, seed: u64, faults: Faults) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Shared {
                disk,
                chance: Chance::new(seed),
                faults,
                waiting: VecDeque::new(),
                first: 0,
                refusal: None,
                cut_off: Vec::new(),
            })),
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// How many writes wait.
    pub fn waiting(&self) -> usize {
        self.shared().waiting.len()
    }

    /// Settles everything that waits, as one commit, with whatever faults chance has for it.
    pub fn settle(&self) {
        let mut shared = self.shared();
        let count = shared.waiting.len();
        shared.settle(count);
    }

    /// The process dies: answers what a restart finds. Each waiting write is there or not,
    /// by chance, but none whose predecessor in its execution is not. Futures that wait are
    /// never answered, for nobody is left to hear; later calls fail with [`Error::Closed`].
    pub fn crash(&self) -> MemoryJournal {
        let mut shared = self.shared();
        shared.refusal = Some(Error::Closed);
        let waited = shared.lose();
        shared.cut_off.extend(waited);
        shared.disk.copy()
    }

    fn submit(&self, write: Write) -> Durable<u64> {
        let mut shared = self.shared();
        if let Some(refusal) = shared.refusal.clone() {
            return Box::pin(std::future::ready(Err(refusal)));
        }
        let (answer, receiver) = oneshot::channel();
        let number = shared.first + shared.waiting.len() as u64;
        shared.waiting.push_back(Waiting { write, answer });
        let polls_left = match shared.faults.polls_max {
            0 => None,
            most => Some(1 + shared.chance.below(u64::from(most))),
        };
        let shared = Arc::clone(&self.shared);
        Box::pin(Settling {
            shared,
            number,
            polls_left,
            receiver,
        })
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// One commit of the first `count` that wait.
    fn settle(&mut self, count: usize) {
        if count == 0 {
            return;
        }
        if self.chance.percent(self.faults.poisoned_percent) {
            let doubt = Error::Poisoned(format!("{PATH} failed"));
            self.refusal = Some(doubt.clone());
            for answer in self.lose() {
                let _ = answer.send(Err(doubt.clone()));
            }
            return;
        }
        let full = self.chance.percent(self.faults.disk_full_percent);
        self.first += count as u64;
        for Waiting { write, answer } in self.waiting.drain(..count) {
            let outcome = if full {
                Err(Error::DiskFull(PATH.into()))
            } else {
                write.to(&self.disk)
            };
            // Nobody listens to a future that was dropped.
            let _ = answer.send(outcome);
        }
    }

    /// Writes what chance keeps of all that waits, and answers who waited.
    fn lose(&mut self) -> Vec<oneshot::Sender<Result<u64, Error>>> {
        self.first += self.waiting.len() as u64;
        let mut cut: HashSet<ExecutionArn> = HashSet::new();
        let mut waited = Vec::with_capacity(self.waiting.len());
        for Waiting { write, answer } in self.waiting.drain(..) {
            waited.push(answer);
            let lost = self.chance.percent(50);
            match &write {
                Write::Append(append) if lost || cut.contains(&append.execution) => {
                    cut.insert(append.execution.clone());
                }
                Write::Put { .. } | Write::Expire { .. } if lost => {}
                // What the contract refuses would have been refused then, too.
                _ => drop(write.to(&self.disk)),
            }
        }
        waited
    }
}

/// Waits to be settled, or settles when it has been polled often enough.
struct Settling {
    shared: Arc<Mutex<Shared>>,
    number: u64,
    polls_left: Option<u64>,
    receiver: oneshot::Receiver<Result<u64, Error>>,
}

impl Future for Settling {
    type Output = Result<u64, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(polls_left) = &mut self.polls_left {
            *polls_left = polls_left.saturating_sub(1);
            if *polls_left == 0 {
                let mut shared = lock(&self.shared);
                let count = (self.number + 1).saturating_sub(shared.first);
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let count = count.min(shared.waiting.len());
                shared.settle(count);
            } else {
                context.waker().wake_by_ref();
            }
        }
        let answer = Pin::new(&mut self.receiver).poll(context);
        answer.map(|answer| answer.unwrap_or(Err(Error::Closed)))
    }
}

impl Journal for FaultyJournal {
    fn append(&self, append: Append) -> Durable<()> {
        let durable = self.submit(Write::Append(append));
        Box::pin(async move { durable.await.map(|_| ()) })
    }

    fn rows(
        &self,
        execution: &ExecutionArn,
        from_sequence: u64,
        limit: usize,
    ) -> Result<Vec<Row>, Error> {
        self.shared().disk.rows(execution, from_sequence, limit)
    }

    fn row_count(&self, execution: &ExecutionArn) -> Result<u64, Error> {
        self.shared().disk.row_count(execution)
    }

    fn summary(&self, execution: &ExecutionArn) -> Result<Summary, Error> {
        self.shared().disk.summary(execution)
    }

    fn list(&self, listing: &Listing) -> Result<Page, Error> {
        self.shared().disk.list(listing)
    }

    fn walk_open(&self, visit: &mut dyn FnMut(Found<'_>) -> bool) -> Result<(), Error> {
        // Not under the lock: `visit` may call this journal.
        let disk = self.shared().disk.reopen();
        disk.walk_open(visit)
    }

    fn open_count(&self, state_machine: Option<&StateMachineArn>) -> Result<u64, Error> {
        self.shared().disk.open_count(state_machine)
    }

    fn put(&self, kind: &str, key: &str, expected: u64, document: Option<String>) -> Durable<u64> {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        self.submit(Write::Put {
            kind,
            key,
            expected,
            document,
        })
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Durable<usize> {
        let expired = self.submit(Write::Expire { before, limit });
        Box::pin(async move { expired.await.map(|count| count as usize) })
    }

    fn get(&self, kind: &str, key: &str) -> Result<Option<Entry>, Error> {
        self.shared().disk.get(kind, key)
    }

    fn entries(
        &self,
        kind: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        self.shared().disk.entries(kind, prefix, after, limit)
    }

    fn refusal(&self) -> Option<Error> {
        self.shared().refusal.clone()
    }

    fn close(&self) -> Durable<()> {
        let mut shared = self.shared();
        let count = shared.waiting.len();
        shared.settle(count);
        let outcome = match shared.refusal.get_or_insert(Error::Closed) {
            Error::Closed => Ok(()),
            doubt => Err(doubt.clone()),
        };
        Box::pin(std::future::ready(outcome))
    }
}

#[cfg(test)]
mod tests {
    use asl::arn::Place;

    use super::*;
    use crate::conformance::{Subject, check};
    use crate::{Change, Opened, Origin};

    /// A disk between restarts, and how often a future is polled before it settles.
    struct Disk(MemoryJournal, u32);

    impl Subject for Disk {
        type Journal = FaultyJournal;

        fn open(&mut self) -> FaultyJournal {
            let faults = Faults {
                polls_max: self.1,
                ..Faults::default()
            };
            FaultyJournal::with_faults(self.0.reopen(), 7, faults)
        }
    }

    #[test]
    fn keeps_the_contract_without_faults() {
        check(|| Disk(MemoryJournal::new(), 1));
        check(|| Disk(MemoryJournal::new(), 5));
    }

    fn row(name: &str, sequence: u64) -> Append {
        let place = Place::default();
        let opened = Opened {
            state_machine: place.state_machine("machine"),
            name: name.into(),
            started_at: Timestamp(0),
            origin: Origin::default(),
        };
        let change = if sequence == 0 {
            Change::Opened(opened)
        } else {
            Change::None
        };
        let execution = place.execution("machine", name);
        Append {
            execution,
            sequence,
            records: vec![sequence as u8],
            change,
            rest: None,
        }
    }

    fn there(disk: &MemoryJournal, name: &str) -> usize {
        let arn = Place::default().execution("machine", name);
        disk.rows(&arn, 0, usize::MAX).map_or(0, |rows| rows.len())
    }

    /// Three acknowledged rows each of `a` and `b`, then five that wait; what survives.
    fn survivors(seed: u64) -> (usize, usize) {
        let faults = Faults {
            polls_max: 0,
            ..Faults::default()
        };
        let journal = FaultyJournal::with_faults(MemoryJournal::new(), seed, faults);
        let mut futures = Vec::new();
        for sequence in 0..8 {
            futures.push(journal.append(row("a", sequence)));
            futures.push(journal.append(row("b", sequence)));
            if sequence == 2 {
                journal.settle();
            }
        }
        assert_eq!(journal.waiting(), 10);
        let disk = journal.crash();
        (there(&disk, "a"), there(&disk, "b"))
    }

    #[test]
    fn a_crash_keeps_what_was_settled_and_prefixes_of_the_rest() {
        let mut seen = HashSet::new();
        for seed in 0..64 {
            let (a, b) = survivors(seed);
            assert!(
                (3..=8).contains(&a) && (3..=8).contains(&b),
                "seed {seed}: {a}, {b}"
            );
            assert_eq!((a, b), survivors(seed), "seed {seed} gives two runs");
            seen.insert((a, b));
        }
        assert!(seen.len() > 8, "chance has no say: {seen:?}");
    }

    #[tokio::test]
    async fn a_full_disk_keeps_nothing_and_doubt_is_final() {
        let faults = Faults {
            polls_max: 3,
            disk_full_percent: 50,
            poisoned_percent: 10,
        };
        let mut doubts = 0;
        for seed in 0..40 {
            let journal = FaultyJournal::with_faults(MemoryJournal::new(), seed, faults);
            let mut next = 0;
            while next < 20 {
                match journal.append(row("a", next)).await {
                    Ok(()) => next += 1,
                    Err(Error::DiskFull(_)) => {}
                    Err(Error::Poisoned(_)) => {
                        doubts += 1;
                        let again = journal.append(row("a", next)).await;
                        assert!(matches!(again, Err(Error::Poisoned(_))), "seed {seed}");
                        break;
                    }
                    Err(error) => panic!("seed {seed}: {error}"),
                }
                assert_eq!(
                    there(&journal.shared().disk, "a"),
                    next as usize,
                    "seed {seed}"
                );
            }
        }
        assert!(doubts > 10);
    }
}
