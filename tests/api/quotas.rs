//! Quotas, where the server has them: how much there may be, and how often one may ask.

use api::Quotas;
use serde_json::{Value, json};

use super::model::baseline::arn;
use super::stand::{Stand, in_virtual_time};

const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
const WAIT: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;

const TWO: Quotas = Quotas {
    state_machines: 2,
    activities: 2,
    open_executions: 2,
    versions: 2,
    aliases: 2,
    throttles: false,
};

fn machine(name: &str, definition: &str) -> Value {
    let role = "arn:aws:iam::111111111111:role/role";
    json!({ "name": name, "definition": definition, "roleArn": role })
}

/// Expects a call to be granted (`None`), or refused with this exception.
async fn expect(stand: &Stand, operation: &str, parameters: Value, refusal: Option<&str>) {
    let answer = stand.call(operation, &parameters).await;
    let told = answer.body["__type"].as_str();
    assert_eq!(told, refusal, "{operation} {parameters}: {}", answer.body);
}

#[test]
fn there_may_be_so_many_and_no_more() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default()).with_quotas(TWO);
        for name in ["a", "b"] {
            expect(&stand, "CreateStateMachine", machine(name, PASS), None).await;
            expect(&stand, "CreateActivity", json!({ "name": name }), None).await;
        }
        let limit = Some("StateMachineLimitExceeded");
        expect(&stand, "CreateStateMachine", machine("c", PASS), limit).await;
        expect(&stand, "CreateStateMachine", machine("a", PASS), None).await;
        let limit = Some("ActivityLimitExceeded");
        expect(&stand, "CreateActivity", json!({ "name": "c" }), limit).await;
        let gone = json!({ "stateMachineArn": arn("stateMachine:a") });
        expect(&stand, "DeleteStateMachine", gone, None).await;
        let gone = json!({ "activityArn": arn("activity:a") });
        expect(&stand, "DeleteActivity", gone, None).await;
        expect(&stand, "CreateStateMachine", machine("c", PASS), None).await;
        expect(&stand, "CreateActivity", json!({ "name": "c" }), None).await;
    });
}

#[test]
fn a_state_machine_has_so_many_versions_and_aliases() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default()).with_quotas(TWO);
        expect(&stand, "CreateStateMachine", machine("a", PASS), None).await;
        let publish = json!({ "stateMachineArn": arn("stateMachine:a") });
        let update = |comment: &str, publish: bool| {
            let definition = PASS.replacen('{', &format!("{{\"Comment\": \"{comment}\", "), 1);
            json!({ "stateMachineArn": arn("stateMachine:a"), "definition": definition,
                "publish": publish })
        };
        expect(&stand, "PublishStateMachineVersion", publish.clone(), None).await;
        expect(&stand, "UpdateStateMachine", update("b", true), None).await;
        // What is published already takes no room.
        expect(&stand, "PublishStateMachineVersion", publish.clone(), None).await;
        let limit = Some("ServiceQuotaExceededException");
        expect(&stand, "UpdateStateMachine", update("c", true), limit).await;
        expect(&stand, "UpdateStateMachine", update("c", false), None).await;
        expect(&stand, "PublishStateMachineVersion", publish, limit).await;
        let alias = |name: &str| {
            json!({ "name": name, "routingConfiguration": [
                { "stateMachineVersionArn": arn("stateMachine:a:1"), "weight": 100 }] })
        };
        for (name, limit) in [("x", None), ("y", None), ("x", None), ("z", limit)] {
            expect(&stand, "CreateStateMachineAlias", alias(name), limit).await;
        }
    });
}

#[test]
fn so_many_executions_run_at_once() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default()).with_quotas(TWO);
        expect(&stand, "CreateStateMachine", machine("a", WAIT), None).await;
        let start = json!({ "stateMachineArn": arn("stateMachine:a") });
        expect(&stand, "StartExecution", start.clone(), None).await;
        expect(&stand, "StartExecution", start.clone(), None).await;
        let limit = Some("ExecutionLimitExceeded");
        expect(&stand, "StartExecution", start.clone(), limit).await;
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        expect(&stand, "StartExecution", start, None).await;
    });
}

#[test]
fn requests_are_throttled_as_aws_does() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default()).with_quotas(Quotas::AWS);
        for _ in 0..100 {
            expect(&stand, "ListStateMachines", json!({}), None).await;
        }
        let throttled = Some("ThrottlingException");
        expect(&stand, "ListStateMachines", json!({}), throttled).await;
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        for _ in 0..5 {
            expect(&stand, "ListStateMachines", json!({}), None).await;
        }
        expect(&stand, "ListStateMachines", json!({}), throttled).await;
    });
}
