//! Pages: that they add up, and that a token is good for its own list alone, for a day.

use std::time::Duration;

use serde_json::{Value, json};

use super::model::baseline::{arn, world};
use super::stand::{Stand, in_virtual_time};

/// A list with more than one element in the world of the baseline, and how it is asked for.
fn lists() -> Vec<(&'static str, Value)> {
    let machine = arn("stateMachine:orders");
    vec![
        ("ListActivities", json!({})),
        ("ListStateMachines", json!({})),
        ("ListExecutions", json!({ "stateMachineArn": machine })),
        (
            "ListExecutions",
            json!({ "stateMachineArn": machine, "redriveFilter": "NOT_REDRIVEN" }),
        ),
        (
            "ListStateMachineAliases",
            json!({ "stateMachineArn": machine }),
        ),
        (
            "ListStateMachineVersions",
            json!({ "stateMachineArn": machine }),
        ),
        (
            "GetExecutionHistory",
            json!({ "executionArn": arn("execution:orders:ended") }),
        ),
        (
            "GetExecutionHistory",
            json!({ "executionArn": arn("execution:orders:ended"), "reverseOrder": true }),
        ),
        (
            "GetExecutionHistory",
            json!({ "executionArn": arn("execution:orders:waits") }),
        ),
    ]
}

/// Waits as many seconds as each item says: a history of many rows.
const MAP: &str = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor":
    {"StartAt": "W", "States": {"W": {"Type": "Wait", "SecondsPath": "$", "End": true}}}}}}"#;

/// How many events that makes of 90 items: of each its start and success, and those of the
/// Wait within; and six around them.
const LONG: usize = 90 * 4 + 6;

/// The world of the baseline, with two of everything, and a long history.
async fn fuller_world() -> Stand {
    let stand = world().await;
    let routes = json!([{ "stateMachineVersionArn": arn("stateMachine:orders:2"), "weight": 100 }]);
    let alias = json!({ "name": "next", "routingConfiguration": routes });
    assert_eq!(
        stand.call("CreateStateMachineAlias", &alias).await.status,
        200
    );
    let activity = json!({ "name": "other" });
    assert_eq!(stand.call("CreateActivity", &activity).await.status, 200);
    let role = "arn:aws:iam::111111111111:role/role";
    let machine = json!({ "name": "long", "definition": MAP, "roleArn": role });
    assert_eq!(stand.call("CreateStateMachine", &machine).await.status, 200);
    let items: Vec<u64> = (0..90).collect();
    let start = json!({ "stateMachineArn": arn("stateMachine:long"), "name": "long",
        "input": Value::from(items).to_string() });
    assert_eq!(stand.call("StartExecution", &start).await.status, 200);
    tokio::time::sleep(Duration::from_secs(10_000)).await;
    stand
}

/// The elements and the token of one page.
async fn page(
    stand: &Stand,
    list: &(&str, Value),
    size: u64,
    token: &Value,
) -> (Vec<Value>, Value) {
    let mut parameters = list.1.clone();
    parameters["maxResults"] = size.into();
    parameters["nextToken"] = token.clone();
    let answer = stand.call(list.0, &parameters).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let fields = answer.body.as_object().expect("an object");
    let elements = fields.values().find_map(Value::as_array).expect("a list");
    (elements.clone(), answer.body["nextToken"].clone())
}

/// The elements of all pages of this size.
async fn walked(stand: &Stand, list: &(&str, Value), size: u64) -> Vec<Value> {
    let (mut all, mut token) = (Vec::new(), Value::Null);
    loop {
        let (elements, next) = page(stand, list, size, &token).await;
        assert!(elements.len() as u64 <= size && !elements.is_empty());
        all.extend(elements);
        token = next;
        if token.is_null() {
            return all;
        }
    }
}

#[test]
fn pages_add_up_to_the_list() {
    in_virtual_time(async {
        let stand = fuller_world().await;
        for list in lists() {
            let (whole, none) = page(&stand, &list, 0, &Value::Null).await;
            assert!(whole.len() > 1 && none.is_null(), "{list:?}");
            for size in 1..=whole.len() as u64 {
                let all = walked(&stand, &list, size).await;
                assert_eq!(all, whole, "{list:?} by {size}");
            }
        }
    });
}

#[test]
fn a_long_history_is_paged_from_both_ends() {
    in_virtual_time(async {
        let stand = fuller_world().await;
        let history = json!({ "executionArn": arn("execution:long:long") });
        let mut backward = history.clone();
        backward["reverseOrder"] = true.into();
        let (mut whole, _) = page(
            &stand,
            &("GetExecutionHistory", history.clone()),
            1000,
            &Value::Null,
        )
        .await;
        assert_eq!(whole.len(), LONG);
        for list in [history, backward] {
            for size in [1, 7, 100, 365, 366] {
                let all = walked(&stand, &("GetExecutionHistory", list.clone()), size).await;
                assert!(all == whole, "{list} by {size}: {} of {LONG}", all.len());
            }
            whole.reverse();
        }
    });
}

#[test]
fn a_token_is_good_for_its_own_list_alone() {
    in_virtual_time(async {
        let stand = fuller_world().await;
        for list in lists() {
            let (_, token) = page(&stand, &list, 1, &Value::Null).await;
            let token = token.as_str().expect("a token").to_owned();
            for other in lists() {
                let mut parameters = other.1.clone();
                parameters["nextToken"] = token.as_str().into();
                let answer = stand.call(other.0, &parameters).await;
                let expected = if other == list { 200 } else { 400 };
                assert_eq!(
                    answer.status, expected,
                    "{list:?} {other:?} {}",
                    answer.body
                );
                if other != list {
                    assert_eq!(answer.body["message"], "Invalid Token: 'Invalid token'");
                }
            }
        }
    });
}

#[test]
fn a_broken_or_old_token_is_refused() {
    in_virtual_time(async {
        let stand = fuller_world().await;
        for list in lists() {
            let (_, token) = page(&stand, &list, 1, &Value::Null).await;
            let token = token.as_str().expect("a token");
            let day = Duration::from_secs(24 * 3_600);
            let refused = async |token: &str| {
                let mut parameters = list.1.clone();
                parameters["nextToken"] = token.into();
                let answer = stand.call(list.0, &parameters).await;
                answer.body["__type"] == "InvalidToken"
            };
            assert!(refused(&token[1..]).await && refused(&format!("{token}A")).await);
            assert!(refused("AAAA").await && refused("é").await);
            tokio::time::sleep(day - Duration::from_secs(1)).await;
            assert!(!refused(token).await, "{list:?}");
            tokio::time::sleep(Duration::from_secs(2)).await;
            assert!(refused(token).await, "{list:?}");
        }
    });
}
