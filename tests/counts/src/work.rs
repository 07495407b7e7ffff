//! What is counted: the three things that are done most often.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use asl::arn::Place;
use asl::interpreter::{Event, Execution, Identity, Kind};
use asl::{Payload, Timestamp};
use engine::{Definition, Parts};
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
}

impl Work {
    pub(crate) const ALL: [Self; 3] = [Self::Step, Self::Append, Self::Express];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Step => "step-three-states",
            Self::Append => "append-and-commit",
            Self::Express => "express-one-task",
        }
    }

    /// Does it so many times.
    pub(crate) fn run(self, rounds: u64) {
        match self {
            Self::Step => step(rounds),
            Self::Append => append(rounds),
            Self::Express => express(rounds),
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
    let module = Module {
        digest: digest_of_name("task"),
        limits: Limits::default(),
    };
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
