//! A process that is to end: attempts come to theirs, no more begin, the next one goes on.

use std::time::Duration;

use asl::interpreter::End;
use serde_json::json;

use crate::world::{PATIENCE, World, in_virtual_time};

#[test]
fn attempts_end_and_the_next_process_begins_what_was_left() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = json!({ "StartAt": "One", "States": {
            "One": { "Type": "Task", "Resource": "wasm:slow", "Next": "Two" },
            "Two": { "Type": "Task", "Resource": "wasm:echo", "End": true },
        }});
        let arn = world.start("run", &machine, json!(1)).await;
        world.call().await;
        world.engine.retire();
        let idle = tokio::time::timeout(Duration::from_secs(9), world.engine.idle()).await;
        assert!(idle.is_err(), "the slow one takes ten seconds");
        world.engine.idle().await;
        world.engine.close().await.unwrap();
        let told = world.task_events(&arn);
        let count = |end: &str| told.iter().filter(|event| event.ends_with(end)).count();
        assert_eq!((count("Succeeded"), count("Scheduled")), (1, 2));
        assert!(world.is_quiet(), "the second was not begun");
    });
}

#[test]
fn waiting_workers_are_answered_at_once() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let poll = world.engine.activity_task(&activity, None, PATIENCE);
        let retire = async { world.engine.retire() };
        let (task, ()) = tokio::join!(poll, retire);
        assert_eq!(task.unwrap(), None);
        let asked = tokio::time::timeout(Duration::from_secs(1), world.engine.idle()).await;
        assert!(asked.is_ok(), "nothing runs");
    });
}

#[test]
fn what_was_not_begun_is_begun_by_the_next() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = json!({ "StartAt": "One", "States": {
            "One": { "Type": "Task", "Resource": "wasm:echo", "End": true },
        }});
        world.engine.retire();
        let arn = world.start("run", &machine, json!(1)).await;
        world.engine.idle().await;
        world.restart();
        assert_eq!(world.call().await, json!(1));
        assert_eq!(world.end(&arn).await, End::Succeeded(json!(1).into()));
    });
}
