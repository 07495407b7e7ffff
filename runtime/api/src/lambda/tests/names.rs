//! How functions are named, and what a caller may not mean.

use serde_json::json;

use super::{ARN, Account, refusal};

#[tokio::test]
async fn every_form_names_the_same() {
    let account = Account::with_f().await;
    for written in [
        "f",
        "f:$LATEST",
        "123456789012:function:f",
        "function:f",
        "wasm:f",
        ARN,
    ] {
        let told = account.done(
            "GetFunctionConfiguration",
            json!({ "FunctionName": written }),
        );
        assert_eq!(told.await["FunctionName"], "f", "{written}");
    }
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let account = Account::with_f().await;
    for written in [
        "",
        "f f",
        "arn:aws:s3:::f",
        &"f".repeat(65),
        &"f".repeat(257),
    ] {
        let (status, name, message) = account
            .refused("GetFunction", json!({ "FunctionName": written }))
            .await;
        assert_eq!((status, &*name), (400, "ValidationException"), "{written}");
        assert!(message.contains("at 'functionName' failed"), "{message}");
    }
}

#[tokio::test]
async fn other_places_are_not_reached() {
    let account = Account::with_f().await;
    let elsewhere = json!({ "FunctionName": ARN.replace("us-east-1", "eu-west-1") });
    assert_eq!(
        account.refused("GetFunction", elsewhere).await,
        refusal(
            404,
            "ResourceNotFoundException",
            "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')"
        )
    );
    let theirs = json!({ "FunctionName": ARN.replace("123456789012", "000000000000") });
    let (status, name, _) = account.refused("Invoke", theirs).await;
    assert_eq!((status, &*name), (403, "AccessDeniedException"));
}

#[tokio::test]
async fn a_qualifier_is_said_once() {
    let account = Account::with_f().await;
    let both = json!({ "FunctionName": "f:1", "Qualifier": "2" });
    assert_eq!(
        account.refused("GetFunction", both).await,
        refusal(
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    );
    let (_, name, _) = account
        .refused("PublishVersion", json!({ "FunctionName": "f:1" }))
        .await;
    assert_eq!(name, "InvalidParameterValueException");
}

#[tokio::test]
async fn an_operation_that_is_not_there_says_so() {
    let (status, name, _) = Account::new().refused("PutLayer", json!({})).await;
    assert_eq!((status, &*name), (404, "UnknownOperationException"));
}
