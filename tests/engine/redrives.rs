//! Redrive: an execution goes on where it failed, and does nothing twice that succeeded.

use asl::Payload;
use asl::arn::ExecutionArn;
use asl::interpreter::End;
use asl::{Failure, history::Record};
use engine::{NotRedrivable, RedriveError};
use serde_json::{Value, json};

use crate::world::{World, in_virtual_time};

/// A Task that says that it is `who`, and waits for a callback.
fn ask(who: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": "ask",
            "Payload": {
                "who": who,
                "token.$": "$$.Task.Token",
                "redrives.$": "$$.Execution.RedriveCount",
            },
        },
        "End": true,
    })
}

fn flow(who: &str) -> Value {
    json!({ "StartAt": who, "States": { who: ask(who) } })
}

fn output(value: Value) -> Payload {
    Payload::from_value(value)
}

async fn succeed(world: &World, call: &Value, value: Value) {
    let token = call["token"].as_str().expect("a token that is open");
    world
        .engine
        .task_succeeded(token, output(value))
        .await
        .expect("a token that is open");
}

async fn fail(world: &World, call: &Value) {
    let token = call["token"].as_str().expect("a token that is open");
    world
        .engine
        .task_failed(token, Failure::named("E.No"))
        .await
        .expect("a token that is open");
}

async fn refusal(world: &World, arn: &ExecutionArn) -> NotRedrivable {
    match world.engine.redrive(arn, None).await {
        Err(RedriveError::Not(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_failed_task_is_scheduled_again() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world.start("run", &flow("Ask"), json!({})).await;
        let first = world.call().await;
        fail(&world, &first).await;
        assert_eq!(world.end(&arn).await, End::Failed(Failure::named("E.No")));
        world.restart();
        let at = world.engine.redrive(&arn, Some("once")).await.unwrap();
        assert_eq!(world.engine.redrive(&arn, Some("once")).await.unwrap(), at);
        let again = world.call().await;
        assert_eq!(
            (&first["redrives"], &again["redrives"]),
            (&json!(0), &json!(1))
        );
        world.restart();
        succeed(&world, &again, json!("yes")).await;
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!("yes"))));
        let events = world.events(&arn);
        let expected = ["ExecutionFailed", "ExecutionRedriven", "TaskScheduled"];
        assert!(
            events.windows(3).any(|three| three == expected),
            "{events:?}"
        );
        let told = world.engine.tell(&arn).unwrap().records;
        let ids = told.iter().filter_map(|record| match record {
            Record::Event(_, event) => Some(event.id.0),
            Record::Note(_) => None,
        });
        assert!(
            ids.eq(1..=events.len() as u64),
            "one history, without a gap"
        );
    });
}

#[test]
fn only_the_branches_that_failed_or_were_cut_off_are_done_again() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = json!({
            "StartAt": "Both",
            "States": { "Both": {
                "Type": "Parallel",
                "Branches": [flow("a"), flow("b"), flow("c")],
                "End": true,
            } },
        });
        let arn = world.start("run", &machine, json!({})).await;
        let calls = [world.call().await, world.call().await, world.call().await];
        succeed(&world, &calls[0], json!("a")).await;
        fail(&world, &calls[1]).await;
        assert_eq!(world.end(&arn).await, End::Failed(Failure::named("E.No")));
        world.restart();
        world.engine.redrive(&arn, None).await.unwrap();
        for _ in 0..2 {
            let call = world.call().await;
            assert_ne!(call["who"], "a");
            succeed(&world, &call, call["who"].clone()).await;
        }
        assert_eq!(
            world.end(&arn).await,
            End::Succeeded(output(json!(["a", "b", "c"])))
        );
    });
}

#[test]
fn a_map_goes_on_with_what_is_left_even_when_nested_and_redriven_twice() {
    in_virtual_time(async {
        let mut world = World::new();
        let inner = json!({
            "StartAt": "Each",
            "States": { "Each": {
                "Type": "Map",
                "MaxConcurrency": 1,
                "ItemProcessor": flow("item"),
                "End": true,
            } },
        });
        let machine = json!({
            "StartAt": "Only",
            "States": { "Only": { "Type": "Parallel", "Branches": [inner], "End": true } },
        });
        let arn = world.start("run", &machine, json!([1, 2, 3])).await;
        let first = world.call().await;
        succeed(&world, &first, json!(1)).await;
        for _ in 0..2 {
            let second = world.call().await;
            fail(&world, &second).await;
            world.end(&arn).await;
            world.restart();
            world.engine.redrive(&arn, None).await.unwrap();
        }
        for value in [2, 3] {
            let call = world.call().await;
            succeed(&world, &call, json!(value)).await;
        }
        assert_eq!(
            world.end(&arn).await,
            End::Succeeded(output(json!([[1, 2, 3]])))
        );
    });
}

#[test]
fn a_wait_whose_moment_has_passed_is_left_at_once() {
    in_virtual_time(async {
        let world = World::new();
        let machine = json!({
            "TimeoutSeconds": 50,
            "StartAt": "Rest",
            "States": { "Rest": { "Type": "Wait", "Seconds": 60, "End": true } },
        });
        let arn = world.start("run", &machine, json!(1)).await;
        let timeout = Failure::named("States.Timeout");
        assert_eq!(world.end(&arn).await, End::TimedOut(timeout));
        world.sleep(86_400).await;
        let before = world.clock.now();
        world.engine.redrive(&arn, None).await.unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!(1))));
        assert_eq!(world.clock.now(), before);
    });
}

#[test]
fn a_fail_state_is_entered_and_fails_again() {
    in_virtual_time(async {
        let world = World::new();
        let machine = json!({
            "StartAt": "No",
            "States": { "No": { "Type": "Fail", "Error": "E.No" } },
        });
        let arn = world.start("run", &machine, json!({})).await;
        world.end(&arn).await;
        world.engine.redrive(&arn, None).await.unwrap();
        assert_eq!(world.end(&arn).await, End::Failed(Failure::named("E.No")));
        let expected = [
            "ExecutionStarted",
            "FailStateEntered",
            "ExecutionFailed",
            "ExecutionRedriven",
            "FailStateEntered",
            "ExecutionFailed",
        ];
        assert_eq!(world.events(&arn), expected);
    });
}

#[test]
fn what_cannot_be_redriven_says_why() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world.start("run", &flow("Ask"), json!({})).await;
        let call = world.call().await;
        assert_eq!(refusal(&world, &arn).await, NotRedrivable::Running);
        succeed(&world, &call, json!(1)).await;
        world.end(&arn).await;
        assert_eq!(refusal(&world, &arn).await, NotRedrivable::Succeeded);

        let old = world.start("old", &flow("Ask"), json!({})).await;
        world.engine.stop(&old, Failure::default()).await.unwrap();
        world.sleep(14 * 86_400).await;
        assert_eq!(refusal(&world, &old).await, NotRedrivable::EndedTooLongAgo);

        let unknown = "arn:aws:states:us-east-1:123456789012:execution:m:gone".into();
        let missing = world.engine.redrive(&unknown, None).await;
        assert!(
            matches!(missing, Err(RedriveError::Engine(_))),
            "{missing:?}"
        );
    });
}
