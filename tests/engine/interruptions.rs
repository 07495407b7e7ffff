//! Attempts that a crash cuts off: those of pure modules are repeated, all others fail by a
//! name that Retriers and Catchers match.

use asl::interpreter::End;
use serde_json::{Value, json};

use crate::world::{World, in_virtual_time};

/// A machine of one Task.
fn task(function: &str, fields: Value) -> Value {
    let mut task = json!({ "Type": "Task", "Resource": format!("wasm:{function}"), "End": true });
    for (field, value) in fields.as_object().into_iter().flatten() {
        task[field] = value.clone();
    }
    let rest = json!({ "Type": "Pass", "Result": "caught", "End": true });
    json!({ "StartAt": "Work", "States": { "Work": task, "Rest": rest } })
}

/// Starts it, and lets the process end in the middle of its first attempt.
async fn cut_off(world: &mut World, machine: &Value) -> asl::arn::ExecutionArn {
    let arn = world.start("run", machine, json!(7)).await;
    assert_eq!(world.call().await, json!(7));
    world.restart();
    arn
}

#[test]
fn an_attempt_of_a_pure_module_is_repeated() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = cut_off(&mut world, &task("slow", json!({}))).await;
        assert_eq!(world.end(&arn).await, End::Succeeded(json!("slow").into()));
        assert_eq!(world.call().await, json!(7));
    });
}

#[test]
fn an_attempt_of_any_other_is_not_and_fails_by_name() {
    in_virtual_time(async {
        let mut world = World::new();
        let arn = cut_off(&mut world, &task("granted-never", json!({}))).await;
        let End::Failed(failure) = world.end(&arn).await else {
            panic!("it did not fail");
        };
        assert_eq!(failure.error_name(), "Stepwell.TaskInterrupted");
        assert!(failure.cause.unwrap().contains("--on-interruption retry"));
        assert!(world.is_quiet());
        let expected = ["Scheduled", "Started", "Failed"];
        assert_eq!(
            world.task_events(&arn),
            expected.map(|name| format!("LambdaFunction{name}"))
        );
    });
}

#[test]
fn a_retrier_and_a_catcher_match_it() {
    in_virtual_time(async {
        let names = json!(["Stepwell.TaskInterrupted"]);
        let mut world = World::new();
        let retry = json!({ "Retry": [{ "ErrorEquals": names, "MaxAttempts": 1 }] });
        let arn = cut_off(&mut world, &task("granted-never", retry)).await;
        // The second attempt is another, and is cut off as well.
        assert_eq!(world.call().await, json!(7));
        world.restart();
        assert!(matches!(world.end(&arn).await, End::Failed(_)));

        let mut world = World::new();
        let catch = json!({ "Catch": [{ "ErrorEquals": names, "Next": "Rest" }] });
        let arn = cut_off(&mut world, &task("granted-never", catch)).await;
        assert_eq!(
            world.end(&arn).await,
            End::Succeeded(json!("caught").into())
        );
    });
}

#[test]
fn one_that_waits_for_a_token_after_its_work_goes_on_waiting() {
    in_virtual_time(async {
        let mut world = World::new();
        let machine = json!({ "StartAt": "Ask", "States": { "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": "granted-ask",
                "Payload": { "token.$": "$$.Task.Token" },
            },
            "End": true,
        } } });
        let arn = world.start("run", &machine, json!({})).await;
        let token = world.token().await;
        world.sleep(60).await;
        world.restart();
        let yes = json!({ "approved": true });
        let told = world.engine.task_succeeded(&token, yes.clone().into());
        told.await.unwrap();
        assert_eq!(world.end(&arn).await, End::Succeeded(yes.into()));
    });
}
