//! Approvals: found where they are, answered by token or by execution.

use serde_json::Value;

use super::Place;
use super::following::Following;

fn asked(place: &Place, name: &str) -> Following {
    place.check("task deploy echo FILE/echo.wasm", 0, &[], &[]);
    place.check(
        "machine create approval FILE/approval.asl.json",
        0,
        &[],
        &[],
    );
    place.check(
        &format!("execution start approval --name {name}"),
        0,
        &[],
        &[],
    );
    let following = Following::start(place, &format!("execution watch {name}"));
    following.line("TaskSubmitted");
    following
}

#[test]
fn what_waits_is_listed_and_approved() {
    let place = Place::server();
    let first = asked(&place, "first");
    let second = asked(&place, "second");
    let listed = ["Ask", "approval:first", "approval:second", "SINCE"];
    place.check("approval list", 0, &listed, &[]);
    let described = ["RUNNING", "Ask (Task) since", "waits for its task token"];
    place.check("execution describe first", 0, &described, &[]);
    let approve = "approval approve first --output {\"by\":\"kim\"}";
    place.check(approve, 0, &[], &["approval:first is approved"]);
    assert_eq!(first.end(), (Some(0), "{\"by\":\"kim\"}\n".to_owned()));
    place.check(approve, 2, &[], &["no Task of approval:first waits"]);
    let listed: Value = serde_json::from_str(&place.told("approval list --json")).unwrap();
    let token = listed["approvals"][0]["taskToken"].as_str().unwrap();
    let reject = format!("approval reject {token} --error Declined --cause dear");
    place.check(&reject, 0, &[], &["approval:second is rejected"]);
    assert_eq!(second.end(), (Some(1), String::new()));
    place.check("execution describe second", 0, &["Declined", "dear"], &[]);
    place.check(&reject, 2, &[], &["TaskTimedOut: Task Timed Out"]);
    place.check(
        "approval approve nonsense",
        2,
        &[],
        &["no execution is named nonsense (1 state machine looked through)"],
    );
    place.check("approval list", 0, &["STATE"], &[]);
}

#[test]
fn an_approval_of_a_directory_is_written_down() {
    let place = Place::directory();
    place.check("task deploy echo FILE/echo.wasm", 0, &[], &[]);
    place.check(
        "machine create approval FILE/approval.asl.json",
        0,
        &[],
        &[],
    );
    place.check("execution start approval --name one", 0, &[], &[]);
    place.check("approval list", 0, &["approval:one"], &[]);
    place.check("approval approve one --output 7", 0, &[], &["is approved"]);
    place.check("execution watch one --quiet", 0, &["7\n"], &[]);
}
