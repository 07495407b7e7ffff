//! Invoke.

use std::sync::Arc;

use asl::arn::Place;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::{Clock, FunctionName, Modules};
use serde_json::{Map, Value, json};

use super::{ARN, Account};

fn parameters(fields: Value) -> Map<String, Value> {
    match fields {
        Value::Object(fields) => fields,
        _ => panic!("fields"),
    }
}

#[tokio::test]
async fn the_payload_goes_in_and_comes_out() {
    let account = Account::with_f().await;
    let f = parameters(json!({ "FunctionName": "f" }));
    let told = account.raw("Invoke", f.clone(), br#"{"id": 7}"#).await;
    assert_eq!(told.status, 200);
    assert_eq!(told.body["given"], json!({ "id": 7 }));
    assert_eq!(told.header("X-Amz-Executed-Version"), Some("$LATEST"));
    assert_eq!(told.header("X-Amz-Function-Error"), None);
    assert_eq!(told.header("X-Amz-Log-Result"), None);
    // Nothing is an empty object.
    assert_eq!(account.raw("Invoke", f, b"").await.body["given"], json!({}));
}

#[tokio::test]
async fn a_version_runs_with_its_own_limits() {
    let account = Account::with_f().await;
    account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    let change = json!({ "FunctionName": "f", "MemorySize": 512 });
    account.done("UpdateFunctionConfiguration", change).await;
    for (qualifier, memory) in [("1", 128), ("$LATEST", 512)] {
        let request = json!({ "FunctionName": "f", "Qualifier": qualifier });
        let told = account.call("Invoke", request).await;
        assert_eq!(told.body["memory"], memory);
        assert_eq!(told.header("X-Amz-Executed-Version"), Some(qualifier));
    }
}

#[tokio::test]
async fn a_failure_is_the_functions_not_the_calls() {
    let account = Account::new();
    account.create("f", "fails").await;
    account.create("s", "slow").await;
    let told = account.call("Invoke", json!({ "FunctionName": "f" })).await;
    assert_eq!(
        (told.status, told.header("X-Amz-Function-Error")),
        (200, Some("Unhandled"))
    );
    assert_eq!(told.body["errorType"], "CardDeclined");
    assert_eq!(told.body["errorMessage"], "no money");
    let told = account.call("Invoke", json!({ "FunctionName": "s" })).await;
    assert_eq!(told.body["errorType"], "Sandbox.Timedout");
    let message = told.body["errorMessage"].as_str().unwrap();
    assert!(
        message.ends_with("Error: Task timed out after 3.00 seconds"),
        "{message}"
    );
}

#[tokio::test]
async fn a_host_that_breaks_is_a_service_that_fails() {
    let account = Account::new();
    account.create("f", "breaks").await;
    let (status, name, message) = account
        .refused("Invoke", json!({ "FunctionName": "f" }))
        .await;
    assert_eq!((status, &*name), (500, "ServiceException"));
    assert!(!message.contains("secret"));
}

#[tokio::test]
async fn the_end_of_the_log_is_there_for_who_asks() {
    let account = Account::with_f().await;
    let request = json!({ "FunctionName": "f", "LogType": "Tail" });
    let told = account.call("Invoke", request).await;
    let log = STANDARD
        .decode(told.header("X-Amz-Log-Result").unwrap())
        .unwrap();
    let log = String::from_utf8(log).unwrap();
    let lines: Vec<&str> = log.lines().collect();
    assert!(lines[0].starts_with("START RequestId: ") && lines[0].ends_with("Version: $LATEST"));
    assert_eq!(lines[1], "hello");
    assert!(lines[2].starts_with("END RequestId: "));
    assert!(
        lines[3].contains("Memory Size: 128 MB\tMax Memory Used: 1 MB\tFuel: 7"),
        "{log}"
    );
}

#[tokio::test]
async fn payloads_are_json_and_bounded() {
    let account = Account::with_f().await;
    let f = parameters(json!({ "FunctionName": "f" }));
    for body in [&b"{"[..], b"\xff", b"not json"] {
        let told = account.raw("Invoke", f.clone(), body).await;
        let (name, message) = told.refusal();
        assert_eq!((told.status, name), (400, "InvalidRequestContentException"));
        assert!(
            message.starts_with("Could not parse request body into json: "),
            "{message}"
        );
    }
    let event = parameters(json!({ "FunctionName": "f", "InvocationType": "Event" }));
    for (parameters, bytes, words) in [
        (
            f,
            6_291_457,
            "6291457 byte payload is too large for the RequestResponse",
        ),
        (
            event,
            1_048_577,
            "1048577 byte payload is too large for the Event",
        ),
    ] {
        let told = account.raw("Invoke", parameters, &vec![b' '; bytes]).await;
        assert_eq!(told.status, 413);
        assert!(told.refusal().1.starts_with(words), "{told:?}");
    }
}

#[tokio::test]
async fn a_dry_run_runs_nothing() {
    let account = Account::new();
    account.create("f", "breaks").await;
    let request = json!({ "FunctionName": "f", "InvocationType": "DryRun" });
    assert_eq!(account.call("Invoke", request).await.status, 204);
}

#[tokio::test]
async fn an_event_that_fails_is_tried_twice_more() {
    let account = Account::new();
    account.create("f", "fails").await;
    account.create("g", "one").await;
    for (name, seconds) in [("g", 0), ("f", 180)] {
        let request = json!({ "FunctionName": name, "InvocationType": "Event" });
        assert_eq!(account.call("Invoke", request).await.status, 202);
        // The clock moves as often as the event waits; then its place is free again.
        let places = &account.lambda.invocations;
        while places.events_free() < places.events_max() {
            tokio::task::yield_now().await;
        }
        assert_eq!(account.clock.now().0, seconds * 1_000, "{name}");
    }
}

#[tokio::test]
async fn who_comes_when_all_places_are_taken_is_told_to_wait() {
    let account = Account::with_f().await;
    let places = &account.lambda.invocations;
    let taken: Vec<_> = (0..places.events_max())
        .map(|_| places.event().unwrap())
        .collect();
    let request = json!({ "FunctionName": "f", "InvocationType": "Event" });
    let told = account.call("Invoke", request.clone()).await;
    assert_eq!(
        (told.status, told.refusal().0),
        (429, "TooManyRequestsException")
    );
    assert_eq!(told.body["Reason"], "ConcurrentInvocationLimitExceeded");
    drop(taken);
    assert_eq!(account.call("Invoke", request).await.status, 202);
}

#[tokio::test]
async fn tasks_find_what_was_deployed() {
    let account = Account::with_f().await;
    account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    let functions = Arc::clone(&account.functions);
    let found = |written: &str| {
        let name = FunctionName::read(written, &Place::default());
        functions.find(&name, 0).map(|(_, version)| version).ok()
    };
    assert_eq!(found("wasm:f").as_deref(), Some("$LATEST"));
    assert_eq!(found(&format!("{ARN}:1")).as_deref(), Some("1"));
    assert_eq!(found("f:2"), None);
    assert_eq!(found("g"), None);
    assert_eq!(found(&ARN.replace("us-east-1", "eu-west-1")), None);
}
