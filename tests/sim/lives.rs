//! One run: an execution, through as many lives of the process as it takes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl::arn::{ExecutionArn, Place};
use asl::history::{Detail, Record};
use asl::interpreter::{End, Execution, Identity, Kind};
use asl::{ErrorName, Failure, Payload};
use engine::{
    Clock, Definition, Engine, FunctionName, Modules, NotDeployed, Observer, Parts, StartError,
    StartRequest,
};
use host::scripted::{Answer, Ending, ScriptedHost, digest_of_name};
use host::{Grants, Limits, Module, TaskHost};
use journal::{Faults, FaultyJournal, Journal, MemoryJournal, Status};

use super::chance::{Chance, SeededEntropy};
use super::{checkers, machine};
use crate::virtual_time::VirtualClock;

/// Crashes of one run; then it is left to end.
const CRASHES_MAX: u64 = 8;

/// Longest a run is waited for, in virtual time; then it is stopped.
const PATIENCE: Duration = Duration::from_secs(30 * 86_400);

/// What runs came to, so that a generator that grew tame is noticed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    succeeded: u32,
    failed: u32,
    timed_out: u32,
    aborted: u32,
    crashes: u32,
    interrupted: u32,
    records: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.timed_out += other.timed_out;
        self.aborted += other.aborted;
        self.crashes += other.crashes;
        self.interrupted += other.interrupted;
        self.records += other.records;
    }

    /// Whether every end was met, the process crashed, and attempts were cut off by that.
    pub(super) fn reaches_everything(&self) -> bool {
        let ends = self.succeeded > 0 && self.failed > 0 && self.aborted > 0;
        ends && self.crashes > 0 && self.interrupted > 0
    }

    fn count(&mut self, end: &End) {
        match end {
            End::Succeeded(_) => self.succeeded += 1,
            End::Failed(_) => self.failed += 1,
            End::TimedOut(_) => self.timed_out += 1,
            End::Aborted(_) => self.aborted += 1,
        }
    }
}

/// Runs one seed.
pub(super) fn run(seed: u64) -> Result<Tally, String> {
    in_virtual_time(Run::new(seed)?.carry_out())
}

/// Runs a future in time that stands still until everything waits.
pub(super) fn in_virtual_time<T>(
    run: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(run)
}

/// A start of a random machine with a random input.
pub(super) fn request(chance: &mut Chance, identity: Identity) -> Result<StartRequest, String> {
    let text = machine::definition(chance).to_string();
    let definition =
        Definition::parse(&text).map_err(|why| format!("not valid: {why:?}\n{text}"))?;
    Ok(StartRequest {
        identity,
        definition,
        input: Payload::from_value(machine::data(chance, 2)),
        started_as: engine::StartedAs::default(),
    })
}

struct Run {
    seed: u64,
    chance: Chance,
    request: StartRequest,
    clock: Arc<dyn Clock>,
    disk: MemoryJournal,
    acknowledged: bool,
    once: Arc<Mutex<Once>>,
    tally: Tally,
}

impl Run {
    fn new(seed: u64) -> Result<Self, String> {
        let mut chance = Chance::new(seed);
        let request = request(&mut chance, identity())?;
        Ok(Self {
            seed,
            chance,
            request,
            clock: Arc::new(VirtualClock::default()),
            disk: MemoryJournal::new(),
            acknowledged: false,
            once: Arc::default(),
            tally: Tally::default(),
        })
    }

    async fn carry_out(mut self) -> Result<Tally, String> {
        let crashes = self.chance.from(0, CRASHES_MAX);
        let mut story = Vec::new();
        for life in 0.. {
            let last = life >= crashes;
            let ended = self.live(life, last).await?;
            let now = self.story()?;
            checkers::prefix::check(&story, &now)?;
            if self.acknowledged && now.is_empty() {
                return Err("an acknowledged start was lost".into());
            }
            story = now;
            if let Some(end) = ended {
                checkers::history::check(&story)?;
                checkers::retriers::check(&self.request.definition.machine, &story)?;
                checkers::prefix::ended_so(&story, &end)?;
                self.tally.count(&end);
                self.tally.records = story.len();
                self.tally.interrupted = interrupted(&story);
                return Ok(self.tally);
            }
            self.tally.crashes += 1;
        }
        unreachable!("the last life ends")
    }

    /// One life of the process: to the execution's end, or to a crash.
    async fn live(&mut self, life: u64, last: bool) -> Result<Option<End>, String> {
        let faults = Faults {
            polls_max: self.chance.from(1, 4) as u32,
            disk_full_percent: if last {
                0
            } else {
                self.chance.from(0, 3) as u8
            },
            poisoned_percent: if last {
                0
            } else {
                self.chance.from(0, 3) as u8
            },
        };
        let seed = self.seed ^ (life << 32);
        let journal = Arc::new(FaultyJournal::with_faults(self.disk.copy(), seed, faults));
        let witness = Arc::new(Witness::new(self.story()?));
        let engine = Engine::new(self.parts(Arc::clone(&journal), Arc::clone(&witness), seed));
        engine.recover().map_err(|error| error.to_string())?;
        let arn = self.request.identity.execution_arn.clone();
        let crash_after = Duration::from_millis(match self.chance.percent(50) {
            true => self.chance.from(0, 40),
            false => self.chance.from(0, 20_000),
        });
        let patience = if last { PATIENCE } else { crash_after };
        // Whoever waits for an execution keeps it in memory; by itself it may be parked.
        let is_watched = self.chance.percent(50);
        let lived = async {
            match engine.start(self.request.clone()).await {
                Ok(_) => {}
                Err(StartError::Exists { .. }) => {}
                Err(error) => return Err(error.to_string()),
            }
            self.acknowledged = true;
            if !is_watched {
                ended_by_itself(&journal, &arn).await;
            }
            engine.wait(&arn).await.map_err(|error| error.to_string())
        };
        let ended = tokio::time::timeout(patience, lived).await;
        let ended = match ended {
            Ok(Ok(end)) => Some(end),
            // A journal that takes no more: as good as a crash.
            Ok(Err(_)) if !last => None,
            Ok(Err(why)) => return Err(why),
            Err(_) if last => Some(stopped(&engine, &arn).await?),
            Err(_) => None,
        };
        drop(engine);
        self.disk = journal.crash();
        witness.verdict()?;
        let once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &once.again {
            return Err(format!("{key} must not begin twice, and did"));
        }
        Ok(ended)
    }

    fn parts(&self, journal: Arc<FaultyJournal>, witness: Arc<Witness>, seed: u64) -> Parts {
        let clock = Arc::clone(&self.clock);
        let host = host(self.seed, Arc::clone(&clock), Arc::clone(&self.once));
        Parts {
            clock,
            entropy: Arc::new(SeededEntropy::new(Chance::new(seed))),
            observer: Some(witness),
            ..Parts::new(journal, host, Arc::new(Named))
        }
    }

    /// What is on the disk.
    fn story(&self) -> Result<Vec<Record>, String> {
        let arn = &self.request.identity.execution_arn;
        if self.disk.summary(arn).is_err() {
            return Ok(Vec::new());
        }
        let told = engine::tell(&self.disk, arn).map_err(|error| error.to_string())?;
        Ok(told.records)
    }
}

/// Looks now and then, from further and further apart, until the execution has ended.
async fn ended_by_itself(journal: &FaultyJournal, arn: &ExecutionArn) {
    let mut pause = Duration::from_millis(100);
    while journal
        .summary(arn)
        .is_ok_and(|summary| summary.status == Status::Running)
    {
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(86_400));
    }
}

/// Nothing more would happen: someone stops it.
async fn stopped(engine: &Engine, arn: &ExecutionArn) -> Result<End, String> {
    let stop = engine.stop(arn, Failure::new("Stopped", "nothing more would happen"));
    stop.await.map_err(|error| error.to_string())?;
    engine.wait(arn).await.map_err(|error| error.to_string())
}

/// How many attempts failed since a crash cut them off.
fn interrupted(story: &[Record]) -> u32 {
    let is_one = |record: &&Record| match record {
        Record::Event(_, event) => match &event.detail {
            Detail::Failed { failure, .. } => failure.error_name() == ErrorName::TASK_INTERRUPTED,
            _ => false,
        },
        Record::Note(_) => false,
    };
    story.iter().filter(is_one).count() as u32
}

pub(super) fn identity() -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", "run"),
        name: "run".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: place.region.as_str().into(),
        kind: Kind::Standard,
        map_state: None,
    }
}

/// Every name is deployed but `missing`.
pub(super) struct Named;

impl Modules for Named {
    fn find(&self, function: &FunctionName, _: u64) -> Result<(Module, String), NotDeployed> {
        if function.name == "missing" {
            return Err(NotDeployed::Unknown);
        }
        let grants = Grants {
            clock: function.name == machine::GRANTED,
            ..Grants::default()
        };
        let module = Module {
            digest: digest_of_name(&function.name),
            limits: Limits::default(),
            grants: grants.into(),
        };
        Ok((module, "$LATEST".into()))
    }
}

/// The attempts that must not begin twice, and one that did.
#[derive(Default)]
pub(super) struct Once {
    begun: HashSet<String>,
    again: Option<String>,
}

/// Answers by the attempt's key, so that a repeated attempt gets what it got before.
pub(super) fn host(seed: u64, clock: Arc<dyn Clock>, once: Arc<Mutex<Once>>) -> Arc<dyn TaskHost> {
    let sleep: host::scripted::Sleep = Arc::new(move |duration| {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        clock.sleep_until(clock.now().plus_milliseconds(milliseconds))
    });
    Arc::new(ScriptedHost::new(sleep, move |attempt| {
        let key = &attempt.context.idempotency_key;
        if !attempt.module.grants.repeat_attempts() {
            let mut once = once.lock().unwrap_or_else(PoisonError::into_inner);
            if !once.begun.insert(key.clone()) {
                once.again = Some(key.clone());
            }
        }
        let mut chance = Chance::of(seed, key);
        let ending = match chance.from(0, 99) {
            0..60 => Ending::Output(Payload::from_value(machine::data(&mut chance, 2))),
            60..92 => Ending::Failure(Failure::new(
                chance.pick::<&str>(&machine::ERRORS),
                "by chance",
            )),
            92..95 => Ending::Error("the host broke".into()),
            _ => Ending::Never,
        };
        let after = Duration::from_millis(chance.from(0, 3_000));
        Some(Answer {
            ending,
            after,
            heartbeats: chance.from(0, 3) as u32,
        })
    }))
}

/// Sees every step, and holds the fold of all records against the execution that lived them.
struct Witness {
    seen: Mutex<Seen>,
}

struct Seen {
    records: Vec<Record>,
    verdict: Result<(), String>,
}

impl Witness {
    fn new(records: Vec<Record>) -> Self {
        Self {
            seen: Mutex::new(Seen {
                records,
                verdict: Ok(()),
            }),
        }
    }

    fn verdict(&self) -> Result<(), String> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .verdict
            .clone()
    }
}

impl Observer for Witness {
    fn recorded(&self, live: &Execution, records: &[Record]) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.records.extend_from_slice(records);
        if seen.verdict.is_ok() {
            seen.verdict = checkers::replay::check(live, &seen.records);
        }
    }
}
