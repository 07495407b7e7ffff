//! The fields that the APIs behind optimized integrations take, held against what a Task gives
//! them: in the definition as far as it says, and before the Task is scheduled.
//!
//! Of the words, "is not supported by Step Functions" and "must be an INTEGER" are AWS's as others
//! reported them, "is required but was missing" as for `Credentials`. Source of the fields: AWS's
//! service models, with a capital at the beginning of each name. An integration that is not listed
//! is not checked.

use serde_json::Value;

use super::Resource;

/// An action of a service.
struct Api {
    service: &'static str,
    action: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// Those of them that are whole numbers.
    integers: &'static [&'static str],
}

const APIS: [Api; 8] = [
    Api {
        service: "lambda",
        action: "invoke",
        required: &["FunctionName"],
        optional: &[
            "ClientContext",
            "DurableExecutionName",
            "InvocationType",
            "LogType",
            "Payload",
            "Qualifier",
            "TenantId",
        ],
        integers: &[],
    },
    Api {
        service: "states",
        action: "startExecution",
        required: &["StateMachineArn"],
        optional: &["Input", "Name", "TraceHeader"],
        integers: &[],
    },
    Api {
        service: "sqs",
        action: "sendMessage",
        required: &["QueueUrl", "MessageBody"],
        optional: &[
            "DelaySeconds",
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageSystemAttributes",
        ],
        integers: &["DelaySeconds"],
    },
    Api {
        service: "sns",
        action: "publish",
        required: &["Message"],
        optional: &[
            "MessageAttributes",
            "MessageDeduplicationId",
            "MessageGroupId",
            "MessageStructure",
            "PhoneNumber",
            "Subject",
            "TargetArn",
            "TopicArn",
        ],
        integers: &[],
    },
    Api {
        service: "dynamodb",
        action: "getItem",
        required: &["TableName", "Key"],
        optional: &[
            "AttributesToGet",
            "ConsistentRead",
            "ExpressionAttributeNames",
            "ProjectionExpression",
            "ReturnConsumedCapacity",
        ],
        integers: &[],
    },
    Api {
        service: "dynamodb",
        action: "putItem",
        required: &["TableName", "Item"],
        optional: WRITES,
        integers: &[],
    },
    Api {
        service: "dynamodb",
        action: "deleteItem",
        required: &["TableName", "Key"],
        optional: WRITES,
        integers: &[],
    },
    Api {
        service: "events",
        action: "putEvents",
        required: &["Entries"],
        optional: &["EndpointId"],
        integers: &[],
    },
];

const WRITES: &[&str] = &[
    "ConditionExpression",
    "ConditionalOperator",
    "Expected",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
    "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
];

/// What is given for a field.
pub(crate) enum Given<'v> {
    /// This.
    Value(&'v Value),
    /// What an expression will give.
    Later,
}

/// What is wrong with the fields that a Task gives to `resource`.
///
/// A field whose value is not known yet is looked at when it is: seen on AWS, a definition with
/// `TaskToken.$` beside the `Payload` of `lambda:invoke` is taken, and refused when it runs.
pub(crate) fn complaints<'v>(
    resource: &Resource,
    given: impl IntoIterator<Item = (&'v str, Given<'v>)>,
) -> Vec<String> {
    let Some(api) = api(resource) else {
        return Vec::new();
    };
    let mut missing = api.required.to_vec();
    let mut complaints = Vec::new();
    for (name, value) in given {
        missing.retain(|required| *required != name);
        let Given::Value(value) = value else { continue };
        if !api.required.contains(&name) && !api.optional.contains(&name) {
            complaints.push(format!(
                "The field \"{name}\" is not supported by Step Functions"
            ));
        } else if api.integers.contains(&name) && !value.is_i64() {
            complaints.push(format!(
                "The value for the field '{name}' must be an INTEGER"
            ));
        }
    }
    let missing = missing.into_iter();
    complaints
        .extend(missing.map(|name| format!("The field '{name}' is required but was missing")));
    complaints
}

fn api(resource: &Resource) -> Option<&'static Api> {
    let Resource::Service {
        service, action, ..
    } = resource
    else {
        return None;
    };
    let action = action.split('.').next().unwrap_or_default();
    let is_meant = |api: &&Api| api.service == service && api.action == action;
    APIS.iter().find(is_meant)
}
