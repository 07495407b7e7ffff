//! Which operation a request is, of which service, and on which resource: what the gate and
//! the audit must know before anything is done.

use api::Role;
use asl::arn::Place;
use axum::http::{Method, request};
use serde::Deserialize;

/// The service's name in `X-Amz-Target`.
pub(super) const TARGET: &str = "AWSStepFunctions.";

/// An operation that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operation {
    /// As signatures name it: `states`, `lambda`.
    pub(super) service: &'static str,
    /// Such as `StartExecution`; for REST the method and path.
    pub(super) name: String,
    /// The least role that may do it.
    pub(super) needed: Role,
}

impl Operation {
    /// The operation that a request's head names.
    pub(super) fn of(head: &request::Parts) -> Self {
        if head.uri.path() != "/" {
            return Self::rest(&head.method, head.uri.path());
        }
        let target = head.headers.get("x-amz-target");
        let target = target
            .and_then(|target| target.to_str().ok())
            .unwrap_or_default();
        let name = target.strip_prefix(TARGET).unwrap_or(target);
        Self {
            service: "states",
            name: name.to_owned(),
            needed: Role::needed(name),
        }
    }

    /// Lambda's API: what is read is read, what is invoked runs, all else changes.
    fn rest(method: &Method, path: &str) -> Self {
        let needed = match *method {
            Method::GET | Method::HEAD => Role::ReadOnly,
            Method::POST if path.ends_with("/invocations") => Role::Operate,
            _ => Role::Admin,
        };
        Self {
            service: "lambda",
            name: format!("{method} {path}"),
            needed,
        }
    }

    /// The longest body that is read for it.
    pub(super) fn body_bytes_max(&self) -> usize {
        match self.service {
            "lambda" => api::lambda::BODY_BYTES_MAX,
            _ => api::BODY_BYTES_MAX,
        }
    }

    /// Whether it changes anything.
    pub(super) fn changes(&self) -> bool {
        self.needed > Role::ReadOnly
    }

    /// As policies name it: `states:StartExecution`.
    pub(super) fn action(&self) -> String {
        format!("{}:{}", self.service, self.name)
    }
}

/// The fields that name a resource, in any request; all else in it is passed over.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    execution_arn: Option<String>,
    state_machine_arn: Option<String>,
    state_machine_version_arn: Option<String>,
    state_machine_alias_arn: Option<String>,
    activity_arn: Option<String>,
    map_run_arn: Option<String>,
    resource_arn: Option<String>,
    name: Option<String>,
}

/// The resource that a request or an answer names: its ARN, or the one that it is to get.
pub(super) fn resource(operation: &Operation, body: &[u8], home: &Place) -> Option<String> {
    if operation.service != "states" {
        let path = operation.name.split_once(' ').map(|(_, path)| path);
        return path.map(str::to_owned);
    }
    let named: Named = serde_json::from_slice(body).ok()?;
    let Named {
        execution_arn,
        state_machine_arn,
        state_machine_version_arn,
        state_machine_alias_arn,
        activity_arn,
        map_run_arn,
        resource_arn,
        name,
    } = named;
    let kind = match &*operation.name {
        "CreateStateMachine" => Some("stateMachine"),
        "CreateActivity" => Some("activity"),
        _ => None,
    };
    let to_be = kind.zip(name).map(|(kind, name)| {
        let Place { region, account_id } = home;
        format!("arn:aws:states:{region}:{account_id}:{kind}:{name}")
    });
    execution_arn
        .or(state_machine_alias_arn)
        .or(state_machine_version_arn)
        .or(state_machine_arn)
        .or(activity_arn)
        .or(map_run_arn)
        .or(resource_arn)
        .or(to_be)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn operation(method: &str, path: &str, target: &str) -> Operation {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("x-amz-target", target).body(()).unwrap();
        Operation::of(&request.into_parts().0)
    }

    #[test]
    fn the_head_says_what_is_asked() {
        let start = operation("POST", "/", "AWSStepFunctions.StartExecution");
        assert_eq!(start.action(), "states:StartExecution");
        assert_eq!(start.needed, Role::Operate);
        let functions = "/2015-03-31/functions";
        assert_eq!(operation("GET", functions, "").needed, Role::ReadOnly);
        assert_eq!(operation("POST", functions, "").needed, Role::Admin);
        let invoke = operation("POST", &format!("{functions}/f/invocations"), "");
        assert_eq!((invoke.service, invoke.needed), ("lambda", Role::Operate));
        assert_eq!(operation("POST", "/", "Nonsense").needed, Role::Admin);
    }

    #[test]
    fn resources_are_found_in_what_is_asked() {
        let home = Place::default();
        let told = |name: &str, body: &str| {
            let target = format!("AWSStepFunctions.{name}");
            resource(&operation("POST", "/", &target), body.as_bytes(), &home)
        };
        assert_eq!(
            told("StopExecution", r#"{"executionArn": "e"}"#).unwrap(),
            "e"
        );
        assert_eq!(
            told("CreateStateMachine", r#"{"name": "m", "definition": "{}"}"#).unwrap(),
            "arn:aws:states:us-east-1:123456789012:stateMachine:m"
        );
        let started = told("StartExecution", r#"{"stateMachineArn": "m", "name": "n"}"#);
        assert_eq!(started.unwrap(), "m");
        assert_eq!(told("StopExecution", "[]"), None);
    }
}
