//! A whole engine in virtual time, for tests that play the world around it: functions that
//! answer by their name, callers that hold tokens, processes that end and begin again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl::arn::{ExecutionArn, Place};
use asl::history::Record;
use asl::interpreter::{End, Identity, Kind};
use asl::{Failure, Payload};
use engine::{
    Clock, Definition, Directory, Engine, FunctionName, Modules, NoTarget, NotDeployed, Observer,
    Parts, StartRequest, StartTarget, StartedAs,
};
use host::scripted::{Answer, Ending, ScriptedHost, digest_of_name};
use host::{Grants, Limits, Module};
use journal::MemoryJournal;
use objects::{Buckets, NoObjects, Objects};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::sim::SeededEntropy;
use crate::virtual_time::VirtualClock;

/// Longest that a test waits, in virtual time: long enough for whatever should happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(400 * 86_400);

/// An engine, its journal, and what is around it.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<MemoryJournal>,
    /// What Maps in DISTRIBUTED mode read and write.
    pub(crate) objects: Arc<dyn Objects>,
    directory: Arc<Known>,
    /// What functions were given, in order.
    calls: mpsc::UnboundedReceiver<Value>,
    called: mpsc::UnboundedSender<Value>,
}

/// Runs a test in virtual time: a year's wait takes no time.
pub(crate) fn in_virtual_time(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(test);
}

impl World {
    pub(crate) fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::default());
        let journal = Arc::new(MemoryJournal::default());
        let directory = Arc::new(Known::default());
        let (called, calls) = mpsc::unbounded_channel();
        let parts = parts(&clock, &journal, &directory, called.clone());
        let engine = Arc::new(Engine::new(parts));
        Self {
            engine,
            clock,
            journal,
            objects: Arc::new(NoObjects),
            directory,
            calls,
            called,
        }
    }

    /// What another engine here is made of.
    pub(crate) fn parts(&self, observer: Option<Arc<dyn Observer>>) -> Parts {
        let (clock, journal, directory) = (&self.clock, &self.journal, &self.directory);
        Parts {
            observer,
            objects: Arc::clone(&self.objects),
            ..parts(clock, journal, directory, self.called.clone())
        }
    }

    /// The process ends, and another takes up what the journal has.
    pub(crate) fn restart(&mut self) {
        let next = Arc::new(Engine::new(self.parts(None)));
        // The old one stops before the new one reads.
        drop(std::mem::replace(&mut self.engine, Arc::clone(&next)));
        next.recover().expect("a sound journal");
    }

    /// The bucket `bucket` is this folder from now on.
    pub(crate) fn has_bucket(&mut self, folder: &std::path::Path) {
        let buckets = Buckets::new([("bucket", folder)], "123456789012", None).expect("a folder");
        self.has_objects(Arc::new(Arc::new(buckets)));
    }

    /// These are read and written from now on.
    pub(crate) fn has_objects(&mut self, objects: Arc<dyn Objects>) {
        self.objects = objects;
        self.engine = Arc::new(Engine::new(self.parts(None)));
    }

    /// The process ends, and nothing takes its place yet.
    pub(crate) fn halt(&mut self) {
        let idle = Arc::new(Engine::new(self.parts(None)));
        drop(std::mem::replace(&mut self.engine, idle));
    }

    /// There is an activity of this name from now on.
    pub(crate) fn has_activity(&self, name: &str) -> String {
        let arn = Place::default().activity(name);
        let mut activities = lock(&self.directory.activities);
        activities.push(arn.clone());
        arn
    }

    /// There is a Standard state machine of this name from now on.
    pub(crate) fn has_machine(&self, name: &str, definition: Value) -> String {
        self.has(name, Kind::Standard, definition)
    }

    /// There is a state machine of this name and kind from now on.
    pub(crate) fn has(&self, name: &str, kind: Kind, definition: Value) -> String {
        let arn = Place::default().state_machine(name).to_string();
        lock(&self.directory.machines).insert(arn.clone(), (kind, definition));
        arn
    }

    /// Starts an execution of this name.
    pub(crate) async fn start(&self, name: &str, definition: &Value, input: Value) -> ExecutionArn {
        let request = StartRequest {
            identity: identity("machine", name, Kind::Standard),
            definition: Definition::parse(&definition.to_string()).expect("a sound definition"),
            input: input.into(),
            started_as: StartedAs::default(),
        };
        let arn = request.identity.execution_arn.clone();
        self.engine.start(request).await.expect("a start");
        arn
    }

    /// What the next function that is called was given.
    pub(crate) async fn call(&mut self) -> Value {
        let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await;
        call.expect("a call").expect("a world")
    }

    /// Whether no function was called that was not asked for.
    pub(crate) fn is_quiet(&self) -> bool {
        self.calls.is_empty()
    }

    /// The token that the next function was given.
    pub(crate) async fn token(&mut self) -> String {
        self.call().await["token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    pub(crate) async fn sleep(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    /// How an execution ends.
    pub(crate) async fn end(&self, arn: &ExecutionArn) -> End {
        let end = tokio::time::timeout(PATIENCE, self.engine.wait(arn)).await;
        end.expect("an end").expect("a sound engine")
    }

    /// The types of an execution's events, without those of its states and its own.
    pub(crate) fn task_events(&self, arn: &ExecutionArn) -> Vec<String> {
        let types = self.events(arn);
        let is_task = |name: &String| !name.contains("State") && !name.starts_with("Execution");
        types.into_iter().filter(is_task).collect()
    }

    /// The types of an execution's events.
    pub(crate) fn events(&self, arn: &ExecutionArn) -> Vec<String> {
        let told = self.engine.tell(arn).expect("a story");
        let types = told.records.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(event.detail.event_type()),
            Record::Note(_) => None,
        });
        types.collect()
    }
}

fn parts(
    clock: &Arc<dyn Clock>,
    journal: &Arc<MemoryJournal>,
    directory: &Arc<Known>,
    called: mpsc::UnboundedSender<Value>,
) -> Parts {
    let sleeper = Arc::clone(clock);
    let sleep: host::scripted::Sleep = Arc::new(move |time| {
        let milliseconds = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        sleeper.sleep_until(sleeper.now().plus_milliseconds(milliseconds))
    });
    let host = ScriptedHost::new(sleep, move |attempt| {
        let _ = called.send(attempt.input.value().clone());
        Some(answer(&attempt.module.digest.0, &attempt.input))
    });
    Parts {
        clock: Arc::clone(clock),
        entropy: Arc::new(SeededEntropy::of_seed(7)),
        directory: Arc::clone(directory) as Arc<dyn Directory>,
        ..Parts::new(
            Arc::clone(journal) as Arc<dyn journal::Journal>,
            Arc::new(host),
            Arc::new(Everything),
        )
    }
}

/// What the function of this name answers.
fn answer(name: &str, input: &Payload) -> Answer {
    let seconds = |seconds| Duration::from_secs(seconds);
    let (ending, after, heartbeats) = match name {
        "fails" => (Ending::Failure(Failure::new("E.Fails", "on purpose")), 0, 0),
        "slow" => (Ending::Output(json!("slow").into()), 10, 0),
        "beats" => (Ending::Output(json!("beaten").into()), 10, 9),
        "never" | "granted-never" => (Ending::Never, 0, 0),
        _ => (Ending::Output(input.clone()), 0, 0),
    };
    Answer {
        ending,
        after: seconds(after),
        heartbeats,
    }
}

/// Who an execution of this machine is.
pub(crate) fn identity(machine: &str, name: &str, kind: Kind) -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution(machine, name),
        name: name.to_owned(),
        state_machine_arn: place.state_machine(machine),
        state_machine_name: machine.to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: place.region.as_str().into(),
        kind,
        map_state: None,
    }
}

/// Every function is deployed.
struct Everything;

impl Modules for Everything {
    fn find(&self, function: &FunctionName, _: u64) -> Result<(Module, String), NotDeployed> {
        let name = &function.name;
        let grants = Grants {
            // Those that reach something beyond themselves say so in their names.
            clock: name.starts_with("granted-"),
            ..Grants::default()
        };
        let module = Module {
            digest: digest_of_name(name),
            limits: Limits::default(),
            grants: grants.into(),
        };
        Ok((module, "$LATEST".into()))
    }
}

/// What there is.
#[derive(Default)]
struct Known {
    activities: Mutex<Vec<String>>,
    machines: Mutex<HashMap<String, (Kind, Value)>>,
}

impl Directory for Known {
    fn target(&self, arn: &str, _: u64) -> Result<StartTarget, NoTarget> {
        let machines = lock(&self.machines);
        let (kind, definition) = machines
            .get(arn)
            .ok_or_else(|| NoTarget::does_not_exist(arn))?;
        Ok(StartTarget {
            place: Place::default(),
            name: arn.rsplit(':').next().unwrap_or_default().to_owned(),
            kind: *kind,
            role_arn: "role".into(),
            definition: Definition::parse(&definition.to_string()).expect("a definition"),
            started_as: StartedAs::default(),
        })
    }

    fn has_activity(&self, arn: &str) -> bool {
        lock(&self.activities).iter().any(|known| known == arn)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
