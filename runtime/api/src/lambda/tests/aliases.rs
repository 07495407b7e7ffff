//! Aliases, and where they lead.

use serde_json::{Value, json};

use super::{ARN, Account, module, refusal};

/// `f` with the versions 1 and 2.
async fn account() -> Account {
    let account = Account::with_f().await;
    account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    let update = json!({ "FunctionName": "f", "ZipFile": module("two"), "Publish": true });
    account.done("UpdateFunctionCode", update).await;
    account
}

fn live(version: &str) -> Value {
    json!({ "FunctionName": "f", "Name": "live", "FunctionVersion": version })
}

#[tokio::test]
async fn an_alias_leads_where_it_was_moved() {
    let account = account().await;
    let mut told = account.done("CreateAlias", live("1")).await;
    told["RevisionId"] = json!("?");
    assert_eq!(
        told,
        json!({
            "AliasArn": format!("{ARN}:live"), "Name": "live", "FunctionVersion": "1",
            "Description": "", "RevisionId": "?",
        })
    );
    let invoke = json!({ "FunctionName": "f:live" });
    let said = |value: Value| value["said"].clone();
    assert_eq!(said(account.done("Invoke", invoke.clone()).await), "one");
    account.done("UpdateAlias", live("2")).await;
    assert_eq!(said(account.done("Invoke", invoke).await), "two");
    let got = account
        .done("GetAlias", json!({ "FunctionName": "f", "Name": "live" }))
        .await;
    assert_eq!(got["FunctionVersion"], "2");
}

#[tokio::test]
async fn an_alias_may_lead_to_two() {
    let account = account().await;
    let mut alias = live("1");
    alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": { "2": 0.5 } });
    let told = account.done("CreateAlias", alias).await;
    assert_eq!(
        told["RoutingConfig"],
        json!({ "AdditionalVersionWeights": { "2": 0.5 } })
    );
    let (_, name, _) = account
        .refused(
            "DeleteFunction",
            json!({ "FunctionName": "f", "Qualifier": "2" }),
        )
        .await;
    assert_eq!(name, "ResourceConflictException");
    let mut alias = live("1");
    alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": {} });
    let told = account.done("UpdateAlias", alias).await;
    assert!(told.get("RoutingConfig").is_none());
}

#[tokio::test]
async fn an_alias_needs_versions_that_are_there() {
    let account = account().await;
    account.done("CreateAlias", live("1")).await;
    let routed = |version: &str, weights: Value| {
        let mut alias = live(version);
        alias["Name"] = json!("other");
        alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": weights });
        alias
    };
    let (invalid, missing) = (
        "InvalidParameterValueException",
        "ResourceNotFoundException",
    );
    let not_found = format!("Function not found: {ARN}:7");
    for (request, status, name, message) in [
        (
            live("2"),
            409,
            "ResourceConflictException",
            &*format!("Alias already exists: {ARN}:live"),
        ),
        (routed("7", json!({})), 404, missing, &not_found),
        (routed("1", json!({ "7": 0.1 })), 404, missing, &not_found),
        (
            routed("$LATEST", json!({ "1": 0.1 })),
            400,
            invalid,
            "$LATEST is not supported for an alias pointing to more than 1 version",
        ),
        (
            routed("1", json!({ "1": 0.1 })),
            400,
            invalid,
            "Invalid function version 1. Function version 1 is already included in routing \
             configuration.",
        ),
        (
            routed("1", json!({ "1": 0.1, "2": 0.1 })),
            400,
            invalid,
            "Number of items in AdditionalVersionWeights cannot be greater than 1",
        ),
    ] {
        assert_eq!(
            account.refused("CreateAlias", request).await,
            refusal(status, name, message)
        );
    }
}

#[tokio::test]
async fn numbers_and_weights_are_no_names_and_percents() {
    let account = account().await;
    let mut alias = live("1");
    alias["Name"] = json!("7");
    alias["RoutingConfig"] = json!({ "AdditionalVersionWeights": { "2": 50.0 } });
    let (status, name, message) = account.refused("CreateAlias", alias).await;
    assert_eq!((status, &*name), (400, "ValidationException"));
    assert!(
        message.starts_with("2 validation errors detected: Value '7' at 'name'"),
        "{message}"
    );
}

#[tokio::test]
async fn what_is_gone_is_gone() {
    let account = account().await;
    account.done("CreateAlias", live("1")).await;
    let named = json!({ "FunctionName": "f", "Name": "live" });
    for _ in 0..2 {
        assert_eq!(account.call("DeleteAlias", named.clone()).await.status, 204);
    }
    let missing = refusal(
        404,
        "ResourceNotFoundException",
        &format!("Cannot find alias arn: {ARN}:live"),
    );
    assert_eq!(account.refused("GetAlias", named).await, missing);
    assert_eq!(account.refused("UpdateAlias", live("1")).await, missing);
    let (_, name, _) = account
        .refused("Invoke", json!({ "FunctionName": "f:live" }))
        .await;
    assert_eq!(name, "ResourceNotFoundException");
}
