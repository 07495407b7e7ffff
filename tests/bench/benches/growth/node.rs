//! Curves of a node: the engine on a SQLite journal.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use asl::arn::{ExecutionArn, Place};
use asl::interpreter::{Identity, Kind};
use asl::{Payload, Timestamp};
use bench::memory_bytes;
use engine::{Definition, Engine, Parts, StartRequest, StartedAs};
use host::scripted::{Ending, ScriptedHost, digest_of_name};
use host::{Limits, Module};
use journal::sqlite::Options;
use journal::{Append, Change, Journal, Listing, Opened, Origin, SqliteJournal, Status, Under};

use crate::{PROCESS, THREAD, best, point, spent};

const TASKS: &str = r#"{
    "StartAt": "Map",
    "States": {
        "Map": {
            "Type": "Map", "End": true,
            "ItemProcessor": {
                "StartAt": "Task",
                "States": { "Task": { "Type": "Task", "Resource": "wasm:task", "End": true } }
            }
        }
    }
}"#;

const WAITS: &str = r#"{
    "StartAt": "Wait",
    "States": { "Wait": { "Type": "Wait", "Seconds": 31536000, "End": true } }
}"#;

/// How many are submitted before the first of them is waited for.
const AT_ONCE: usize = 1_024;

pub(crate) fn all() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("tokio starts");
    runtime.block_on(async {
        items().await;
        history().await;
        waiting().await;
    });
    ended();
}

fn journal(dir: &Path) -> Arc<SqliteJournal> {
    let journal = SqliteJournal::open(dir, Options::default());
    Arc::new(journal.expect("the journal opens"))
}

/// An engine whose one Task answers what it is given.
fn engine(journal: Arc<SqliteJournal>) -> Engine {
    let sleep: host::scripted::Sleep = Arc::new(|time| Box::pin(tokio::time::sleep(time)));
    let host = ScriptedHost::new(sleep, |attempt| {
        Some(Ending::Output(attempt.input.clone()).into())
    });
    let module = Module {
        digest: digest_of_name("task"),
        limits: Limits::default(),
        grants: Arc::default(),
    };
    let modules = HashMap::from([("task".to_owned(), module)]);
    Engine::new(Parts::new(journal, Arc::new(host), Arc::new(modules)))
}

fn request(name: &str, definition: &Definition, input: &str) -> StartRequest {
    StartRequest {
        identity: identity(name),
        definition: definition.clone(),
        input: Payload::from_text(input).expect("it is JSON"),
        started_as: StartedAs::default(),
    }
}

/// A Map whose items are Tasks, each of which the journal has before it begins.
async fn items() {
    let dir = tempfile::tempdir().expect("there is a place for files");
    let engine = engine(journal(dir.path()));
    let definition = Definition::parse(TASKS).expect("it parses");
    for items in [10, 100, 1_000, 3_000] {
        let input = format!("[{}]", vec!["1"; items].join(","));
        let mut shortest = f64::INFINITY;
        for round in 0..3 {
            let request = request(&format!("m-{items}-{round}"), &definition, &input);
            let arn = request.identity.execution_arn.clone();
            let began = spent(PROCESS);
            engine.start(request).await.expect("it starts");
            engine.wait(&arn).await.expect("it ends");
            shortest = shortest.min(spent(PROCESS) - began);
        }
        point("Map, items of a Task, durable", items, shortest, "ms");
    }
    engine.close().await.expect("it closes");
}

/// A page of 1,000 events, at the end of a history of so many.
async fn history() {
    let dir = tempfile::tempdir().expect("there is a place for files");
    let journal = journal(dir.path());
    let engine = engine(Arc::clone(&journal));
    let definition = Definition::parse(TASKS).expect("it parses");
    for items in [200, 1_000, 3_500] {
        let input = format!("[{}]", vec!["1"; items].join(","));
        let request = request(&format!("h-{items}"), &definition, &input);
        let arn = request.identity.execution_arn.clone();
        engine.start(request).await.expect("it starts");
        engine.wait(&arn).await.expect("it ends");
        let told = engine.tell(&arn).expect("it is there");
        let last = told.replay().last_event().0;
        let from = last - 1_000;
        let events = engine::excerpt::events(&*journal, &arn, None, false, usize::MAX);
        let events = events.expect("it is read");
        let (place, _) = events[usize::try_from(from).expect("it fits") - 1];
        let cost = best(THREAD, 10, || {
            let page = engine::excerpt::events(&*journal, &arn, Some(place), false, 1_000);
            assert_eq!(page.expect("it is read").len(), 1_000);
        });
        let last = usize::try_from(last).expect("it fits");
        point(
            "the last page of a history of so many events",
            last,
            cost,
            "ms",
        );
    }
    engine.close().await.expect("it closes");
}

/// Executions that wait for a year.
async fn waiting() {
    for count in [1_000, 10_000, 100_000] {
        let dir = tempfile::tempdir().expect("there is a place for files");
        let engine = Arc::new(engine(journal(dir.path())));
        let definition = Definition::parse(WAITS).expect("it parses");
        let before = memory_bytes();
        let starters = (0..AT_ONCE).map(|starter| {
            let (engine, definition) = (Arc::clone(&engine), definition.clone());
            tokio::spawn(async move {
                for number in (starter..count).step_by(AT_ONCE) {
                    let request = request(&format!("w-{number}"), &definition, "{}");
                    engine.start(request).await.expect("it starts");
                }
            })
        });
        for starter in starters.collect::<Vec<_>>() {
            starter.await.expect("it does not panic");
        }
        let held = memory_bytes().saturating_sub(before) as f64 / 1024.0;
        point("memory of executions that wait", count, held, "KiB");
        drop(engine);
        let mut recovered = None;
        let cost = best(PROCESS, 1, || {
            let engine = self::engine(journal(dir.path()));
            assert_eq!(engine.recover().expect("it recovers"), count);
            recovered = Some(engine);
        });
        point("recovery of executions that wait", count, cost, "ms");
    }
}

/// A page of a list, in the middle of so many executions that have ended.
fn ended() {
    let dir = tempfile::tempdir().expect("there is a place for files");
    let journal = journal(dir.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.expect("tokio starts");
    let mut there = 0;
    for count in [1_000, 10_000, 100_000, 300_000] {
        runtime.block_on(async {
            let mut last = None;
            while there < count {
                last = Some(journal.append(ended_at_once(there)));
                there += 1;
            }
            last.expect("some are new").await.expect("it is taken");
        });
        let list = |after| {
            let listing = Listing {
                under: Some(Under::StateMachine(
                    Place::default().state_machine("machine"),
                )),
                status: Some(Status::Succeeded),
                limit: 100,
                after,
                ..Listing::default()
            };
            journal.list(&listing).expect("it is listed")
        };
        let first = list(None);
        let cost = best(THREAD, 50, || {
            assert_eq!(list(first.next.clone()).summaries.len(), 100);
        });
        point(
            "a page of a list of so many that ended",
            count,
            cost * 1e3,
            "µs",
        );
    }
}

fn ended_at_once(number: usize) -> Append {
    let identity = identity(&format!("e-{number}"));
    let started_at = Timestamp(1_700_000_000_000 + number as i64);
    Append {
        execution: identity.execution_arn,
        sequence: 0,
        records: vec![7; 280],
        change: Change::OpenedAndClosed {
            opened: Opened {
                state_machine: identity.state_machine_arn,
                name: identity.name,
                started_at,
                origin: Origin::default(),
            },
            status: Status::Succeeded,
            stopped_at: started_at,
        },
        rest: None,
    }
}

fn identity(name: &str) -> Identity {
    let place = Place::default();
    let execution_arn: ExecutionArn = place.execution("machine", name);
    Identity {
        execution_arn,
        name: name.into(),
        state_machine_arn: place.state_machine("machine"),
        state_machine_name: "machine".into(),
        role_arn: "arn:aws:iam::123456789012:role/role".into(),
        region: "us-east-1".into(),
        kind: Kind::Standard,
        map_state: None,
    }
}
