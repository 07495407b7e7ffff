//! Recovery: everything that has not ended is taken up again, in one walk over the journal.
//!
//! What waits is parked by what its last row said, unread. Of what is left one thread reads the
//! rows, and others fold them. Read [`Shared::recover`].

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use asl::arn::{ExecutionArn, MapRunArn};
use journal::{Found, Journal, OpenRow, Rest};

use crate::definitions::Definitions;
use crate::loading::Loaded;
use crate::parking::rest;
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

/// What becomes of an execution.
enum Fate {
    /// It waits, and has this many rows.
    Waits(u64, Rest),
    /// It has something to do.
    Awake(Box<Slot>),
    /// Its rows could not be read.
    Unread(Error),
}

/// By arrival, so that recovery is the same every time.
type Fates = Vec<(i64, ExecutionArn, Fate)>;

impl Shared {
    /// Takes up every execution that has not ended, and answers how many.
    pub(crate) fn recover(self: &Arc<Self>) -> Result<usize, Error> {
        let (mut fates, map_runs) = fates(&*self.journal, &self.definitions)?;
        fates.sort_unstable_by_key(|(arrival, ..)| *arrival);
        let mut count = 0;
        for (_, arn, fate) in fates {
            count += 1;
            match fate {
                Fate::Waits(rows, rest) => self.park_loaded(arn, rows, rest.until),
                Fate::Awake(mut slot) => {
                    self.equip(&mut slot)?;
                    let slot = Arc::new(Mutex::new(*slot));
                    if self.claim(&arn, &slot) {
                        self.act_pending(&slot);
                    }
                }
                Fate::Unread(error @ Error::Damaged(_)) => {
                    count -= 1;
                    tracing::error!(%arn, %error, "left alone");
                }
                Fate::Unread(error) => return Err(error),
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

/// What becomes of all that are open; and which Map Runs are.
fn fates(
    journal: &dyn Journal,
    definitions: &Definitions,
) -> Result<(Fates, Vec<MapRunArn>), Error> {
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
        let mut folded = Fates::new();
        for folder in folders {
            match folder.join() {
                Ok(part) => folded.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        let (mut fates, map_runs) = read?;
        fates.append(&mut folded);
        Ok((fates, map_runs))
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

/// Answers those that rest, and the Map Runs; hands over the rows of all others, those of one
/// execution always to the same folder.
fn read(journal: &dyn Journal, parcels: &mut [Parcels]) -> Result<(Fates, Vec<MapRunArn>), Error> {
    let count = parcels.len() as i64;
    let (mut resting, mut map_runs) = (Fates::new(), Vec::new());
    let mut hand_over = |row: OpenRow<'_>| {
        let folder = usize::try_from(row.arrival.rem_euclid(count)).unwrap_or(0);
        parcels[folder].push(Sent {
            execution: row.execution.clone(),
            arrival: row.arrival,
            is_last: row.is_last,
            records: row.records.to_vec(),
        })
    };
    journal.walk_open(&mut |found| match found {
        Found::Resting(one) => {
            let fate = Fate::Waits(one.rows, one.rest);
            resting.push((one.arrival, one.execution.clone(), fate));
            true
        }
        Found::Row(row) if is_map_run(row.execution) => {
            if row.is_last {
                map_runs.push(MapRunArn(Arc::clone(&row.execution.0)));
            }
            true
        }
        Found::Row(row) => hand_over(row),
    })?;
    for left in parcels {
        // A folder that is gone panicked, which its thread will tell.
        let _ = left.send();
    }
    Ok((resting, map_runs))
}

fn fold(journal: &dyn Journal, definitions: &Definitions, rows: &Receiver<Vec<Sent>>) -> Fates {
    let mut open: HashMap<i64, Result<Loaded, Error>> = HashMap::new();
    let mut folded = Fates::new();
    for row in rows.iter().flatten() {
        let begun = open.remove(&row.arrival);
        let so_far = match begun {
            None => Loaded::begin(definitions, journal, &row.execution, &row.records),
            Some(begun) => begun.and_then(|mut loaded| {
                loaded.go_on(&row.records)?;
                Ok(loaded)
            }),
        };
        if row.is_last {
            folded.push((row.arrival, row.execution, judge(so_far)));
        } else {
            open.insert(row.arrival, so_far);
        }
    }
    folded
}

/// What is to become of an execution that was read to its last row.
fn judge(loaded: Result<Loaded, Error>) -> Fate {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => return Fate::Unread(error),
    };
    // Rows of before the journal knew of rest do not say so.
    match rest(&loaded.execution, loaded.parent.as_ref()) {
        Some(rest) => Fate::Waits(loaded.rows, rest),
        None => Fate::Awake(Box::new(loaded.into_slot())),
    }
}
