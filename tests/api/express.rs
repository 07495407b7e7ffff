//! Express executions: answered when they have ended, or started and left to themselves.

use serde_json::{Value, json};

use super::model::baseline::arn;
use super::stand::{Stand, in_virtual_time};

/// A stand with an Express state machine `quick` of these states, begun at `A`.
async fn stand(states: Value) -> Stand {
    let stand = Stand::new([("fails".to_owned(), "raise_exception".to_owned())].into());
    let definition = json!({ "StartAt": "A", "States": states });
    let machine = json!({
        "name": "quick",
        "type": "EXPRESS",
        "definition": definition.to_string(),
        "roleArn": "arn:aws:iam::111111111111:role/role",
    });
    let answer = stand.call("CreateStateMachine", &machine).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    stand
}

async fn run(states: Value, more: Value) -> Value {
    let stand = stand(states).await;
    let mut start = json!({ "stateMachineArn": arn("stateMachine:quick"), "input": "{\"a\": 1}" });
    for (field, value) in more.as_object().into_iter().flatten() {
        start[field] = value.clone();
    }
    let answer = stand.call("StartSyncExecution", &start).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// The fields of an answer, without those of who and when.
fn told(answer: &Value, fields: &[&str]) -> Value {
    fields
        .iter()
        .map(|field| ((*field).to_owned(), answer[*field].clone()))
        .collect()
}

#[test]
fn a_failure_is_an_answer() {
    in_virtual_time(async {
        let fail = json!({ "A": { "Type": "Fail", "Error": "E", "Cause": "why" } });
        let answer = run(fail, json!({ "name": "n", "traceHeader": "Root=1" })).await;
        assert_eq!(
            told(
                &answer,
                &[
                    "status",
                    "error",
                    "cause",
                    "output",
                    "input",
                    "name",
                    "traceHeader"
                ]
            ),
            json!({ "status": "FAILED", "error": "E", "cause": "why", "output": null,
                "input": "{\"a\": 1}", "name": "n", "traceHeader": "Root=1" })
        );
    });
}

#[test]
fn five_minutes_are_the_longest() {
    in_virtual_time(async {
        for (seconds, status, billed) in [(299, "SUCCEEDED", 299_000), (301, "TIMED_OUT", 300_000)]
        {
            let wait = json!({ "A": { "Type": "Wait", "Seconds": seconds, "End": true } });
            let answer = run(wait, json!({})).await;
            assert_eq!(answer["status"], status);
            let details = &answer["billingDetails"];
            assert_eq!(details["billedDurationInMilliseconds"], billed);
            let took = answer["stopDate"].as_f64().unwrap() - answer["startDate"].as_f64().unwrap();
            assert_eq!(took * 1000.0, f64::from(billed));
        }
    });
}

#[test]
fn metadata_is_told_without_data() {
    in_virtual_time(async {
        let pass = json!({ "A": { "Type": "Pass", "End": true } });
        let answer = run(pass, json!({ "includedData": "METADATA_ONLY" })).await;
        assert_eq!(
            told(
                &answer,
                &["status", "input", "inputDetails", "output", "outputDetails"]
            ),
            json!({ "status": "SUCCEEDED", "input": null, "inputDetails": null,
                "output": null, "outputDetails": null })
        );
    });
}

#[test]
fn a_start_is_never_the_same_as_another() {
    in_virtual_time(async {
        let stand = stand(json!({ "A": { "Type": "Pass", "End": true } })).await;
        let start = json!({ "stateMachineArn": arn("stateMachine:quick"), "name": "n" });
        let mut arns = Vec::new();
        for _ in 0..2 {
            let answer = stand.call("StartExecution", &start).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            arns.push(answer.body["executionArn"].as_str().unwrap().to_owned());
        }
        assert!(arns[0].starts_with(&arn("express:quick:n:")) && arns[0] != arns[1]);
    });
}
