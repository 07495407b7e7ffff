//! Activities: workers ask for tasks, and say what came of them by their tokens.

use std::time::Duration;

use asl::arn::Place;
use asl::interpreter::End;
use asl::{Failure, Payload};
use engine::{ActivityTask, POLLERS_MAX, TooManyPollers};
use serde_json::{Value, json};

use crate::world::{PATIENCE, World, in_virtual_time};

/// A machine of one Task that an activity's workers do.
fn working(activity: &str, fields: Value) -> Value {
    let mut task = json!({ "Type": "Task", "Resource": activity, "End": true });
    for (field, value) in fields.as_object().into_iter().flatten() {
        task[field] = value.clone();
    }
    json!({ "StartAt": "Work", "States": { "Work": task } })
}

async fn take(world: &World, activity: &str) -> ActivityTask {
    let taken = world
        .engine
        .activity_task(activity, Some("worker"), PATIENCE);
    taken.await.expect("few wait").expect("a task")
}

/// Asks once, and does not wait.
async fn nothing_to_take(world: &World, activity: &str) -> bool {
    let taken = world.engine.activity_task(activity, None, Duration::ZERO);
    taken.await.expect("few wait").is_none()
}

fn output(value: Value) -> Payload {
    Payload::from_value(value)
}

#[test]
fn a_worker_does_a_task() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let machine = working(
            &activity,
            json!({ "TimeoutSeconds": 60, "HeartbeatSeconds": 5 }),
        );
        let arn = world.start("run", &machine, json!({ "box": 1 })).await;
        // Its time runs from when a worker takes it.
        world.sleep(86_400).await;
        assert_eq!(world.task_events(&arn), ["ActivityScheduled"]);
        let task = take(&world, &activity).await;
        assert_eq!(task.input, output(json!({ "box": 1 })));
        for _ in 0..3 {
            world.sleep(4).await;
            world.engine.task_heartbeat(&task.token).await.unwrap();
        }
        let packed = output(json!("packed"));
        world
            .engine
            .task_succeeded(&task.token, packed.clone())
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(packed));
        let expected = ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"];
        assert_eq!(world.task_events(&arn), expected);
    });
}

#[test]
fn a_worker_may_fail_or_fall_silent() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let fields = json!({ "TimeoutSeconds": 60, "HeartbeatSeconds": 5 });
        let failed = world
            .start("failed", &working(&activity, fields.clone()), json!(1))
            .await;
        let task = take(&world, &activity).await;
        let failure = Failure::new("Torn", "the box is torn");
        world
            .engine
            .task_failed(&task.token, failure.clone())
            .await
            .unwrap();
        assert_eq!(world.end(&failed).await, End::Failed(failure));
        assert_eq!(world.task_events(&failed).last().unwrap(), "ActivityFailed");

        let silent = world
            .start("silent", &working(&activity, fields), json!(2))
            .await;
        take(&world, &activity).await;
        let timeout = End::Failed(Failure::named("States.Timeout"));
        assert_eq!(world.end(&silent).await, timeout);
        assert_eq!(
            world.task_events(&silent).last().unwrap(),
            "ActivityTimedOut"
        );
    });
}

#[test]
fn an_activity_that_does_not_exist_is_not_scheduled() {
    in_virtual_time(async {
        let world = World::new();
        let arn = Place::default().activity("gone");
        let catch = json!([{ "ErrorEquals": ["States.ALL"], "Next": "Work" }]);
        let machine = working(&arn, json!({ "Catch": catch }));
        let run = world.start("run", &machine, json!({})).await;
        let failure = Failure::new(
            "States.Runtime",
            format!("Activity Does Not Exist: '{arn}'"),
        );
        assert_eq!(world.end(&run).await, End::Failed(failure));
        let expected = [
            "ExecutionStarted",
            "TaskStateEntered",
            "ActivityScheduleFailed",
            "ExecutionFailed",
        ];
        assert_eq!(world.events(&run), expected);
    });
}

#[test]
fn first_come_first_served_on_both_sides() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let machine = working(&activity, json!({}));
        // Workers wait first, in an order.
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let (engine, activity) = (world.engine.clone(), activity.clone());
                tokio::spawn(async move { engine.activity_task(&activity, None, PATIENCE).await })
            })
            .collect();
        world.sleep(1).await;
        for place in 0..5 {
            world
                .start(&format!("run-{place}"), &machine, json!(place))
                .await;
        }
        for (place, waiting) in waiting.into_iter().enumerate() {
            let task = waiting.await.unwrap().unwrap().unwrap();
            assert_eq!(task.input, output(json!(place)));
        }
        // Tasks wait first, in an order.
        for place in 3..5 {
            assert_eq!(take(&world, &activity).await.input, output(json!(place)));
        }
        assert!(nothing_to_take(&world, &activity).await);
    });
}

#[test]
fn a_worker_that_goes_away_loses_no_task() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let machine = working(&activity, json!({}));
        let arn = world.start("run", &machine, json!(1)).await;
        world.start("other", &machine, json!(2)).await;
        // Polled to where the task is taken but the worker has not heard of it, then dropped.
        {
            let taking = world
                .engine
                .activity_task(&activity, Some("lost"), PATIENCE);
            let mut taking = std::pin::pin!(taking);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(taking.as_mut().poll(&mut context).is_pending());
        }
        let task = take(&world, &activity).await;
        assert_eq!(task.input, output(json!(1)), "it is the first of all again");
        world
            .engine
            .task_succeeded(&task.token, output(json!("done")))
            .await
            .unwrap();
        world.end(&arn).await;
        let expected = ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"];
        assert_eq!(world.task_events(&arn), expected, "it was started once");
        assert_eq!(take(&world, &activity).await.input, output(json!(2)));
    });
}

#[test]
fn offers_are_there_again_after_a_restart() {
    in_virtual_time(async {
        let mut world = World::new();
        let activity = world.has_activity("pack");
        let machine = working(&activity, json!({ "TimeoutSeconds": 60 }));
        let taken = world.start("taken", &machine, json!(1)).await;
        let offered = world.start("offered", &machine, json!(2)).await;
        let first = take(&world, &activity).await;
        world.restart();
        let second = take(&world, &activity).await;
        assert_eq!(second.input, output(json!(2)));
        assert!(
            nothing_to_take(&world, &activity).await,
            "what is taken is taken"
        );
        world
            .engine
            .task_succeeded(&first.token, output(json!("a")))
            .await
            .unwrap();
        assert_eq!(world.end(&taken).await, End::Succeeded(output(json!("a"))));
        // The other's worker falls silent; its minute goes on across restarts.
        world.restart();
        let timeout = End::Failed(Failure::named("States.Timeout"));
        assert_eq!(world.end(&offered).await, timeout);
    });
}

#[test]
fn what_nobody_waits_for_is_offered_no_more() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let machine = working(&activity, json!({}));
        let stopped = world.start("stopped", &machine, json!(1)).await;
        world.start("runs", &machine, json!(2)).await;
        world
            .engine
            .stop(&stopped, Failure::default())
            .await
            .unwrap();
        assert_eq!(take(&world, &activity).await.input, output(json!(2)));
        assert!(nothing_to_take(&world, &activity).await);
    });
}

#[test]
fn a_thousand_workers_may_wait() {
    in_virtual_time(async {
        let world = World::new();
        let activity = world.has_activity("pack");
        let waiting: Vec<_> = (0..POLLERS_MAX)
            .map(|_| {
                let (engine, activity) = (world.engine.clone(), activity.clone());
                let minute = Duration::from_secs(60);
                tokio::spawn(async move { engine.activity_task(&activity, None, minute).await })
            })
            .collect();
        world.sleep(1).await;
        let refused = world.engine.activity_task(&activity, None, PATIENCE).await;
        assert_eq!(refused, Err(TooManyPollers));
        for waiting in waiting {
            assert_eq!(waiting.await.unwrap(), Ok(None));
        }
        assert!(
            nothing_to_take(&world, &activity).await,
            "their places are free again"
        );
    });
}
