//! Recovery: everything that has not ended is taken up again, in one walk over the journal.
//!
//! One thread reads, the others fold. What only waits is parked at once, so that a million
//! waiting executions are never in memory together. Read [`Shared::recover`].

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use asl::Timestamp;
use asl::arn::{ExecutionArn, MapRunArn};
use journal::Journal;

use crate::definitions::Definitions;
use crate::loading::Loaded;
use crate::parts::Error;
use crate::shared::Shared;
use crate::slot::Slot;

/// The most threads that fold: reading feeds no more.
const FOLDERS_MAX: usize = 8;
/// How many rows are handed over at once.
const PARCEL_ROWS: usize = 256;
/// How many parcels may wait for each who folds.
const PARCELS_WAITING: usize = 8;

/// A row on its way from the journal.
struct Sent {
    execution: ExecutionArn,
    arrival: i64,
    is_last: bool,
    records: Vec<u8>,
}

/// What came of an execution's rows.
enum Folded {
    /// It waits, and has this many rows.
    Waits(u64, Option<Timestamp>),
    /// It has something to do.
    Awake(Box<Slot>),
    /// Its rows could not be read.
    Unread(Error),
}

/// By arrival, so that recovery is the same every time.
type Found = Vec<(i64, ExecutionArn, Folded)>;

impl Shared {
    /// Takes up every execution that has not ended, and answers how many.
    pub(crate) fn recover(self: &Arc<Self>) -> Result<usize, Error> {
        let (mut found, map_runs) = fold_all(&*self.journal, &self.definitions)?;
        found.sort_unstable_by_key(|(arrival, ..)| *arrival);
        let mut count = 0;
        for (_, arn, folded) in found {
            count += 1;
            match folded {
                Folded::Waits(rows, until) => self.park_loaded(arn, rows, until),
                Folded::Awake(mut slot) => {
                    self.equip(&mut slot)?;
                    let slot = Arc::new(Mutex::new(*slot));
                    if self.claim(&arn, &slot) {
                        self.act_pending(&slot);
                    }
                }
                Folded::Unread(error @ Error::Damaged(_)) => {
                    count -= 1;
                    tracing::error!(%arn, %error, "left alone");
                }
                Folded::Unread(error) => return Err(error),
            }
        }
        self.stop_orphans();
        for arn in map_runs {
            self.end_orphan(arn);
        }
        Ok(count + self.recover_express()?)
    }
}

/// The rows of a Map Run are its own: its parent goes on with it, nobody else.
fn is_map_run(arn: &ExecutionArn) -> bool {
    arn.as_str().split(':').nth(5) == Some("mapRun")
}

/// Folds all rows; and which Map Runs are open.
fn fold_all(
    journal: &dyn Journal,
    definitions: &Definitions,
) -> Result<(Found, Vec<MapRunArn>), Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let folders = (0..cores.min(FOLDERS_MAX)).map(|_| {
            let (parcels, received) = sync_channel(PARCELS_WAITING);
            let folder = scope.spawn(move || fold(journal, definitions, &received));
            (Parcels::new(parcels), folder)
        });
        let (mut parcels, folders): (Vec<_>, Vec<_>) = folders.unzip();
        let read = read(journal, &mut parcels);
        // Closes the channels, at which the folders end.
        drop(parcels);
        let mut found = Found::new();
        for folder in folders {
            match folder.join() {
                Ok(folded) => found.extend(folded),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        read.map(|map_runs| (found, map_runs))
    })
}

/// Rows that gather for one who folds.
struct Parcels {
    to: SyncSender<Vec<Sent>>,
    gathered: Vec<Sent>,
}

impl Parcels {
    fn new(to: SyncSender<Vec<Sent>>) -> Self {
        let gathered = Vec::with_capacity(PARCEL_ROWS);
        Self { to, gathered }
    }

    /// False when nobody receives any more.
    fn push(&mut self, row: Sent) -> bool {
        self.gathered.push(row);
        self.gathered.len() < PARCEL_ROWS || self.send()
    }

    fn send(&mut self) -> bool {
        let parcel = std::mem::replace(&mut self.gathered, Vec::with_capacity(PARCEL_ROWS));
        self.to.send(parcel).is_ok()
    }
}

/// Hands the rows of an execution always to the same folder, and answers the Map Runs.
fn read(journal: &dyn Journal, parcels: &mut [Parcels]) -> Result<Vec<MapRunArn>, Error> {
    let count = parcels.len() as i64;
    let mut map_runs = Vec::new();
    journal.open_rows(&mut |row| {
        if is_map_run(row.execution) {
            if row.is_last {
                map_runs.push(MapRunArn(Arc::clone(&row.execution.0)));
            }
            return true;
        }
        let folder = usize::try_from(row.arrival.rem_euclid(count)).unwrap_or(0);
        parcels[folder].push(Sent {
            execution: row.execution.clone(),
            arrival: row.arrival,
            is_last: row.is_last,
            records: row.records.to_vec(),
        })
    })?;
    for rest in parcels {
        // A folder that is gone panicked, which its thread will tell.
        let _ = rest.send();
    }
    Ok(map_runs)
}

fn fold(journal: &dyn Journal, definitions: &Definitions, rows: &Receiver<Vec<Sent>>) -> Found {
    let mut open: HashMap<i64, Result<Loaded, Error>> = HashMap::new();
    let mut found = Found::new();
    for row in rows.iter().flatten() {
        let begun = open.remove(&row.arrival);
        let folded = match begun {
            None => Loaded::begin(definitions, journal, &row.execution, &row.records),
            Some(begun) => begun.and_then(|mut loaded| {
                loaded.go_on(&row.records)?;
                Ok(loaded)
            }),
        };
        if row.is_last {
            found.push((row.arrival, row.execution, judge(folded)));
        } else {
            open.insert(row.arrival, folded);
        }
    }
    found
}

/// What is to become of an execution that was read to its last row.
fn judge(loaded: Result<Loaded, Error>) -> Folded {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return Folded::Unread(error),
    };
    // A child whose parent waits must be at hand to be stopped with it.
    let is_child = loaded.parent.as_ref().is_some_and(|parent| parent.waits);
    match loaded.execution.asleep().filter(|_| !is_child) {
        Some(asleep) => Folded::Waits(loaded.rows, asleep.until),
        None => Folded::Awake(Box::new(loaded.into_slot())),
    }
}
