//! Task tokens: whoever holds one says how its Task ended, once, whatever happens meanwhile.

use asl::interpreter::{End, TaskToken};
use asl::{Failure, Payload};
use engine::CallbackError;
use serde_json::{Value, json};

use crate::world::{World, in_virtual_time};

/// A machine of one Task that calls `function` with its token and waits for a callback.
fn waiting(function: &str, fields: Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {
            "FunctionName": function,
            "Payload": { "token.$": "$$.Task.Token" },
        },
        "End": true,
    });
    for (field, value) in fields.as_object().into_iter().flatten() {
        task[field] = value.clone();
    }
    json!({ "StartAt": "Ask", "States": { "Ask": task } })
}

fn output(value: Value) -> Payload {
    Payload::from_value(value)
}

fn failed_with(end: &End) -> &str {
    match end {
        End::Failed(failure) => failure.error_name(),
        other => panic!("it did not fail: {other:?}"),
    }
}

#[test]
fn an_approval_waits_a_month_across_a_restart() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("ask", json!({})), json!({}))
            .await;
        let token = world.token().await;
        world.sleep(15 * 86_400).await;
        world.restart();
        world.sleep(15 * 86_400).await;
        let yes = output(json!({ "approved": true }));
        world
            .engine
            .task_succeeded(&token, yes.clone())
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(yes));
        let expected = ["Scheduled", "Started", "Submitted", "Succeeded"];
        assert_eq!(
            world.task_events(&arn),
            expected.map(|name| format!("Task{name}"))
        );
        let told = world.engine.tell(&arn).unwrap().identity.execution_arn;
        assert_eq!(TaskToken::parse(&token).unwrap().execution, told);
    });
}

#[test]
fn a_callback_may_say_that_the_task_failed() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("ask", json!({})), json!({}))
            .await;
        let token = world.token().await;
        let failure = Failure::new("No", "not today");
        world
            .engine
            .task_failed(&token, failure.clone())
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Failed(failure));
    });
}

#[test]
fn a_token_is_good_once() {
    in_virtual_time(async {
        let mut world = World::new();
        let wait = json!({ "Type": "Wait", "Seconds": 9, "End": true });
        let mut machine = waiting("ask", json!({ "Next": "Rest" }));
        machine["States"]["Ask"]
            .as_object_mut()
            .unwrap()
            .remove("End");
        machine["States"]["Rest"] = wait;
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        let engine = world.engine.clone();
        engine
            .task_succeeded(&token, output(json!(1)))
            .await
            .unwrap();
        // Before its execution's end and after it, before a restart and after it.
        for _ in 0..2 {
            let again = engine.task_succeeded(&token, output(json!(2))).await;
            assert!(matches!(again, Err(CallbackError::TimedOut)), "{again:?}");
            let late = engine.task_heartbeat(&token).await;
            assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
            assert_eq!(world.end(&arn).await, End::Succeeded(output(json!(1))));
        }
        world.restart();
        let again = world.engine.task_failed(&token, Failure::default()).await;
        assert!(matches!(again, Err(CallbackError::TimedOut)), "{again:?}");
    });
}

#[test]
fn only_tokens_of_this_place_are_taken() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("ask", json!({})), json!({}))
            .await;
        let token = TaskToken::parse(&world.token().await).unwrap();
        let send = async |token: String| {
            let sent = world.engine.task_succeeded(&token, output(json!(1))).await;
            sent.expect_err("a refusal")
        };
        let forged = TaskToken {
            secret: asl::interpreter::Secret::new([1; 16]),
            ..token.clone()
        };
        let elsewhere = TaskToken {
            execution: "arn:aws:states:us-east-1:123456789012:execution:m:gone".into(),
            ..token.clone()
        };
        let mut closed = token.clone();
        closed.task.scheduled.0 += 1;
        assert!(matches!(send("token".into()).await, CallbackError::Invalid));
        assert!(matches!(
            send(forged.to_string()).await,
            CallbackError::Invalid
        ));
        assert!(matches!(
            send(elsewhere.to_string()).await,
            CallbackError::DoesNotExist
        ));
        assert!(matches!(
            send(closed.to_string()).await,
            CallbackError::TimedOut
        ));
        world
            .engine
            .task_succeeded(&token.to_string(), output(json!(2)))
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!(2))));
    });
}

#[test]
fn silence_beyond_the_heartbeat_times_out() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = waiting(
            "ask",
            json!({ "HeartbeatSeconds": 5, "TimeoutSeconds": 600 }),
        );
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        for _ in 0..20 {
            world.sleep(4).await;
            world.engine.task_heartbeat(&token).await.unwrap();
        }
        assert_eq!(world.task_events(&arn).len(), 3, "still open");
        world.sleep(6).await;
        assert_eq!(failed_with(&world.end(&arn).await), "States.Timeout");
        assert_eq!(world.task_events(&arn).last().unwrap(), "TaskTimedOut");
    });
}

#[test]
fn a_missed_heartbeat_can_be_caught_by_its_name() {
    in_virtual_time(async {
        let mut world = World::new();
        let catch = json!([
            { "ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": "$", "Next": "Caught" },
        ]);
        let mut machine = waiting("ask", json!({ "HeartbeatSeconds": 5, "Catch": catch }));
        machine["States"]["Caught"] = json!({ "Type": "Pass", "End": true });
        let arn = world.start("run", &machine, json!({})).await;
        world.token().await;
        let caught = json!({ "Error": "States.HeartbeatTimeout", "Cause": "" });
        assert_eq!(world.end(&arn).await, End::Succeeded(output(caught)));
    });
}

#[test]
fn a_heartbeat_is_not_missed_while_nobody_could_hear_it() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = waiting(
            "ask",
            json!({ "HeartbeatSeconds": 5, "TimeoutSeconds": 600 }),
        );
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        world.sleep(4).await;
        world.restart();
        world.sleep(4).await;
        world
            .engine
            .task_heartbeat(&token)
            .await
            .expect("five seconds since the restart");
        world.sleep(6).await;
        assert_eq!(failed_with(&world.end(&arn).await), "States.Timeout");
    });
}

#[test]
fn the_deadline_holds_across_a_restart_and_despite_heartbeats() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = waiting(
            "ask",
            json!({ "HeartbeatSeconds": 9, "TimeoutSeconds": 20 }),
        );
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        let before = world.clock.now();
        for _ in 0..3 {
            world.sleep(6).await;
            world.restart();
            world.engine.task_heartbeat(&token).await.unwrap();
        }
        assert_eq!(failed_with(&world.end(&arn).await), "States.Timeout");
        assert_eq!(world.clock.now(), before.plus_seconds(20));
        let late = world.engine.task_succeeded(&token, output(json!(1))).await;
        assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
    });
}

#[test]
fn a_failing_call_fails_the_task_before_any_callback() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("fails", json!({})), json!({}))
            .await;
        let token = world.token().await;
        assert_eq!(failed_with(&world.end(&arn).await), "E.Fails");
        assert_eq!(
            world.task_events(&arn),
            ["TaskScheduled", "TaskStarted", "TaskFailed"]
        );
        let late = world.engine.task_succeeded(&token, output(json!(1))).await;
        assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
    });
}

#[test]
fn a_callback_may_come_before_the_call_has_answered() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("slow", json!({})), json!({}))
            .await;
        let token = world.token().await;
        world
            .engine
            .task_succeeded(&token, output(json!("early")))
            .await
            .unwrap();
        assert_eq!(
            world.end(&arn).await,
            End::Succeeded(output(json!("early")))
        );
        assert_eq!(
            world.task_events(&arn),
            ["TaskScheduled", "TaskStarted", "TaskSucceeded"]
        );
    });
}

#[test]
fn a_working_function_beats_for_its_task() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = waiting(
            "beats",
            json!({ "HeartbeatSeconds": 2, "TimeoutSeconds": 60 }),
        );
        let arn = world.start("run", &machine, json!({})).await;
        world.token().await;
        world.sleep(11).await;
        assert_eq!(world.task_events(&arn).last().unwrap(), "TaskSubmitted");
        assert_eq!(failed_with(&world.end(&arn).await), "States.Timeout");
    });
}

#[test]
fn a_retry_has_a_token_of_its_own() {
    in_virtual_time(async {
        let mut world = World::new();
        let retry = json!([{ "ErrorEquals": ["States.ALL"], "MaxAttempts": 1 }]);
        let machine = waiting("ask", json!({ "Retry": retry }));
        let arn = world.start("run", &machine, json!({})).await;
        let first = world.token().await;
        world
            .engine
            .task_failed(&first, Failure::named("Again"))
            .await
            .unwrap();
        let second = world.token().await;
        assert_ne!(first, second);
        let stale = world.engine.task_succeeded(&first, output(json!(1))).await;
        assert!(matches!(stale, Err(CallbackError::TimedOut)), "{stale:?}");
        world
            .engine
            .task_succeeded(&second, output(json!(2)))
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!(2))));
    });
}

#[test]
fn each_iteration_has_a_token_and_an_abort_closes_them() {
    in_virtual_time(async {
        let mut world = World::new();
        let map = json!({
            "StartAt": "Each",
            "States": { "Each": {
                "Type": "Map",
                "ItemProcessor": waiting("ask", json!({})),
                "End": true,
            } },
        });
        let arn = world.start("run", &map, json!([1, 2])).await;
        let tokens = [world.token().await, world.token().await];
        for (place, token) in tokens.iter().enumerate().rev() {
            world
                .engine
                .task_succeeded(token, output(json!(place)))
                .await
                .unwrap();
        }
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!([0, 1]))));

        let arn = world.start("failing", &map, json!([1, 2])).await;
        let tokens = [world.token().await, world.token().await];
        world
            .engine
            .task_failed(&tokens[0], Failure::named("No"))
            .await
            .unwrap();
        assert_eq!(failed_with(&world.end(&arn).await), "No");
        let late = world
            .engine
            .task_succeeded(&tokens[1], output(json!(1)))
            .await;
        assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
    });
}

#[test]
fn a_stopped_execution_takes_no_callback() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = world
            .start("run", &waiting("ask", json!({})), json!({}))
            .await;
        let token = world.token().await;
        world.engine.stop(&arn, Failure::default()).await.unwrap();
        let late = world.engine.task_heartbeat(&token).await;
        assert!(matches!(late, Err(CallbackError::TimedOut)), "{late:?}");
    });
}

#[test]
fn jsonata_reads_the_token_too() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = json!({
            "QueryLanguage": "JSONata",
            "StartAt": "Ask",
            "States": { "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Arguments": {
                    "FunctionName": "ask",
                    "Payload": { "token": "{% $states.context.Task.Token %}" },
                },
                "Output": "{% $states.context.Task.Token %}",
                "End": true,
            } },
        });
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        world
            .engine
            .task_succeeded(&token, output(json!(1)))
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(output(json!(token))));
    });
}
