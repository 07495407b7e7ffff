//! For each operation a request that is right, in a world that has what it asks for: what the
//! wrong requests are made from.

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

/// A request with every field that the operation takes, most of them right together.
///
/// # Panics
/// When an operation is new: it wants a request here.
pub(super) fn request(operation: &str) -> Value {
    let machine = arn("stateMachine:orders");
    let execution = arn("execution:orders:waits");
    let settings = json!({
        "name": "new",
        "definition": PASS,
        "roleArn": ROLE,
        "type": "STANDARD",
        "loggingConfiguration": {
            "level": "ALL",
            "includeExecutionData": true,
            "destinations": [{ "cloudWatchLogsLogGroup": {
                "logGroupArn": "arn:aws:logs:us-east-1:111111111111:log-group:group:*",
            } }],
        },
        "tags": [{ "key": "k", "value": "v" }],
        "tracingConfiguration": { "enabled": true },
        "publish": true,
        "versionDescription": "first",
        "encryptionConfiguration": { "type": "AWS_OWNED_KEY" },
    });
    let without = |fields: &[&str]| {
        let mut settings = settings.clone();
        settings
            .as_object_mut()
            .expect("an object")
            .retain(|field, _| !fields.contains(&field.as_str()));
        settings
    };
    match operation {
        "CreateActivity" => json!({ "name": "new", "tags": [{ "key": "k", "value": "v" }],
            "encryptionConfiguration": { "type": "AWS_OWNED_KEY" } }),
        "CreateStateMachine" => settings,
        "CreateStateMachineAlias" => json!({ "name": "new", "description": "d",
            "routingConfiguration": routes() }),
        "DeleteActivity" | "DescribeActivity" => json!({ "activityArn": arn("activity:approval") }),
        "DeleteStateMachine" => json!({ "stateMachineArn": machine }),
        "DeleteStateMachineAlias" | "DescribeStateMachineAlias" => {
            json!({ "stateMachineAliasArn": arn("stateMachine:orders:live") })
        }
        "DeleteStateMachineVersion" => {
            json!({ "stateMachineVersionArn": arn("stateMachine:orders:2") })
        }
        "DescribeExecution" | "DescribeStateMachineForExecution" => {
            json!({ "executionArn": execution, "includedData": "ALL_DATA" })
        }
        "DescribeMapRun" => json!({ "mapRunArn": arn("mapRun:orders/a:b") }),
        "DescribeStateMachine" => json!({ "stateMachineArn": machine,
            "includedData": "ALL_DATA" }),
        "GetActivityTask" => json!({ "activityArn": arn("activity:approval"),
            "workerName": "worker" }),
        "GetExecutionHistory" => json!({ "executionArn": execution, "maxResults": 1,
            "reverseOrder": true, "includeExecutionData": false }),
        "ListActivities" | "ListStateMachines" => json!({ "maxResults": 1 }),
        "ListExecutions" => json!({ "stateMachineArn": machine, "statusFilter": "RUNNING",
            "maxResults": 1, "redriveFilter": "NOT_REDRIVEN" }),
        "ListMapRuns" => json!({ "executionArn": execution, "maxResults": 1 }),
        "ListStateMachineAliases" | "ListStateMachineVersions" => {
            json!({ "stateMachineArn": machine, "maxResults": 1 })
        }
        "ListTagsForResource" => json!({ "resourceArn": machine }),
        "PublishStateMachineVersion" => json!({ "stateMachineArn": machine, "description": "d" }),
        "RedriveExecution" => json!({ "executionArn": execution, "clientToken": "t" }),
        "SendTaskFailure" => json!({ "taskToken": "t", "error": "E", "cause": "c" }),
        "SendTaskHeartbeat" => json!({ "taskToken": "t" }),
        "SendTaskSuccess" => json!({ "taskToken": "t", "output": "{}" }),
        "StartExecution" => json!({ "stateMachineArn": machine, "name": "new", "input": "{}",
            "traceHeader": "Root=1-5e1b4151-5ac6c58f5ac6c58f5ac6c58f" }),
        "StartSyncExecution" => json!({ "stateMachineArn": arn("stateMachine:quick"),
            "name": "new", "input": "{}", "traceHeader": "Root=1", "includedData": "ALL_DATA" }),
        "StopExecution" => json!({ "executionArn": execution, "error": "E", "cause": "c" }),
        "TagResource" => json!({ "resourceArn": machine,
            "tags": [{ "key": "k", "value": "v" }] }),
        "TestState" => json!({
            "definition": r#"{"Type": "Pass", "End": true}"#,
            "roleArn": ROLE, "input": "{}", "inspectionLevel": "DEBUG" }),
        "UntagResource" => json!({ "resourceArn": machine, "tagKeys": ["team"] }),
        "UpdateMapRun" => json!({ "mapRunArn": arn("mapRun:orders/a:b"), "maxConcurrency": 1 }),
        "UpdateStateMachine" => {
            let mut update = without(&["name", "type", "tags"]);
            update["stateMachineArn"] = machine.into();
            update
        }
        "UpdateStateMachineAlias" => json!({ "description": "other",
            "stateMachineAliasArn": arn("stateMachine:orders:live"),
            "routingConfiguration": routes() }),
        "ValidateStateMachineDefinition" => json!({ "definition": PASS, "type": "STANDARD",
            "severity": "WARNING", "maxResults": 1 }),
        other => panic!("{other} has no request to begin with"),
    }
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
