//! Lists and their pages.

use serde_json::{Value, json};

use super::{ARN, Account, module};

/// All pages of a list, one element each.
async fn pages(account: &Account, operation: &str, list: &str, mut request: Value) -> Vec<Value> {
    let mut all = Vec::new();
    request["MaxItems"] = json!(1);
    loop {
        let page = account.done(operation, request.clone()).await;
        all.extend(page[list].as_array().unwrap().clone());
        assert!(all.len() < 10, "no end");
        match page.get("NextMarker") {
            Some(marker) => request["Marker"] = marker.clone(),
            None => return all,
        }
    }
}

fn field<'a>(all: &'a [Value], name: &str) -> Vec<&'a str> {
    all.iter().map(|one| one[name].as_str().unwrap()).collect()
}

async fn account() -> Account {
    let account = Account::with_f().await;
    account.create("a", "one").await;
    for text in ["two", "three"] {
        let update = json!({ "FunctionName": "f", "ZipFile": module(text), "Publish": true });
        account.done("UpdateFunctionCode", update).await;
    }
    account
}

#[tokio::test]
async fn functions_are_listed_by_name() {
    let account = account().await;
    let all = pages(&account, "ListFunctions", "Functions", json!({})).await;
    assert_eq!(field(&all, "FunctionName"), ["a", "f"]);
    assert_eq!(all[1]["FunctionArn"], ARN);
    let all = account
        .done("ListFunctions", json!({ "FunctionVersion": "ALL" }))
        .await;
    let all = all["Functions"].as_array().unwrap();
    assert_eq!(field(all, "Version"), ["$LATEST", "$LATEST", "1", "2"]);
    assert_eq!(all[1]["FunctionArn"], format!("{ARN}:$LATEST"));
}

#[tokio::test]
async fn versions_and_aliases_are_listed() {
    let account = account().await;
    let f = json!({ "FunctionName": "f" });
    let all = pages(&account, "ListVersionsByFunction", "Versions", f.clone()).await;
    assert_eq!(field(&all, "Version"), ["$LATEST", "1", "2"]);
    for (name, version) in [("c", "1"), ("b", "2"), ("d", "1")] {
        let alias = json!({ "FunctionName": "f", "Name": name, "FunctionVersion": version });
        account.done("CreateAlias", alias).await;
    }
    let all = pages(&account, "ListAliases", "Aliases", f).await;
    assert_eq!(field(&all, "Name"), ["b", "c", "d"]);
    let first = json!({ "FunctionName": "f", "FunctionVersion": "1" });
    let all = pages(&account, "ListAliases", "Aliases", first).await;
    assert_eq!(field(&all, "Name"), ["c", "d"]);
}

#[tokio::test]
async fn a_marker_of_another_list_is_refused() {
    let account = account().await;
    let page = account
        .done("ListFunctions", json!({ "MaxItems": 1 }))
        .await;
    let request = json!({ "FunctionName": "f", "Marker": page["NextMarker"] });
    let (_, name, _) = account.refused("ListVersionsByFunction", request).await;
    assert_eq!(name, "InvalidParameterValueException");
}
