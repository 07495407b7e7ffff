//! UpdateFunctionConfiguration.

use serde_json::json;

use super::Account;

#[tokio::test]
async fn what_is_not_given_stays() {
    let account = Account::with_f().await;
    account
        .done(
            "UpdateFunctionConfiguration",
            json!({
                "FunctionName": "f",
                "MemorySize": 256,
                "Description": "charges",
                "Environment": { "Variables": { "MODE": "test" } },
                "Stepwell": { "Fuel": 1_000 },
            }),
        )
        .await;
    let told = account
        .done(
            "UpdateFunctionConfiguration",
            json!({ "FunctionName": "f", "Timeout": 60 }),
        )
        .await;
    assert_eq!(
        (
            &told["MemorySize"],
            &told["Timeout"],
            &told["Stepwell"]["Fuel"]
        ),
        (&json!(256), &json!(60), &json!(1_000))
    );
    assert_eq!(told["Description"], "charges");
    assert_eq!(told["Environment"]["Variables"], json!({ "MODE": "test" }));
    assert_eq!(told["Stepwell"]["Digest"], "one");

    let cleared = json!({ "FunctionName": "f", "Environment": {}, "Description": "" });
    let told = account.done("UpdateFunctionConfiguration", cleared).await;
    assert_eq!(told["Description"], "");
    assert!(told.get("Environment").is_none());
}

#[tokio::test]
async fn revisions_differ_after_each_change() {
    let account = Account::with_f().await;
    let change = json!({ "FunctionName": "f", "Timeout": 9 });
    let first = account
        .done("UpdateFunctionConfiguration", change.clone())
        .await;
    let second = account.done("UpdateFunctionConfiguration", change).await;
    assert_ne!(first["RevisionId"], second["RevisionId"]);
}
