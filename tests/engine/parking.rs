//! Executions that wait for long are not held in memory, and nobody can tell.

use asl::arn::ExecutionArn;
use asl::interpreter::End;
use asl::{Failure, Timestamp};
use engine::{CallbackError, StartError, StartRequest, StartedAs};
use journal::{Journal, Status};
use serde_json::{Value, json};

use crate::world::{World, identity, in_virtual_time};

/// Waits so many seconds, and ends.
fn waits(seconds: u64) -> Value {
    json!({
        "StartAt": "Wait",
        "States": { "Wait": { "Type": "Wait", "Seconds": seconds, "End": true } },
    })
}

/// Asks for an answer by token, then does what `next` says.
fn asks(fields: Value, next: Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": { "FunctionName": "ask", "Payload": { "token.$": "$$.Task.Token" } },
        "Next": "Then",
    });
    for (field, value) in fields.as_object().into_iter().flatten() {
        task[field] = value.clone();
    }
    json!({ "StartAt": "Ask", "States": { "Ask": task, "Then": next } })
}

/// How an execution stands, without waiting for it, which would keep it in memory.
fn stands(world: &World, arn: &ExecutionArn) -> (Status, Option<Timestamp>) {
    let summary = world.journal.summary(arn).expect("a summary");
    (summary.status, summary.stopped_at)
}

#[test]
fn a_long_wait_is_not_held_and_ends_in_time() {
    in_virtual_time(async {
        let world = World::new();
        let began = world.clock.now();
        let long = world.start("long", &waits(86_400), json!({})).await;
        let short = world.start("short", &waits(3), json!({})).await;
        world.sleep(1).await;
        assert_eq!(world.engine.held(), 1, "the short one alone");
        world.sleep(86_398).await;
        assert_eq!(stands(&world, &short).0, Status::Succeeded);
        assert_eq!(stands(&world, &long), (Status::Running, None));
        world.sleep(2).await;
        let ended = (Status::Succeeded, Some(began.plus_seconds(86_400)));
        assert_eq!(stands(&world, &long), ended);
        assert_eq!(world.engine.held(), 0);
    });
}

#[test]
fn it_may_be_asked_for_at_any_time() {
    in_virtual_time(async {
        let world = World::new();
        let [stopped, awaited] = ["stopped", "awaited"];
        let stopped = world.start(stopped, &waits(9000), json!({})).await;
        let awaited = world.start(awaited, &waits(9000), json!({ "a": 1 })).await;
        world.sleep(10).await;
        assert_eq!(world.engine.held(), 0);
        let again = |input: Value| StartRequest {
            identity: identity("machine", "awaited", asl::interpreter::Kind::Standard),
            definition: engine::Definition::parse(&waits(9000).to_string()).unwrap(),
            input: input.into(),
            started_as: StartedAs::default(),
        };
        let same = world.engine.start(again(json!({ "a": 1 }))).await.unwrap();
        assert!(!same.is_new);
        let other = world.engine.start(again(json!({ "a": 2 }))).await;
        assert!(matches!(other, Err(StartError::Exists { .. })), "{other:?}");
        let failure = Failure::new("Enough", "no more");
        world.engine.stop(&stopped, failure.clone()).await.unwrap();
        assert_eq!(world.end(&stopped).await, End::Aborted(failure));
        assert_eq!(world.engine.held(), 0, "none of that keeps it");
        assert!(matches!(world.end(&awaited).await, End::Succeeded(_)));
    });
}

#[test]
fn a_token_finds_its_execution_and_a_wrong_one_does_not_keep_it() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = asks(
            json!({}),
            json!({ "Type": "Wait", "Seconds": 60, "End": true }),
        );
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        world.sleep(1).await;
        assert_eq!(world.engine.held(), 0);
        let mut wrong = asl::interpreter::TaskToken::parse(&token).unwrap();
        wrong.secret = asl::interpreter::Secret::new([7; 16]);
        let wrong = wrong.to_string();
        for refused in [
            world.engine.task_succeeded(&wrong, json!(1).into()).await,
            world.engine.task_heartbeat(&wrong).await,
        ] {
            assert!(
                matches!(refused, Err(CallbackError::Invalid)),
                "{refused:?}"
            );
        }
        world.engine.task_heartbeat(&token).await.unwrap();
        assert_eq!(world.engine.held(), 0);
        let answer = world.engine.task_succeeded(&token, json!(2).into());
        answer.await.unwrap();
        world.sleep(1).await;
        assert_eq!(world.engine.held(), 0, "it waits again");
        let late = world.engine.task_succeeded(&token, json!(3).into()).await;
        assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
        assert_eq!(world.engine.held(), 0);
        world.sleep(60).await;
        assert_eq!(stands(&world, &arn).0, Status::Succeeded);
    });
}

#[test]
fn its_times_are_kept() {
    in_virtual_time(async {
        let mut world = World::new();
        let began = world.clock.now();
        let end = json!({ "Type": "Succeed" });
        let task = world
            .start(
                "task",
                &asks(json!({ "TimeoutSeconds": 100 }), end.clone()),
                json!({}),
            )
            .await;
        let mut machine = asks(json!({}), end.clone());
        machine["TimeoutSeconds"] = json!(200);
        let whole = world.start("whole", &machine, json!({})).await;
        let heart = world
            .start(
                "heart",
                &asks(json!({ "HeartbeatSeconds": 300 }), end),
                json!({}),
            )
            .await;
        for _ in 0..3 {
            world.token().await;
        }
        world.sleep(1).await;
        assert_eq!(world.engine.held(), 1, "whose heartbeats count");
        world.sleep(400).await;
        for (arn, status, seconds) in [
            (task, Status::Failed, 100),
            (whole, Status::TimedOut, 200),
            (heart, Status::Failed, 300),
        ] {
            let ended = (status, Some(began.plus_seconds(seconds)));
            assert_eq!(stands(&world, &arn), ended, "{arn}");
        }
    });
}

#[test]
fn a_restart_holds_none_that_waits_and_wakes_what_was_due() {
    in_virtual_time(async {
        let mut world = World::new();
        // More than are woken at once.
        let mut due = Vec::new();
        for number in 0..1500 {
            due.push(
                world
                    .start(&format!("due-{number}"), &waits(50), json!({}))
                    .await,
            );
        }
        let later = world.start("later", &waits(500), json!({})).await;
        let began = world.clock.now();
        world.halt();
        world.sleep(100).await;
        world.restart();
        world.sleep(1).await;
        assert_eq!(world.engine.held(), 0);
        for arn in &due {
            let (status, at) = stands(&world, arn);
            assert_eq!(status, Status::Succeeded, "{arn}");
            let late = at.unwrap().0 - began.plus_seconds(100).0;
            assert!((0..1000).contains(&late), "{arn}: {late} ms");
        }
        assert_eq!(stands(&world, &later).0, Status::Running);
        world.sleep(400).await;
        assert_eq!(stands(&world, &later).0, Status::Succeeded);
    });
}

#[test]
fn one_that_polls_is_parked_only_while_that_is_worth_it() {
    in_virtual_time(async {
        let world = World::new();
        let polls = json!({
            "StartAt": "Wait",
            "States": {
                "Wait": { "Type": "Wait", "Seconds": 20, "Next": "Again" },
                "Again": { "Type": "Pass", "Next": "Wait" },
            },
        });
        let arn = world.start("polls", &polls, json!({})).await;
        let held_after = async |seconds| {
            world.sleep(seconds).await;
            world.engine.held()
        };
        assert_eq!(held_after(1).await, 0);
        // Its history grows by four events in twenty seconds: from 1,500 on, reading it for
        // each poll costs more than keeping it.
        assert_eq!(held_after(20 * 300).await, 0);
        assert_eq!(held_after(20 * 200).await, 1);
        assert_eq!(stands(&world, &arn).0, Status::Running);
    });
}
