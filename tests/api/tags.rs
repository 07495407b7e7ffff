//! Tags of state machines and activities.

use serde_json::{Value, json};

use super::model::baseline::{arn, world};
use super::stand::{Stand, in_virtual_time};

async fn tags(stand: &Stand, resource: &str) -> Value {
    let parameters = json!({ "resourceArn": arn(resource) });
    stand.call("ListTagsForResource", &parameters).await.body["tags"].clone()
}

async fn tag(stand: &Stand, resource: &str, tags: Value) -> Value {
    let parameters = json!({ "resourceArn": arn(resource), "tags": tags });
    stand.call("TagResource", &parameters).await.body
}

#[test]
fn tags_are_added_changed_and_taken() {
    in_virtual_time(async {
        let stand = world().await;
        for resource in ["stateMachine:orders", "activity:approval"] {
            let added = json!([{ "key": "a", "value": "1" }, { "key": "b", "value": "" }]);
            assert_eq!(tag(&stand, resource, added).await, json!({}));
            tag(
                &stand,
                resource,
                json!([{ "key": "a", "value": "é _.:/=+-@" }]),
            )
            .await;
            let keys = json!(["b", "team", "nobody"]);
            let taken = json!({ "resourceArn": arn(resource), "tagKeys": keys });
            assert_eq!(stand.call("UntagResource", &taken).await.body, json!({}));
            let expected = json!([{ "key": "a", "value": "é _.:/=+-@" }]);
            assert_eq!(tags(&stand, resource).await, expected, "{resource}");
        }
    });
}

#[test]
fn fifty_tags_are_the_most() {
    in_virtual_time(async {
        let stand = world().await;
        let some = |from: u32, to: u32| -> Value {
            (from..to)
                .map(|number| json!({ "key": number.to_string(), "value": "v" }))
                .collect()
        };
        let resource = "activity:approval";
        assert_eq!(tag(&stand, resource, some(0, 50)).await, json!({}));
        let refused = tag(&stand, resource, some(50, 51)).await;
        assert_eq!(refused["__type"], "TooManyTags");
        assert_eq!(tag(&stand, resource, some(0, 50)).await, json!({}));
        let create = json!({ "name": "other", "tags": some(0, 51) });
        let refused = stand.call("CreateActivity", &create).await.body;
        assert_eq!(refused["__type"], "TooManyTags");
    });
}

#[test]
fn what_has_no_tags_is_refused() {
    in_virtual_time(async {
        let stand = world().await;
        for resource in [
            "stateMachine:nobody",
            "activity:nobody",
            "stateMachine:orders:1",
            "stateMachine:orders:live",
        ] {
            let refused = tag(&stand, resource, json!([{ "key": "k", "value": "v" }])).await;
            let message = format!("Resource not found: '{}'", arn(resource));
            assert_eq!(refused["__type"], "ResourceNotFound", "{resource}");
            assert_eq!(refused["message"], message);
        }
        for wrong in [
            json!([{ "key": "aws:a", "value": "v" }]),
            json!([{ "key": "a!", "value": "v" }]),
            json!([{ "key": "a", "value": "<" }]),
            json!([{ "value": "v" }]),
        ] {
            let refused = tag(&stand, "stateMachine:orders", wrong.clone()).await;
            assert_eq!(refused["__type"], "ValidationException", "{wrong}");
        }
    });
}
