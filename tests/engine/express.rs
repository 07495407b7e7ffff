//! Express executions that were started and left to themselves: kept until they end, without a
//! history, and begun again by the next process.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use asl::Timestamp;
use asl::arn::Place;
use asl::interpreter::{End, Identity, Kind};
use engine::clock::Sleeping;
use engine::{Clock, Definition, Parts, StartRequest, StartedAs};
use host::scripted::{Answer, Ending, ScriptedHost, Sleep, digest_of_name};
use host::{Attempt, Limits, Module};
use journal::{Journal, Listing, MemoryJournal};
use serde_json::{Value, json};

use crate::world::{World, identity, in_virtual_time};

fn who(name: &str) -> Identity {
    Identity {
        execution_arn: Place::default().express("quick", name, "unique"),
        ..identity("quick", name, Kind::Express)
    }
}

async fn start(world: &World, name: &str, definition: &Value) {
    let request = StartRequest {
        identity: who(name),
        definition: Definition::parse(&definition.to_string()).unwrap(),
        input: json!({ "name": name }).into(),
        started_as: StartedAs::default(),
    };
    assert!(world.engine.start(request).await.unwrap().is_new);
}

fn task(function: &str) -> Value {
    json!({ "StartAt": "Work", "States": {
        "Work": { "Type": "Task", "Resource": format!("wasm:{function}"), "End": true },
    }})
}

/// Which executions a restart would begin again; and there is never a history.
fn kept(world: &World) -> Vec<String> {
    let listing = Listing {
        limit: 9,
        ..Listing::default()
    };
    assert_eq!(world.journal.list(&listing).unwrap().summaries, []);
    assert_eq!(world.journal.open_count(None).unwrap(), 0);
    let entries = world
        .journal
        .entries("express-execution", "", None, 9)
        .unwrap();
    entries.into_iter().map(|entry| entry.key).collect()
}

#[test]
fn what_ends_at_once_leaves_nothing() {
    in_virtual_time(async {
        let world = World::new();
        let pass = json!({ "StartAt": "A", "States": { "A": { "Type": "Pass", "End": true } } });
        start(&world, "run", &pass).await;
        assert_eq!(world.engine.running_express(), 0);
        assert_eq!(kept(&world), [""; 0]);
    });
}

#[test]
fn what_runs_is_begun_again_until_it_has_ended() {
    in_virtual_time(async {
        let mut world = World::new();
        start(&world, "run", &task("slow")).await;
        assert_eq!(world.call().await, json!({ "name": "run" }));
        assert_eq!(kept(&world), [who("run").execution_arn.to_string()]);
        for _ in 0..2 {
            world.sleep(9).await;
            world.restart();
            assert_eq!(world.call().await, json!({ "name": "run" }));
        }
        world.sleep(11).await;
        assert_eq!((world.engine.running_express(), kept(&world)), (0, vec![]));
        world.restart();
        world.sleep(60).await;
        assert!(world.is_quiet(), "it has ended");
    });
}

#[test]
fn five_minutes_are_the_longest() {
    in_virtual_time(async {
        let mut world = World::new();
        start(&world, "run", &task("never")).await;
        world.call().await;
        world.sleep(299).await;
        assert_eq!(kept(&world).len(), 1);
        world.sleep(2).await;
        assert_eq!((world.engine.running_express(), kept(&world)), (0, vec![]));
    });
}

#[test]
fn a_process_that_is_to_end_lets_them_end_and_begins_none() {
    in_virtual_time(async {
        let mut world = World::new();
        start(&world, "first", &task("slow")).await;
        world.call().await;
        world.engine.retire();
        start(&world, "second", &task("slow")).await;
        let idle = tokio::time::timeout(Duration::from_secs(9), world.engine.idle()).await;
        assert!(idle.is_err(), "the first takes ten seconds");
        world.engine.idle().await;
        assert!(world.is_quiet(), "the second was not begun");
        assert_eq!(kept(&world), [who("second").execution_arn.to_string()]);
        world.restart();
        assert_eq!(world.call().await, json!({ "name": "second" }));
    });
}

#[test]
fn tasks_start_express_executions_standard_or_express_themselves() {
    in_virtual_time(async {
        let mut world = World::new();
        let quick = world.has("quick", Kind::Express, task("echo"));
        let parent = json!({ "StartAt": "Start", "States": { "Start": {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution",
            "Parameters": { "StateMachineArn": quick, "Name": "child", "Input": { "a": 1 } },
            "End": true,
        }}});
        let arn = world.start("run", &parent, json!({})).await;
        assert_eq!(world.call().await, json!({ "a": 1 }));
        let End::Succeeded(output) = world.end(&arn).await else {
            panic!("it did not succeed");
        };
        let child = output.value()["ExecutionArn"].as_str().unwrap();
        assert!(child.starts_with(&*who("child").execution_arn.0.replace("unique", "")));
        let told = world.journal.summary(&child.into());
        assert!(told.is_err(), "it has no history");

        start(&world, "parent", &parent).await;
        assert_eq!(world.call().await, json!({ "a": 1 }));
    });
}

/// A clock that nobody can wait for: to look at it takes ten milliseconds.
#[derive(Default)]
struct LookedAt(AtomicI64);

impl Clock for LookedAt {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.fetch_add(10, Ordering::Relaxed))
    }

    fn sleep_until(&self, _: Timestamp) -> Sleeping {
        Box::pin(std::future::pending())
    }
}

#[test]
fn one_that_never_has_to_wait_ends_with_its_time() {
    in_virtual_time(async {
        let round = json!({ "StartAt": "Work", "TimeoutSeconds": 1, "States": {
            "Work": { "Type": "Task", "Resource": "wasm:work", "Next": "Work" },
        }});
        let sleep: Sleep = Arc::new(|time| Box::pin(tokio::time::sleep(time)));
        let at_once = |attempt: &Attempt| {
            Some(Answer {
                ending: Ending::Output(attempt.input.clone()),
                after: Duration::ZERO,
                heartbeats: 0,
            })
        };
        let work = Module::pure(digest_of_name("work"), Limits::default());
        let parts = Parts {
            clock: Arc::new(LookedAt::default()),
            ..Parts::new(
                Arc::new(MemoryJournal::default()),
                Arc::new(ScriptedHost::new(sleep, at_once)),
                Arc::new(HashMap::from([("work".to_owned(), work)])),
            )
        };
        let definition = Definition::parse(&round.to_string()).unwrap();
        let end = engine::run_express(parts, who("round"), &definition, json!({}).into()).await;
        assert!(matches!(end, End::TimedOut(_)), "{end:?}");
    });
}
