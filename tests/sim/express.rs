//! An Express execution that was started and left to itself, through as many lives of the
//! process as it takes: at least once to an end, and then nothing is left of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use asl::arn::Place;
use asl::history::{Detail, Record};
use asl::interpreter::{Execution, Identity, Kind};
use engine::{Beginning, Clock, Engine, Observer, Parts, StartError, StartRequest, Watcher};
use journal::{Faults, FaultyJournal, Journal, MemoryJournal};
use tokio::sync::Notify;

use super::chance::{Chance, SeededEntropy};
use super::{checkers, lives};
use crate::virtual_time::VirtualClock;

/// Crashes of one run; then it is left to end.
const CRASHES_MAX: u64 = 4;
/// Five minutes are the longest that one may take, and some for what was started before.
const PATIENCE: Duration = Duration::from_secs(600);
/// So many records of one start are enough: where a history would be full, an Express
/// execution goes on until its time is over, and here no time passes while it is busy.
const RECORDS_MAX: usize = 40_000;

/// Runs one seed, and answers how often the execution ended.
pub(super) fn run(seed: u64) -> Result<usize, String> {
    lives::in_virtual_time(Run::new(seed)?.carry_out())
}

struct Run {
    seed: u64,
    chance: Chance,
    request: StartRequest,
    clock: Arc<dyn Clock>,
    disk: MemoryJournal,
    acknowledged: bool,
    witness: Witness,
}

impl Run {
    fn new(seed: u64) -> Result<Self, String> {
        let mut chance = Chance::new(seed);
        let request = lives::request(&mut chance, identity())?;
        Ok(Self {
            seed,
            chance,
            request,
            clock: Arc::new(VirtualClock::default()),
            disk: MemoryJournal::new(),
            acknowledged: false,
            witness: Witness::default(),
        })
    }

    async fn carry_out(mut self) -> Result<usize, String> {
        let crashes = self.chance.from(0, CRASHES_MAX);
        for life in 0..=crashes {
            self.live(life, life == crashes).await?;
            if self.witness.seen().is_tiring {
                return Ok(0);
            }
            let ends = self.witness.seen().ends;
            if self.acknowledged && ends == 0 && !self.is_kept()? {
                return Err("an acknowledged start was lost".into());
            }
        }
        let ends = {
            let seen = self.witness.seen();
            seen.verdict.clone()?;
            seen.ends
        };
        match (ends, self.is_kept()?) {
            (0, _) => Err("it never ended".into()),
            (_, true) => Err("it has ended, and its entry is still there".into()),
            (ends, false) => Ok(ends),
        }
    }

    /// One life of the process: to the execution's end, or to a crash.
    async fn live(&mut self, life: u64, last: bool) -> Result<(), String> {
        let percent = if last {
            0
        } else {
            self.chance.from(0, 5) as u8
        };
        let faults = Faults {
            polls_max: self.chance.from(1, 4) as u32,
            disk_full_percent: percent,
            poisoned_percent: percent,
        };
        let seed = self.seed ^ (life << 32);
        let journal = Arc::new(FaultyJournal::with_faults(self.disk.copy(), seed, faults));
        let was_kept = self.is_kept()?;
        let engine = Engine::new(self.parts(Arc::clone(&journal), seed));
        let recovered = engine.recover().map_err(|error| error.to_string())?;
        if recovered != usize::from(was_kept) {
            return Err(format!(
                "{recovered} were taken up; there was one: {was_kept}"
            ));
        }
        let crash_after = Duration::from_millis(match self.chance.percent(50) {
            true => self.chance.from(0, 40),
            false => self.chance.from(0, 20_000),
        });
        let lived = async {
            if !self.acknowledged {
                match engine.start(self.request.clone()).await {
                    Ok(_) => self.acknowledged = true,
                    Err(StartError::Engine(_)) if !last => return Ok(()),
                    Err(error) => return Err(error.to_string()),
                }
            }
            while engine.running_express() > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            engine.close().await.map_err(|error| error.to_string())
        };
        let patience = if last { PATIENCE } else { crash_after };
        let lived = tokio::time::timeout(patience, async {
            tokio::select! {
                lived = lived => lived,
                () = self.witness.tired.notified() => Ok(()),
            }
        });
        let lived = lived.await;
        drop(engine);
        self.disk = journal.crash();
        match lived {
            Ok(Err(why)) if last => Err(why),
            Err(_) if last => Err("it runs for ever".into()),
            _ => Ok(()),
        }
    }

    fn parts(&self, journal: Arc<FaultyJournal>, seed: u64) -> Parts {
        let clock = Arc::clone(&self.clock);
        let host = lives::host(self.seed, Arc::clone(&clock), Arc::default());
        Parts {
            clock,
            entropy: Arc::new(SeededEntropy::new(Chance::new(seed))),
            observer: Some(Arc::new(self.witness.clone())),
            ..Parts::new(journal, host, Arc::new(lives::Named))
        }
    }

    /// Whether a restart would find it.
    fn is_kept(&self) -> Result<bool, String> {
        let entries = self.disk.entries("express-execution", "", None, 9);
        let entries = entries.map_err(|error| error.to_string())?;
        Ok(!entries.is_empty())
    }
}

fn identity() -> Identity {
    let mut identity = lives::identity();
    identity.execution_arn = Place::default().express("machine", "run", "once");
    identity.kind = Kind::Express;
    identity
}

/// Sees every start of the execution, and judges each that ends.
#[derive(Clone, Default)]
struct Witness {
    seen: Arc<Mutex<Seen>>,
    tired: Arc<Notify>,
}

struct Seen {
    ends: usize,
    /// Whether a start made more records than anyone wants to see.
    is_tiring: bool,
    verdict: Result<(), String>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            ends: 0,
            is_tiring: false,
            verdict: Ok(()),
        }
    }
}

impl Witness {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Witness {
    fn recorded(&self, _: &Execution, _: &[Record]) {}

    fn watch(&self, _: &Beginning<'_>) -> Option<Box<dyn Watcher>> {
        Some(Box::new(Watching {
            witness: self.clone(),
            records: Vec::new(),
        }))
    }
}

struct Watching {
    witness: Witness,
    records: Vec<Record>,
}

impl Watcher for Watching {
    fn recorded(&mut self, records: &[Record], _: u64) {
        self.records.extend_from_slice(records);
        if self.records.len() > RECORDS_MAX {
            self.witness.seen().is_tiring = true;
            self.witness.tired.notify_one();
        }
    }

    fn durable(&mut self, _: u64) {
        let ended = |record: &Record| {
            matches!(record, Record::Event(_, event) if matches!(event.detail,
                Detail::ExecutionSucceeded { .. }
                | Detail::ExecutionFailed(_)
                | Detail::ExecutionTimedOut(_)))
        };
        if !self.records.last().is_some_and(ended) {
            return;
        }
        let mut seen = self.witness.seen();
        seen.ends += 1;
        if seen.verdict.is_ok() {
            seen.verdict = checkers::history::check(&self.records);
        }
    }
}
