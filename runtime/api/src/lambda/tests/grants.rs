//! What a function may reach: given, kept, taken back, and refused.

use serde_json::{Value, json};

use super::Account;

fn granting(grants: Value) -> Value {
    json!({ "FunctionName": "f", "Stepwell": { "Grants": grants } })
}

#[tokio::test]
async fn grants_are_told_as_they_are_kept_until_others_are_given() {
    let account = Account::with_f().await;
    let grants = json!({ "Http": ["API.example.com"], "Secrets": ["API_KEY"], "Clock": true });
    let update = "UpdateFunctionConfiguration";
    let told = account.done(update, granting(grants)).await;
    let ours = &told["Stepwell"];
    assert_eq!(ours["Grants"]["Http"], json!(["api.example.com:443"]));
    assert_eq!(ours["Grants"]["Secrets"], json!(["API_KEY"]));
    assert_eq!(ours["Pure"], false);

    let other = json!({ "FunctionName": "f", "Stepwell": { "OnInterruption": "Retry" } });
    let told = account.done(update, other).await;
    assert_eq!(told["Stepwell"]["OnInterruption"], "Retry");
    assert_eq!(told["Stepwell"]["Grants"]["Clock"], true);

    let told = account.done(update, granting(json!({}))).await;
    assert_eq!(told["Stepwell"]["Pure"], true);
    assert_eq!(told["Stepwell"]["Grants"]["Http"], json!([]));
}

#[tokio::test]
async fn what_is_no_grant_is_refused_in_a_sentence() {
    let account = Account::with_f().await;
    for (grants, says) in [
        (json!({ "Http": ["https://example.com"] }), "is a URL"),
        (json!({ "Http": ["*.example.com"] }), "without a pattern"),
        (json!({ "Secrets": ["../key"] }), "no name of a secret"),
        (json!({ "Directories": ["data"] }), "no absolute path"),
        (json!({ "Directories": ["/"] }), "--grantable-dir"),
        (json!({ "Clock": "yes" }), "Boolean"),
    ] {
        let request = granting(grants);
        let (status, _, message) = account
            .refused("UpdateFunctionConfiguration", request)
            .await;
        assert_eq!(status, 400, "{message}");
        assert!(message.contains(says), "{message}");
    }
    let named = json!({ "FunctionName": "f" });
    let told = account.done("GetFunctionConfiguration", named).await;
    assert_eq!(told["Stepwell"]["Pure"], true);
}
