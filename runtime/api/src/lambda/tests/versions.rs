//! PublishVersion, and the deletion of versions.

use serde_json::json;

use super::{ARN, Account, module, refusal};

#[tokio::test]
async fn versions_stay_as_they_were() {
    let account = Account::with_f().await;
    let publish = json!({ "FunctionName": "f", "Description": "first" });
    let first = account.done("PublishVersion", publish).await;
    assert_eq!(
        (&first["Version"], &first["Description"]),
        (&json!("1"), &json!("first"))
    );
    // Nothing has changed since: no new version.
    let again = account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    assert_eq!(again, first);

    let update = json!({ "FunctionName": "f", "ZipFile": module("two") });
    account.done("UpdateFunctionCode", update).await;
    let second = account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    assert_eq!(
        (&second["Version"], &second["Description"]),
        (&json!("2"), &json!(""))
    );
    let old = account
        .done(
            "GetFunctionConfiguration",
            json!({ "FunctionName": "f", "Qualifier": "1" }),
        )
        .await;
    assert_eq!(old, first);
}

#[tokio::test]
async fn what_is_published_can_be_pinned() {
    let account = Account::with_f().await;
    let request = json!({ "FunctionName": "f", "CodeSha256": "other" });
    let (_, name, message) = account.refused("PublishVersion", request).await;
    assert_eq!(name, "InvalidParameterValueException");
    assert!(
        message.starts_with("CodeSHA256 (other) is different from current"),
        "{message}"
    );
}

#[tokio::test]
async fn a_number_is_never_used_again() {
    let account = Account::with_f().await;
    account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    let first = json!({ "FunctionName": "f", "Qualifier": "1" });
    assert_eq!(
        account.call("DeleteFunction", first.clone()).await.status,
        204
    );
    assert_eq!(
        account.refused("GetFunction", first).await,
        refusal(
            404,
            "ResourceNotFoundException",
            &format!("Function not found: {ARN}:1")
        )
    );
    let next = account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    assert_eq!(next["Version"], "2");
}

#[tokio::test]
async fn a_version_that_an_alias_names_stays() {
    let account = Account::with_f().await;
    account
        .done("PublishVersion", json!({ "FunctionName": "f" }))
        .await;
    let alias = json!({ "FunctionName": "f", "Name": "live", "FunctionVersion": "1" });
    account.done("CreateAlias", alias).await;
    for (qualifier, status, name, message) in [
        (
            "1",
            409,
            "ResourceConflictException",
            "Unable to delete version because the following aliases reference it: [live]",
        ),
        (
            "$LATEST",
            400,
            "InvalidParameterValueException",
            "$LATEST version cannot be deleted without deleting the function.",
        ),
        (
            "live",
            400,
            "InvalidParameterValueException",
            "Deletion of aliases is not currently supported.",
        ),
    ] {
        let request = json!({ "FunctionName": "f", "Qualifier": qualifier });
        assert_eq!(
            account.refused("DeleteFunction", request).await,
            refusal(status, name, message)
        );
    }
}
