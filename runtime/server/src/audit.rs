//! The audit: a line for each change that was asked for, and for each request that was refused
//! entry. In the words of AWS CloudTrail, a JSON object a line.
//!
//! Source: AWS CloudTrail, "Record contents". `responseElements` and `requestParameters` are
//! left out: they hold what executions work on.

use std::net::SocketAddr;

use asl::Timestamp;
use serde_json::{Map, Value, json};

use crate::access::Principal;

/// What was asked, by whom, and what came of it.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) at: Timestamp,
    /// Such as `states`.
    pub(crate) service: &'a str,
    /// Such as `StartExecution`.
    pub(crate) operation: &'a str,
    pub(crate) region: &'a str,
    pub(crate) peer: Option<SocketAddr>,
    /// None when nobody was let in.
    pub(crate) principal: Option<&'a Principal>,
    pub(crate) request_id: &'a str,
    pub(crate) resource: Option<&'a str>,
    /// The exception that refused it; none when it was done.
    pub(crate) error: Option<&'a str>,
}

impl Entry<'_> {
    /// The entry as a line.
    pub(crate) fn line(&self) -> String {
        let mut line = Map::new();
        let mut put = |field: &str, value: Value| line.insert(field.into(), value);
        put("eventTime", self.at.to_string().into());
        put(
            "eventSource",
            format!("{}.amazonaws.com", self.service).into(),
        );
        put("eventName", self.operation.into());
        put("awsRegion", self.region.into());
        if let Some(peer) = self.peer {
            put("sourceIPAddress", peer.ip().to_string().into());
        }
        put("userIdentity", self.identity());
        put("requestID", self.request_id.into());
        if let Some(resource) = self.resource {
            put("resources", json!([{ "ARN": resource }]));
        }
        if let Some(error) = self.error {
            put("errorCode", error.into());
        }
        Value::Object(line).to_string()
    }

    fn identity(&self) -> Value {
        let Some(principal) = self.principal else {
            return json!({ "type": "Unknown" });
        };
        let mut identity = json!({ "type": "IAMUser", "role": principal.role.to_string() });
        for (field, text) in [
            ("accessKeyId", &principal.key_id),
            ("userName", &principal.user),
        ] {
            if let Some(text) = text {
                identity[field] = (**text).into();
            }
        }
        identity
    }
}

#[cfg(test)]
mod tests {
    use api::Role;

    use super::*;

    #[test]
    fn a_line_says_who_did_what_to_which_resource_and_how_it_went() {
        let principal = Principal {
            key_id: Some("AKID".into()),
            user: Some("ci".into()),
            role: Role::Operate,
        };
        let entry = Entry {
            at: Timestamp(0),
            service: "states",
            operation: "StopExecution",
            region: "us-east-1",
            peer: Some(([127, 0, 0, 1], 4).into()),
            principal: Some(&principal),
            request_id: "r-1",
            resource: Some("arn:aws:states:us-east-1:123456789012:execution:m:e"),
            error: Some("ExecutionDoesNotExist"),
        };
        assert_eq!(
            entry.line(),
            r#"{"eventTime":"1970-01-01T00:00:00.000Z","eventSource":"states.amazonaws.com","#
                .to_owned()
                + r#""eventName":"StopExecution","awsRegion":"us-east-1","sourceIPAddress":"127.0.0.1","#
                + r#""userIdentity":{"type":"IAMUser","role":"operate","accessKeyId":"AKID","userName":"ci"},"#
                + r#""requestID":"r-1","resources":[{"ARN":"arn:aws:states:us-east-1:123456789012:execution:m:e"}],"#
                + r#""errorCode":"ExecutionDoesNotExist"}"#
        );
    }
}
