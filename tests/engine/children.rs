//! Child executions: started once, waited for without polling, stopped with their parents.

use asl::arn::{ExecutionArn, Place};
use asl::interpreter::End;
use asl::{Failure, Payload};
use serde_json::{Value, json};

use crate::world::{World, in_virtual_time};

/// A machine of one Task that starts `machine`, in this pattern.
fn starting(machine: &str, pattern: &str, parameters: Value) -> Value {
    let mut all = json!({ "StateMachineArn": machine });
    for (name, value) in parameters.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    json!({
        "StartAt": "Start",
        "States": { "Start": {
            "Type": "Task",
            "Resource": format!("arn:aws:states:::states:startExecution{pattern}"),
            "Parameters": all,
            "End": true,
        } },
    })
}

fn wait(seconds: u64) -> Value {
    json!({
        "StartAt": "Rest",
        "States": { "Rest": { "Type": "Wait", "Seconds": seconds, "End": true } },
    })
}

fn fail() -> Value {
    json!({
        "StartAt": "No",
        "States": { "No": { "Type": "Fail", "Error": "E.No", "Cause": "never" } },
    })
}

fn child(name: &str) -> ExecutionArn {
    Place::default().execution("child", name)
}

fn output(end: End) -> Value {
    match end {
        End::Succeeded(output) => output.value().clone(),
        other => panic!("it did not succeed: {other:?}"),
    }
}

fn failure(end: End) -> Failure {
    match end {
        End::Failed(failure) => failure,
        other => panic!("it did not fail: {other:?}"),
    }
}

#[test]
fn a_parent_waits_for_its_child_across_restarts() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = world.has_machine("child", wait(60));
        for (name, pattern, input) in [
            ("text", ".sync", json!("{\"a\":1}")),
            ("value", ".sync:2", json!({ "a": 1 })),
        ] {
            let given = json!({ "Name": name, "Input": { "a": 1 } });
            let parent = starting(&machine, pattern, given);
            let arn = world.start(name, &parent, json!({})).await;
            world.sleep(20).await;
            world.restart();
            world.sleep(20).await;
            world.restart();
            let told = output(world.end(&arn).await);
            assert_eq!(told["Status"], "SUCCEEDED");
            assert_eq!(told["ExecutionArn"], child(name).as_str());
            assert_eq!((&told["Input"], &told["Output"]), (&input, &input));
            let expected = ["Scheduled", "Started", "Submitted", "Succeeded"];
            assert_eq!(
                world.task_events(&arn),
                expected.map(|name| format!("Task{name}"))
            );
        }
    });
}

#[test]
fn a_child_that_ended_while_its_parent_was_away_is_noticed() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = world.has_machine("child", wait(0));
        let parent = starting(&machine, ".sync:2", json!({ "Name": "quick" }));
        let arn = world.start("run", &parent, json!({})).await;
        // The parent's process ends at once; the child's end is then all that is left.
        world.restart();
        assert_eq!(output(world.end(&arn).await)["Status"], "SUCCEEDED");
    });
}

#[test]
fn a_failed_child_fails_its_task() {
    in_virtual_time(async {
        let world = World::new();
        let machine = world.has_machine("child", fail());
        let parent = starting(&machine, ".sync", json!({ "Name": "no" }));
        let arn = world.start("run", &parent, json!({})).await;
        let failure = failure(world.end(&arn).await);
        assert_eq!(failure.error_name(), "States.TaskFailed");
        let cause: Value = serde_json::from_str(&failure.cause.unwrap()).unwrap();
        assert_eq!(cause["Status"], "FAILED");
        assert_eq!(
            (&cause["Error"], &cause["Cause"]),
            (&json!("E.No"), &json!("never"))
        );
    });
}

#[test]
fn a_start_that_is_refused_fails_by_name() {
    in_virtual_time(async {
        let world = World::new();
        let gone = starting(
            "arn:aws:states:us-east-1:123456789012:stateMachine:gone",
            "",
            json!({}),
        );
        let arn = world.start("gone", &gone, json!({})).await;
        let refused = failure(world.end(&arn).await);
        assert_eq!(
            refused.error_name(),
            "StepFunctions.StateMachineDoesNotExistException"
        );

        let machine = world.has_machine("child", wait(0));
        let parent = starting(&machine, ".sync", json!({ "Name": "once" }));
        let first = world.start("first", &parent, json!({})).await;
        output(world.end(&first).await);
        let second = world.start("second", &parent, json!({})).await;
        let refused = failure(world.end(&second).await);
        assert_eq!(
            refused.error_name(),
            "StepFunctions.ExecutionAlreadyExistsException"
        );
        let cause = refused.cause.unwrap();
        let begins = format!("Execution Already Exists: '{}' (Service: ", child("once"));
        assert!(cause.starts_with(&begins), "{cause}");
    });
}

#[test]
fn a_start_that_is_not_waited_for_answers_at_once() {
    in_virtual_time(async {
        let world = World::new();
        let machine = world.has_machine("child", wait(60));
        let parent = starting(&machine, "", json!({ "Name": "loose" }));
        let arn = world.start("run", &parent, json!({})).await;
        let before = world.clock.now();
        let told = output(world.end(&arn).await);
        assert_eq!(told["ExecutionArn"], child("loose").as_str());
        assert_eq!(world.clock.now(), before);
        assert_eq!(
            world.end(&child("loose")).await,
            End::Succeeded(Payload::from_value(json!({})))
        );
    });
}

#[test]
fn a_child_is_stopped_with_its_parent() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = world.has_machine("child", wait(3_600));
        let stopped = world
            .start(
                "stopped",
                &starting(&machine, ".sync", json!({ "Name": "a" })),
                json!({}),
            )
            .await;
        let mut limited = starting(&machine, ".sync:2", json!({ "Name": "b" }));
        limited["States"]["Start"]["TimeoutSeconds"] = json!(5);
        let limited = world.start("limited", &limited, json!({})).await;
        world.sleep(1).await;
        world.restart();
        world
            .engine
            .stop(&stopped, Failure::default())
            .await
            .unwrap();
        let cause = |parent: &ExecutionArn| {
            format!(
                "The Task state in AWS Step Functions execution [{parent}] which was managing \
                 this resource was aborted"
            )
        };
        for (parent, name) in [(&stopped, "a"), (&limited, "b")] {
            let aborted = Failure {
                error: None,
                cause: Some(cause(parent)),
            };
            assert_eq!(world.end(&child(name)).await, End::Aborted(aborted));
        }
        assert_eq!(
            failure(world.end(&limited).await).error_name(),
            "States.Timeout"
        );
    });
}

#[test]
fn a_child_may_call_its_parent_back() {
    in_virtual_time(async {
        let mut world = World::new();
        let asking = json!({
            "StartAt": "Tell",
            "States": { "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": { "FunctionName": "ask", "Payload.$": "$" },
                "End": true,
            } },
        });
        let machine = world.has_machine("child", asking);
        let parent = starting(
            &machine,
            ".waitForTaskToken",
            json!({ "Input": { "token.$": "$$.Task.Token" } }),
        );
        let arn = world.start("run", &parent, json!({})).await;
        let token = world.token().await;
        world.sleep(60).await;
        let said = Payload::from_value(json!("yes"));
        world
            .engine
            .task_succeeded(&token, said.clone())
            .await
            .unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(said));
    });
}

/// A Task that takes on a role knows the state machines of the role's account alone.
#[test]
fn credentials_name_the_account_of_what_is_started() {
    in_virtual_time(async {
        let world = World::new();
        let machine = world.has_machine("child", wait(0));
        let named = |account: &str| json!({ "RoleArn": account });
        let at_home = format!("arn:aws:iam::{}:role/r", Place::default().account_id);
        for (place, role, error) in [
            (0, at_home.as_str(), None),
            (
                1,
                "arn:aws:iam::000000000002:role/r",
                Some("StepFunctions.StateMachineDoesNotExistException"),
            ),
            (2, "arn:aws:iam::2:role/r", Some("States.Runtime")),
        ] {
            let mut parent = starting(&machine, ".sync:2", json!({}));
            parent["States"]["Start"]["Credentials"] = named(role);
            let arn = world
                .start(&format!("run-{place}"), &parent, json!({}))
                .await;
            match (world.end(&arn).await, error) {
                (End::Succeeded(_), None) => {}
                (End::Failed(failure), Some(error)) => assert_eq!(failure.error_name(), error),
                other => panic!("{role}: {other:?}"),
            }
        }
    });
}
