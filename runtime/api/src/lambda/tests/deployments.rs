//! CreateFunction, UpdateFunctionCode, DeleteFunction.

use serde_json::json;

use super::{ARN, Account, ROLE, module, refusal};

#[tokio::test]
async fn a_new_function_is_answered_as_aws_has_it() {
    let account = Account::new();
    let mut told = account
        .done(
            "CreateFunction",
            json!({
                "FunctionName": "f",
                "Role": ROLE,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Code": { "ZipFile": module("one") },
                "Environment": { "Variables": { "MODE": "test" } },
                "LoggingConfig": { "LogFormat": "JSON" },
                "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] },
                "Tags": { "team": "pay" },
            }),
        )
        .await;
    told["RevisionId"] = json!("?");
    assert_eq!(
        told,
        json!({
            "FunctionName": "f",
            "FunctionArn": ARN,
            "Role": ROLE,
            "CodeSize": 7,
            "Description": "",
            "Timeout": 3,
            "MemorySize": 128,
            "LastModified": "1970-01-01T00:00:00.000+0000",
            "CodeSha256": "xZBA8rtDWPZehDrxYseYWoy5OnrcINkYv0EkYtQWRN8=",
            "Version": "$LATEST",
            "TracingConfig": { "Mode": "PassThrough" },
            "RevisionId": "?",
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": ["x86_64"],
            "EphemeralStorage": { "Size": 512 },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "/aws/lambda/f" },
            "Stepwell": {
                "Digest": "one",
                "Kind": "task",
                "Imports": ["stepwell:task/host"],
                "Pure": true,
                "Fuel": 15_000_000_000_u64,
                "OnInterruption": "Fail",
                "Limits": {
                    "TableElements": 100_000,
                    "Instances": 64,
                    "OutputBytes": 6_291_456,
                    "LogBytes": 1_048_576,
                    "Connections": 8,
                    "HttpBytes": 67_108_864,
                },
                "Grants": {
                    "Http": [],
                    "PrivateHttp": [],
                    "Directories": [],
                    "Secrets": [],
                    "Clock": false,
                    "Randomness": false,
                },
            },
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Environment": { "Variables": { "MODE": "test" } },
        })
    );
    let got = account
        .done("GetFunction", json!({ "FunctionName": "f" }))
        .await;
    told["RevisionId"] = got["Configuration"]["RevisionId"].clone();
    assert_eq!(got["Configuration"], told);
    assert_eq!(got["Tags"], json!({ "team": "pay" }));
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let account = Account::with_f().await;
    let code = json!({ "ZipFile": module("two") });
    let request = json!({ "FunctionName": "f", "Role": ROLE, "Code": code });
    assert_eq!(
        account.refused("CreateFunction", request).await,
        refusal(
            409,
            "ResourceConflictException",
            "Function already exist: f"
        )
    );
}

#[tokio::test]
async fn what_is_missing_is_told_at_once() {
    assert_eq!(
        Account::new().refused("CreateFunction", json!({})).await,
        refusal(
            400,
            "ValidationException",
            "3 validation errors detected: Value null at 'functionName' failed to satisfy \
             constraint: Member must not be null; Value null at 'role' failed to satisfy \
             constraint: Member must not be null; Value null at 'code' failed to satisfy \
             constraint: Member must not be null"
        )
    );
}

#[tokio::test]
async fn bounds_are_worded_as_aws_does() {
    let request = json!({
        "FunctionName": "f", "Role": ROLE, "Code": { "ZipFile": module("one") },
        "MemorySize": 64, "Timeout": 0,
    });
    assert_eq!(
        Account::new().refused("CreateFunction", request).await,
        refusal(
            400,
            "ValidationException",
            "2 validation errors detected: Value '64' at 'memorySize' failed to satisfy \
             constraint: Member must have value greater than or equal to 128; Value '0' at \
             'timeout' failed to satisfy constraint: Member must have value greater than or \
             equal to 1"
        )
    );
}

#[tokio::test]
async fn code_that_cannot_be_run_is_refused_in_words() {
    let account = Account::new();
    for (code, words) in [
        (
            json!({ "ZipFile": module("bad") }),
            "The .wasm file cannot be run: it is bad",
        ),
        (
            json!({ "ZipFile": "bm8gemlw" }),
            "Could not unzip uploaded file.",
        ),
        (json!({}), "Please provide a source for function code."),
        (
            json!({ "S3Bucket": "b", "S3Key": "k" }),
            "Code is taken as ZipFile alone",
        ),
        (json!({ "ImageUri": "i" }), "Code is taken as ZipFile alone"),
    ] {
        let request = json!({ "FunctionName": "f", "Role": ROLE, "Code": code });
        let (status, name, message) = account.refused("CreateFunction", request).await;
        assert_eq!((status, &*name), (400, "InvalidParameterValueException"));
        assert!(message.starts_with(words), "{message}");
    }
    let (_, name, _) = account
        .refused(
            "CreateFunction",
            json!({ "FunctionName": "f", "Role": ROLE, "Code": { "ZipFile": "%" } }),
        )
        .await;
    assert_eq!(name, "SerializationException");
}

#[tokio::test]
async fn what_went_wrong_in_the_host_is_not_told() {
    let code = json!({ "ZipFile": module("broken") });
    let request = json!({ "FunctionName": "f", "Role": ROLE, "Code": code });
    let told = Account::new().call("CreateFunction", request).await;
    let (name, message) = told.refusal();
    assert_eq!((told.status, name), (500, "ServiceException"));
    assert!(!message.contains("secret"), "{message}");
    assert_eq!(told.body["Type"], "Service");
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_by_name() {
    let account = Account::new();
    for (field, value) in [
        (
            "Layers",
            json!(["arn:aws:lambda:us-east-1:123456789012:layer:l:1"]),
        ),
        ("VpcConfig", json!({ "SubnetIds": ["subnet-1"] })),
        (
            "DeadLetterConfig",
            json!({ "TargetArn": "arn:aws:sqs:us-east-1:1:q" }),
        ),
        (
            "FileSystemConfigs",
            json!([{ "Arn": "a", "LocalMountPath": "/mnt/a" }]),
        ),
        ("KMSKeyArn", json!("arn:aws:kms:us-east-1:1:key/k")),
        ("PackageType", json!("Image")),
        ("Environment", json!({ "Variables": { "AWS_REGION": "x" } })),
        (
            "Environment",
            json!({ "Variables": { "LONG": "x".repeat(4_096) } }),
        ),
    ] {
        let mut request = json!({
            "FunctionName": "f", "Role": ROLE, "Code": { "ZipFile": module("one") },
        });
        request[field] = value;
        let (_, name, message) = account.refused("CreateFunction", request).await;
        assert_eq!(name, "InvalidParameterValueException", "{field}: {message}");
    }
}

#[tokio::test]
async fn code_is_replaced_and_published() {
    let account = Account::with_f().await;
    let update = json!({ "FunctionName": "f", "ZipFile": module("two"), "Publish": true });
    let told = account.done("UpdateFunctionCode", update.clone()).await;
    assert_eq!(told["FunctionArn"], format!("{ARN}:1"));
    assert_eq!(
        (&told["Version"], &told["Stepwell"]["Digest"]),
        (&json!("1"), &json!("two"))
    );
    // The same again is the same version.
    let told = account.done("UpdateFunctionCode", update).await;
    assert_eq!(told["Version"], "1");

    let dry = json!({ "FunctionName": "f", "ZipFile": module("three"), "DryRun": true });
    let told = account.done("UpdateFunctionCode", dry).await;
    assert_eq!(told["Stepwell"]["Digest"], "three");
    let standing = account.done("GetFunctionConfiguration", json!({ "FunctionName": "f" }));
    assert_eq!(standing.await["Stepwell"]["Digest"], "two");
}

#[tokio::test]
async fn a_change_of_another_revision_is_refused() {
    let account = Account::with_f().await;
    let stale = json!({
        "FunctionName": "f", "ZipFile": module("two"), "RevisionId": "stale",
    });
    let (status, name, _) = account.refused("UpdateFunctionCode", stale).await;
    assert_eq!((status, &*name), (412, "PreconditionFailedException"));
    let standing = account.done("GetFunctionConfiguration", json!({ "FunctionName": "f" }));
    let fresh = json!({
        "FunctionName": "f",
        "ZipFile": module("two"),
        "RevisionId": standing.await["RevisionId"],
    });
    account.done("UpdateFunctionCode", fresh).await;
}

#[tokio::test]
async fn what_is_deleted_is_not_found() {
    let account = Account::with_f().await;
    let f = json!({ "FunctionName": "f" });
    assert_eq!(account.call("DeleteFunction", f.clone()).await.status, 204);
    let message = format!("Function not found: {ARN}");
    let missing = refusal(404, "ResourceNotFoundException", &message);
    for operation in [
        "GetFunction",
        "DeleteFunction",
        "PublishVersion",
        "ListAliases",
        "Invoke",
    ] {
        assert_eq!(
            account.refused(operation, f.clone()).await,
            missing,
            "{operation}"
        );
    }
    account.create("f", "two").await;
}
