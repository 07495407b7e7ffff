//! State machines from their creation to their deletion: what counts as the same, what a
//! change makes, what goes with what.

use serde_json::{Value, json};

use super::model::baseline::arn;
use super::stand::{Stand, in_virtual_time};

const PASS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}"#;
const WAIT: &str =
    r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 9, "End": true}}}"#;
const ROLE: &str = "arn:aws:iam::111111111111:role/role";

/// A creation of `m`, with these fields instead.
fn creation(other: Value) -> Value {
    let machine = json!({ "name": "m", "definition": PASS, "roleArn": ROLE });
    with(machine, other)
}

fn with(mut request: Value, other: Value) -> Value {
    for (field, value) in other.as_object().into_iter().flatten() {
        request[field] = value.clone();
    }
    request
}

/// The answer of a call, or the name of its refusal.
async fn answer(stand: &Stand, operation: &str, parameters: Value) -> Result<Value, String> {
    let answer = stand.call(operation, &parameters).await;
    match answer.body["__type"].as_str() {
        Some(name) => Err(name.to_owned()),
        None => Ok(answer.body),
    }
}

async fn describe(stand: &Stand, qualifier: &str) -> Value {
    let parameters = json!({ "stateMachineArn": arn(&format!("stateMachine:m{qualifier}")) });
    answer(stand, "DescribeStateMachine", parameters)
        .await
        .expect("it is granted")
}

#[test]
fn a_creation_is_the_same_but_for_role_and_tags() {
    let same = [
        json!({}),
        json!({ "roleArn": "arn:aws:iam::111111111111:role/other" }),
        json!({ "tags": [{ "key": "k", "value": "v" }] }),
        json!({ "type": "STANDARD", "publish": false }),
        json!({ "loggingConfiguration": { "level": "OFF" } }),
        json!({ "tracingConfiguration": { "enabled": false } }),
        json!({ "encryptionConfiguration": { "type": "AWS_OWNED_KEY" } }),
    ];
    let own_key = json!({ "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k" });
    let other = [
        json!({ "definition": PASS.replace(' ', "") }),
        json!({ "type": "EXPRESS" }),
        json!({ "tracingConfiguration": { "enabled": true } }),
        json!({ "loggingConfiguration": { "destinations": [] } }),
        json!({ "encryptionConfiguration": own_key }),
        json!({ "publish": true }),
    ];
    in_virtual_time(async {
        let stand = Stand::new(Default::default());
        let create = async |other: &Value| {
            answer(&stand, "CreateStateMachine", creation(other.clone())).await
        };
        let first = create(&json!({})).await.expect("it is granted");
        let described = describe(&stand, "").await;
        for same in &same {
            assert_eq!(create(same).await.as_ref(), Ok(&first), "{same}");
        }
        for other in &other {
            let refused = create(other).await;
            assert_eq!(refused, Err("StateMachineAlreadyExists".into()), "{other}");
        }
        assert_eq!(describe(&stand, "").await, described);
    });
}

#[test]
fn a_published_creation_is_the_same_with_its_description() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default());
        let create =
            async |other: Value| answer(&stand, "CreateStateMachine", creation(other)).await;
        let wanted = json!({ "publish": true, "versionDescription": "one" });
        let first = create(wanted.clone()).await.expect("it is granted");
        assert_eq!(first["stateMachineVersionArn"], arn("stateMachine:m:1"));
        assert_eq!(create(wanted).await, Ok(first));
        let other = json!({ "publish": true, "versionDescription": "two" });
        assert_eq!(create(other).await, Err("StateMachineAlreadyExists".into()));
        let none = json!({ "versionDescription": "two" });
        assert_eq!(create(none).await, Err("ValidationException".into()));
    });
}

#[test]
fn only_a_change_makes_a_revision() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default());
        answer(&stand, "CreateStateMachine", creation(json!({})))
            .await
            .expect("it is granted");
        let update = async |other: Value| {
            let machine = json!({ "stateMachineArn": arn("stateMachine:m") });
            answer(&stand, "UpdateStateMachine", with(machine, other)).await
        };
        let nothing = update(json!({ "publish": true })).await;
        assert_eq!(nothing, Err("MissingRequiredParameter".into()));
        let same = update(json!({ "definition": PASS }))
            .await
            .expect("it is granted");
        assert_eq!(same["revisionId"], Value::Null);
        assert_eq!(describe(&stand, "").await["revisionId"], Value::Null);
        let changed = update(json!({ "definition": WAIT }))
            .await
            .expect("it is granted");
        let revision = &changed["revisionId"];
        assert!(revision.is_string());
        assert_eq!(describe(&stand, "").await["revisionId"], *revision);
        let role = update(json!({ "roleArn": "arn:aws:iam::111111111111:role/other" }));
        assert_ne!(role.await.expect("it is granted")["revisionId"], *revision);
        let qualified = json!({ "stateMachineArn": arn("stateMachine:m:1"), "definition": PASS });
        let refused = update(qualified).await;
        assert_eq!(refused, Err("ValidationException".into()));
    });
}

#[test]
fn a_version_is_what_the_machine_was() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default());
        let create = creation(json!({ "publish": true, "versionDescription": "one" }));
        answer(&stand, "CreateStateMachine", create)
            .await
            .expect("it is granted");
        let machine = json!({ "stateMachineArn": arn("stateMachine:m") });
        let change = with(machine.clone(), json!({ "definition": WAIT }));
        let changed = answer(&stand, "UpdateStateMachine", change)
            .await
            .expect("it is granted");
        let publish = async |revision: Value| {
            let asked = with(machine.clone(), json!({ "revisionId": revision }));
            answer(&stand, "PublishStateMachineVersion", asked).await
        };
        assert_eq!(
            publish("INITIAL".into()).await,
            Err("ConflictException".into())
        );
        let second = publish(changed["revisionId"].clone())
            .await
            .expect("it is granted");
        assert_eq!(second["stateMachineVersionArn"], arn("stateMachine:m:2"));
        assert_eq!(publish(Value::Null).await, Ok(second));
        let (one, two) = (describe(&stand, ":1").await, describe(&stand, ":2").await);
        assert_eq!(
            (&one["definition"], &two["definition"]),
            (&json!(PASS), &json!(WAIT))
        );
        assert_eq!(
            (&one["description"], &two["description"]),
            (&json!("one"), &Value::Null)
        );
        assert_eq!(two["revisionId"], changed["revisionId"]);
    });
}

#[test]
fn a_deletion_takes_all_and_waits_for_executions() {
    in_virtual_time(async {
        let stand = Stand::new(Default::default());
        let create = creation(json!({ "definition": WAIT, "publish": true }));
        let machine = json!({ "stateMachineArn": arn("stateMachine:m") });
        answer(&stand, "CreateStateMachine", create.clone())
            .await
            .expect("it is granted");
        answer(&stand, "StartExecution", machine.clone())
            .await
            .expect("it is granted");
        for _ in 0..2 {
            answer(&stand, "DeleteStateMachine", machine.clone())
                .await
                .expect("it is granted");
        }
        assert_eq!(describe(&stand, "").await["status"], "DELETING");
        for (operation, parameters) in [
            ("StartExecution", machine.clone()),
            ("CreateStateMachine", create.clone()),
            ("PublishStateMachineVersion", machine.clone()),
            (
                "UpdateStateMachine",
                with(machine.clone(), json!({ "definition": PASS })),
            ),
        ] {
            let refused = answer(&stand, operation, parameters).await;
            assert_eq!(refused, Err("StateMachineDeleting".into()), "{operation}");
        }
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
        let gone = answer(&stand, "DescribeStateMachine", machine).await;
        assert_eq!(gone, Err("StateMachineDoesNotExist".into()));
        let again = answer(&stand, "CreateStateMachine", create)
            .await
            .expect("it is granted");
        assert_eq!(again["stateMachineVersionArn"], arn("stateMachine:m:1"));
    });
}
