//! For each operation a request that is right, in a world that has what it asks for: what the
//! wrong requests are made from.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::api::stand::Stand;

/// A state machine that ends at once, and one that waits.
const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
const WAIT: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 9999999, "End": true}}}"#;

const ROLE: &str = "arn:aws:iam::111111111111:role/role";

/// An ARN of the world below.
pub(crate) fn arn(resource: &str) -> String {
    format!("arn:aws:states:us-east-1:111111111111:{resource}")
}

/// A world with a state machine `orders`, its versions 1 and 2, its alias `live`, an execution
/// that has ended and one that waits; an Express one, `quick`; and an activity.
pub(crate) async fn world() -> Stand {
    let stand = Stand::new(Default::default());
    let machine = arn("stateMachine:orders");
    let made = [
        (
            "CreateStateMachine",
            json!({ "name": "orders", "definition": PASS, "roleArn": ROLE, "publish": true }),
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "ended" }),
        ),
        (
            "UpdateStateMachine",
            json!({ "stateMachineArn": machine, "definition": WAIT, "publish": true }),
        ),
        (
            "StartExecution",
            json!({ "stateMachineArn": machine, "name": "waits" }),
        ),
        (
            "CreateStateMachineAlias",
            json!({ "name": "live", "routingConfiguration": routes() }),
        ),
        (
            "CreateStateMachine",
            json!({ "name": "quick", "definition": PASS, "roleArn": ROLE, "type": "EXPRESS" }),
        ),
        ("CreateActivity", json!({ "name": "approval" })),
        (
            "TagResource",
            json!({ "resourceArn": machine, "tags": [{ "key": "team", "value": "a" }] }),
        ),
    ];
    for (operation, parameters) in made {
        let answer = stand.call(operation, &parameters).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.body);
    }
    stand
}

fn routes() -> Value {
    json!([{ "stateMachineVersionArn": arn("stateMachine:orders:1"), "weight": 100 }])
}

/// A request with every field that the operation takes, most of them right together: see
/// `requests.json`.
///
/// # Panics
/// When an operation is new: it wants a request there.
pub(super) fn request(operation: &str) -> Value {
    static REQUESTS: LazyLock<Value> = LazyLock::new(|| {
        serde_json::from_str(include_str!("requests.json")).expect("requests are JSON")
    });
    let request = REQUESTS.get(operation);
    request
        .unwrap_or_else(|| panic!("{operation} has no request to begin with"))
        .clone()
}

/// Whether the request above is granted: it is not where only a run of Tasks could make what
/// it names.
pub(super) fn is_granted(operation: &str) -> bool {
    let refused = [
        "DescribeMapRun",
        "RedriveExecution",
        "SendTaskFailure",
        "SendTaskHeartbeat",
        "SendTaskSuccess",
        "UpdateMapRun",
    ];
    !refused.contains(&operation)
}
