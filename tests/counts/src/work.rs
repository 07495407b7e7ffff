//! What is counted: the things that are done most often, and those that come by the thousand.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use asl::arn::Place;
use asl::interpreter::{Command, Event, Execution, Identity, Kind, Report, Step};
use asl::{Payload, Timestamp};
use engine::{Definition, Engine, Parts, StartRequest, StartedAs};
use host::scripted::{Ending, ScriptedHost, digest_of_name};
use host::{Limits, Module};
use journal::sqlite::Options;
use journal::{Append, Change, Journal, MemoryJournal, Opened, Origin, SqliteJournal};

const THREE_STATES: &str = r#"{
    "StartAt": "Pass",
    "States": {
        "Pass": { "Type": "Pass", "Next": "Choice" },
        "Choice": {
            "Type": "Choice",
            "Choices": [{ "Variable": "$.amount", "NumericGreaterThan": 10, "Next": "Done" }],
            "Default": "Done"
        },
        "Done": { "Type": "Succeed" }
    }
}"#;

const ONE_TASK: &str = r#"{
    "StartAt": "Task",
    "States": {
        "Task": { "Type": "Task", "Resource": "wasm:task", "ResultPath": "$.result", "End": true }
    }
}"#;

/// The selector reads the item and the input beside it: neither may be copied whole for each.
const EACH_ITEM: &str = r#"{
    "StartAt": "Map",
    "States": {
        "Map": {
            "Type": "Map", "InputPath": "$.order", "ItemsPath": "$.items",
            "ItemSelector": { "item.$": "$$.Map.Item.Value", "customer.$": "$.customer" },
            "ItemProcessor": {
                "StartAt": "Pass", "States": { "Pass": { "Type": "Pass", "End": true } }
            },
            "End": true
        }
    }
}"#;

/// The same in JSONata.
const EACH_ITEM_JSONATA: &str = r#"{
    "QueryLanguage": "JSONata",
    "StartAt": "Map",
    "States": {
        "Map": {
            "Type": "Map", "Items": "{% $states.input.order.items %}",
            "ItemSelector": {
                "item": "{% $states.context.Map.Item.Value %}",
                "customer": "{% $states.input.order.customer %}"
            },
            "ItemProcessor": {
                "StartAt": "Pass", "States": { "Pass": { "Type": "Pass", "End": true } }
            },
            "End": true
        }
    }
}"#;

const INPUT: &str = r#"{"amount": 42, "customer": "c-1", "items": [1, 2, 3, 4, 5, 6, 7, 8]}"#;

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// `Execution::step` from a start to the end of Pass → Choice → Succeed.
    Step,
    /// A row of 280 bytes in the SQLite journal, and its commit.
    Append,
    /// A whole Express execution of one Task, whose answer is scripted.
    Express,
    /// A whole Standard execution of three states, which never waits, and its share of a
    /// commit.
    Standard,
    /// One more item of a Map. Were it to cost more with each that is there, it would show here.
    MapItem,
    /// The same in JSONata.
    MapItemJsonata,
    /// One more branch of a Parallel, whose Task is answered while all the others wait.
    Branch,
}

impl Work {
    pub(crate) const ALL: [Self; 7] = [
        Self::Step,
        Self::Append,
        Self::Express,
        Self::Standard,
        Self::MapItem,
        Self::MapItemJsonata,
        Self::Branch,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Step => "step-three-states",
            Self::Append => "append-and-commit",
            Self::Express => "express-one-task",
            Self::Standard => "standard-three-states",
            Self::MapItem => "map-one-item",
            Self::MapItemJsonata => "map-one-item-jsonata",
            Self::Branch => "parallel-one-branch",
        }
    }

    /// Does it so many times.
    pub(crate) fn run(self, rounds: u64) {
        match self {
            Self::Step => step(rounds),
            Self::Append => append(rounds),
            Self::Express => express(rounds),
            Self::Standard => standard(rounds),
            Self::MapItem => map(EACH_ITEM, rounds),
            Self::MapItemJsonata => map(EACH_ITEM_JSONATA, rounds),
            Self::Branch => parallel(rounds),
        }
    }
}

fn step(rounds: u64) {
    let machine = Definition::parse(THREE_STATES).expect("it parses").machine;
    let identity = Arc::new(identity(Kind::Standard));
    for _ in 0..rounds {
        let input = Payload::from_text(INPUT).expect("it is JSON");
        let mut execution = Execution::new(Arc::clone(&machine), Arc::clone(&identity));
        black_box(execution.step(Event::Start { input }, Timestamp(1), 7));
        assert!(execution.end().is_some());
    }
}

/// One Map of so many items, in an Express execution: a history has no room for its events.
fn map(definition: &str, items: u64) {
    let items: Vec<u64> = (0..items).collect();
    let input = serde_json::json!({ "order": { "items": items, "customer": "c-1" } });
    let (mut execution, mut step) = begun(definition, Payload::from_value(input));
    while execution.end().is_none() {
        assert_eq!(step.commands.pop(), Some(Command::Continue));
        step = execution.step(Event::Continue, Timestamp(1), 7);
    }
}

/// So many Tasks that wait at once, then answered one by one.
fn parallel(branches: u64) {
    let task = serde_json::json!({ "Type": "Task", "Resource": "wasm:task", "End": true });
    let branch = |number| {
        let name = format!("Task {number}");
        serde_json::json!({ "StartAt": name, "States": { name.as_str(): task } })
    };
    let branches: Vec<_> = (0..branches).map(branch).collect();
    let parallel = serde_json::json!({ "Type": "Parallel", "Branches": branches, "End": true });
    let definition = serde_json::json!({ "StartAt": "P", "States": { "P": parallel } });
    let input = Payload::from_text(INPUT).expect("it is JSON");
    let (mut execution, mut step) = begun(&definition.to_string(), input);
    let mut tasks = Vec::new();
    while tasks.len() < branches.len() {
        for command in std::mem::take(&mut step.commands) {
            match command {
                Command::ScheduleTask(command) => tasks.push(command.task),
                Command::Continue => step = execution.step(Event::Continue, Timestamp(1), 7),
                _ => {}
            }
        }
    }
    let answer = Payload::from_text("{}").expect("it is JSON");
    for task in tasks {
        let event = Event::Task {
            task,
            report: Report::Succeeded(answer.clone()),
            usage: None,
        };
        black_box(execution.step(event, Timestamp(1), 7));
    }
    assert!(execution.end().is_some());
}

fn begun(definition: &str, input: Payload) -> (Execution, Step) {
    let machine = Definition::parse(definition).expect("it parses").machine;
    let mut execution = Execution::new(machine, Arc::new(identity(Kind::Express)));
    let step = execution.step(Event::Start { input }, Timestamp(1), 7);
    (execution, step)
}

/// One at a time, each waited for: how many rows share a commit is then the same each time.
fn append(rounds: u64) {
    let dir = tempfile::tempdir().expect("there is a place for files");
    let journal = SqliteJournal::open(dir.path(), Options::default()).expect("it opens");
    let Identity {
        execution_arn,
        name,
        state_machine_arn,
        ..
    } = identity(Kind::Standard);
    let mut opened = Some(Opened {
        state_machine: state_machine_arn,
        name,
        started_at: Timestamp(1_700_000_000_000),
        origin: Origin::default(),
    });
    block_on(async {
        for sequence in 0..rounds {
            let row = Append {
                execution: execution_arn.clone(),
                sequence,
                records: vec![7; 280],
                change: opened.take().map_or(Change::None, Change::Opened),
                rest: None,
            };
            journal.append(row).await.expect("it is taken");
        }
    });
}

fn express(rounds: u64) {
    let definition = Definition::parse(ONE_TASK).expect("it parses");
    let sleep: host::scripted::Sleep = Arc::new(|_| Box::pin(std::future::ready(())));
    let answer = Payload::from_text(r#"{"approved": true}"#).expect("it is JSON");
    let host = ScriptedHost::new(sleep, move |_| Some(Ending::Output(answer.clone()).into()));
    let module = Module::pure(digest_of_name("task"), Limits::default());
    let modules = Arc::new(HashMap::from([("task".to_owned(), module)]));
    let (host, journal) = (Arc::new(host), Arc::new(MemoryJournal::default()));
    block_on(async {
        for _ in 0..rounds {
            let input = Payload::from_text(INPUT).expect("it is JSON");
            let parts = Parts::new(journal.clone(), host.clone(), modules.clone());
            let end = engine::run_express(parts, identity(Kind::Express), &definition, input).await;
            assert!(
                matches!(end, asl::interpreter::End::Succeeded(_)),
                "{end:?}"
            );
        }
    });
}

/// How many are started at once: as many rows share a commit.
const AT_ONCE: u64 = 32;

/// Started so many at once, when those before are durable.
fn standard(rounds: u64) {
    let definition = Definition::parse(THREE_STATES).expect("it parses");
    let sleep: host::scripted::Sleep = Arc::new(|_| Box::pin(std::future::ready(())));
    let host = Arc::new(ScriptedHost::new(sleep, |_| None));
    let dir = tempfile::tempdir().expect("there is a place for files");
    let journal = SqliteJournal::open(dir.path(), Options::default()).expect("it opens");
    block_on(async {
        let modules = Arc::new(HashMap::new());
        let engine = Arc::new(Engine::new(Parts::new(Arc::new(journal), host, modules)));
        for first in (0..rounds).step_by(AT_ONCE as usize) {
            let starts = (first..first + AT_ONCE).map(|round| {
                let name = format!("s-{round}");
                let request = StartRequest {
                    identity: Identity {
                        execution_arn: Place::default().execution("machine", &name),
                        name,
                        ..identity(Kind::Standard)
                    },
                    definition: definition.clone(),
                    input: Payload::from_text(INPUT).expect("it is JSON"),
                    started_as: StartedAs::default(),
                };
                let engine = Arc::clone(&engine);
                tokio::spawn(async move { engine.start(request).await })
            });
            for start in starts.collect::<Vec<_>>() {
                start.await.expect("it does not panic").expect("it starts");
            }
        }
        engine.close().await.expect("it closes");
    });
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("tokio starts").block_on(work);
}

fn identity(kind: Kind) -> Identity {
    let place = Place::default();
    Identity {
        execution_arn: place.execution("machine", "name"),
        name: "name".into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind,
        map_state: None,
    }
}
