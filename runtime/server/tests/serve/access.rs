//! Keys, signatures, roles and the audit.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use hyper::Request;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serve::client::{Answer, Signer, request, send};
use crate::serve::running::{Running, refused};

const READER: (&str, &str) = ("AKIDREADER", "reader/K7MDENG+bPxRfiCYEXAMPLEKEY");
const WORKER: (&str, &str) = ("AKIDWORKER", "worker/K7MDENG+bPxRfiCYEXAMPLEKEY");
const OWNER: (&str, &str) = ("AKIDOWNER", "owner/K7MDENG+bPxRfiCYEXAMPLEKEYS");

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:orders";

fn keys_text(all: &[((&str, &str), &str)]) -> String {
    let entry = |((id, secret), role): &((&str, &str), &str)| {
        format!(
            "[[keys]]\naccess-key-id = {id:?}\nsecret-access-key = {secret:?}\nrole = {role:?}\n\
             user = \"the-{role}\"\n"
        )
    };
    all.iter().map(entry).collect()
}

pub(crate) fn write_secret(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// A server with a key of each role.
pub(super) fn guarded() -> (TempDir, Running) {
    let folder = tempfile::tempdir().unwrap();
    let keys = [(READER, "read-only"), (WORKER, "operate"), (OWNER, "admin")];
    write_secret(&folder.path().join("keys.toml"), &keys_text(&keys));
    let arguments = ["--keys", "keys.toml", "--audit-log", "audit.jsonl"];
    let running = Running::start(&folder, &arguments);
    (folder, running)
}

/// A request that an admin has signed.
pub(super) fn signed(server: &Running, operation: &str, body: &Value) -> Request<String> {
    let mut request = request(&server.url, operation, body);
    signer(OWNER).sign(&mut request);
    request
}

fn signer((id, secret): (&'static str, &'static str)) -> Signer {
    Signer::new(id, secret)
}

async fn call(server: &Running, by: &Signer, operation: &str, body: &Value) -> Answer {
    let mut request = request(&server.url, operation, body);
    by.sign(&mut request);
    send(&server.url, request).await
}

fn machine() -> Value {
    json!({
        "name": "orders",
        "roleArn": "arn:aws:iam::123456789012:role/r",
        "definition": r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#,
    })
}

#[tokio::test]
async fn each_role_does_what_it_may() {
    let (folder, server) = guarded();
    let (reader, worker, owner) = (signer(READER), signer(WORKER), signer(OWNER));
    let start = json!({ "stateMachineArn": MACHINE, "name": "one" });

    let denied = call(&server, &worker, "CreateStateMachine", &machine()).await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException"));
    assert_eq!(
        denied.message(),
        format!(
            "User: arn:aws:iam::123456789012:user/the-operate is not authorized to perform: \
             states:CreateStateMachine on resource: {MACHINE} because no identity-based policy \
             allows the states:CreateStateMachine action (it takes the role admin)"
        )
    );
    assert_eq!(
        call(&server, &owner, "CreateStateMachine", &machine())
            .await
            .status,
        200
    );
    let denied = call(&server, &reader, "StartExecution", &start).await;
    assert_eq!(denied.refusal(), (400, "AccessDeniedException"));
    assert_eq!(
        call(&server, &worker, "StartExecution", &start)
            .await
            .status,
        200
    );
    let listed = call(&server, &reader, "ListStateMachines", &json!({})).await;
    assert_eq!(listed.body["stateMachines"][0]["stateMachineArn"], MACHINE);

    server.signal("TERM");
    assert!(server.end().success());
    let audit = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let told: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let short = |line: &Value| {
        let text = |field: &Value| field.as_str().unwrap_or("-").to_owned();
        let user = text(&line["userIdentity"]["userName"]);
        let resource = text(&line["resources"][0]["ARN"]);
        let (what, error) = (text(&line["eventName"]), text(&line["errorCode"]));
        format!("{user} {what} {resource} {error}")
    };
    assert_eq!(
        told.iter().map(short).collect::<Vec<_>>(),
        [
            format!("the-operate CreateStateMachine {MACHINE} AccessDeniedException"),
            format!("the-admin CreateStateMachine {MACHINE} -"),
            format!("the-read-only StartExecution {MACHINE} AccessDeniedException"),
            format!("the-operate StartExecution {MACHINE} -"),
        ]
    );
}

#[tokio::test]
async fn what_is_not_signed_right_is_not_let_in() {
    let (folder, server) = guarded();
    let sound = signer(OWNER);
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let wrong: [(Signer, &str, &str); 6] = [
        (
            Signer::new("AKIDNOBODY", OWNER.1),
            "UnrecognizedClientException",
            "security token",
        ),
        (
            Signer {
                token: Some("t"),
                ..sound.clone()
            },
            "UnrecognizedClientException",
            "security",
        ),
        (
            Signer::new(OWNER.0, READER.1),
            "InvalidSignatureException",
            "does not match",
        ),
        (
            Signer {
                region: "eu-west-1",
                ..sound.clone()
            },
            "InvalidSignatureException",
            "region",
        ),
        (
            Signer {
                service: "lambda",
                ..sound.clone()
            },
            "InvalidSignatureException",
            "'states'",
        ),
        (
            Signer {
                ago: minutes(6),
                ..sound.clone()
            },
            "InvalidSignatureException",
            "expired",
        ),
    ];
    for (signer, name, words) in wrong {
        let refused = call(&server, &signer, "ListStateMachines", &json!({})).await;
        assert_eq!(refused.refusal(), (400, name));
        assert!(refused.message().contains(words), "{refused:?}");
    }
    let unsigned = request(&server.url, "ListStateMachines", &json!({}));
    let refused = send(&server.url, unsigned).await;
    assert_eq!(
        refused.refusal(),
        (400, "MissingAuthenticationTokenException")
    );
    assert_eq!(refused.message(), "Missing Authentication Token");

    server.signal("TERM");
    assert!(server.end().success());
    let audit = fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    let strangers = audit
        .lines()
        .filter(|line| line.contains(r#"{"type":"Unknown"}"#));
    assert_eq!(strangers.count(), 7, "{audit}");
}

#[tokio::test]
async fn what_was_changed_after_signing_is_not_let_in() {
    let (_folder, server) = guarded();
    let signed = || {
        let mut request = request(&server.url, "ListActivities", &json!({ "maxResults": 7 }));
        signer(OWNER).sign(&mut request);
        request
    };
    assert_eq!(send(&server.url, signed()).await.status, 200);

    let mut body = signed();
    *body.body_mut() = body.body().replace('7', "8");
    let mut target = signed();
    let other = "AWSStepFunctions.ListStateMachines".parse().unwrap();
    target.headers_mut().insert("x-amz-target", other);
    let mut path = signed();
    *path.uri_mut() = format!("{}/?a=b", server.url).parse().unwrap();
    for request in [body, target, path] {
        let refused = send(&server.url, request).await;
        assert_eq!(refused.refusal(), (400, "InvalidSignatureException"));
        assert!(
            refused
                .message()
                .starts_with("The request signature we calculated")
        );
    }
    let mut added = signed();
    added
        .headers_mut()
        .insert("x-amz-meta", "1".parse().unwrap());
    let refused = send(&server.url, added).await;
    assert!(
        refused.message().contains("were not signed: x-amz-meta"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn presigned_requests_are_let_in_until_they_expire() {
    let (_folder, server) = guarded();
    let signed = |ago, presigned_for| Signer {
        ago: Duration::from_secs(ago),
        presigned_for: Some(Duration::from_secs(presigned_for)),
        ..signer(READER)
    };
    let list = json!({});
    let sound = call(&server, &signed(600, 3600), "ListStateMachines", &list).await;
    assert_eq!(sound.status, 200, "{sound:?}");
    let late = call(&server, &signed(20, 10), "ListStateMachines", &list).await;
    assert_eq!(late.refusal(), (400, "InvalidSignatureException"));
    assert!(late.message().contains("Signature expired"), "{late:?}");
}

#[tokio::test]
async fn without_keys_everyone_on_this_machine_is_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&folder, &[]);
    let created = send(
        &server.url,
        request(&server.url, "CreateStateMachine", &machine()),
    )
    .await;
    assert_eq!(created.body["stateMachineArn"], MACHINE);
    // An access key id of twelve digits names the account.
    let elsewhere = Signer::new("000000000000", "any");
    let created = call(&server, &elsewhere, "CreateStateMachine", &machine()).await;
    let arn = MACHINE.replace("123456789012", "000000000000");
    assert_eq!(created.body["stateMachineArn"], arn);
}

#[tokio::test]
async fn keys_are_read_anew_when_told() {
    let (folder, server) = guarded();
    let path = folder.path().join("keys.toml");
    let list = json!({});
    write_secret(&path, "nonsense");
    server.signal("HUP");
    assert!(
        server
            .line("all stays as it was")
            .contains("keys.toml: line 1")
    );
    assert_eq!(
        call(&server, &signer(READER), "ListActivities", &list)
            .await
            .status,
        200
    );
    write_secret(&path, &keys_text(&[(OWNER, "admin")]));
    server.signal("HUP");
    server.line("read anew");
    let refused = call(&server, &signer(READER), "ListActivities", &list).await;
    assert_eq!(refused.refusal(), (400, "UnrecognizedClientException"));
    assert_eq!(
        call(&server, &signer(OWNER), "ListActivities", &list)
            .await
            .status,
        200
    );
}

#[test]
fn what_is_not_safe_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.toml");
    let told = refused(&folder, &["--listen", "0.0.0.0:0"]);
    assert!(
        told.contains("without keys only this machine may be served"),
        "{told}"
    );
    let told = refused(&folder, &["--keys", "keys.toml"]);
    assert!(told.contains("keys file keys.toml: No such file"), "{told}");
    write_secret(&path, &keys_text(&[(OWNER, "admin")]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let told = refused(&folder, &["--keys", "keys.toml"]);
    assert!(told.contains("(mode 0644): chmod 600 keys.toml"), "{told}");
}
