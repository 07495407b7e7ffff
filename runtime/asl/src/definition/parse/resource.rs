//! `Resource`: who does a Task's work.

use super::fields::Fields;
use super::integrations;
use super::report::Problem;
use crate::definition::{Pattern, Resource};

/// The prefix of our own resources.
const WASM: &str = "wasm:";

/// The `Resource` of a Task.
pub(super) fn read(fields: &Fields<'_>) -> Option<Resource> {
    let text = fields.string("Resource")?;
    let resource = parse(text);
    if resource.is_none() {
        let place = fields.place.key("Resource");
        let message = if text.starts_with("arn:") {
            format!(
                "The resource provided {text} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region."
            )
        } else {
            "Value is not a valid resource ARN".to_owned()
        };
        let hint = "name a task module as wasm:NAME, a function by its Lambda ARN, or a service as arn:aws:states:::lambda:invoke";
        fields.report(Problem::schema(&place, message).hint(hint));
    }
    resource
}

fn parse(text: &str) -> Option<Resource> {
    if let Some(name) = text.strip_prefix(WASM) {
        let mut parts = name.split(':');
        let well_formed = parts.clone().count() <= 2 && parts.all(is_name);
        return well_formed.then(|| Resource::Wasm {
            text: text.to_owned(),
        });
    }
    let parts: Vec<&str> = text.split(':').collect();
    let &["arn", partition, service, region, account, ..] = parts.as_slice() else {
        return None;
    };
    if !matches!(partition, "aws" | "aws-cn" | "aws-us-gov") {
        return None;
    }
    let arn = text.to_owned();
    match (service, region, account, &parts[5..]) {
        ("states", "", "", rest) => service_of(arn, rest),
        ("lambda", region, account, ["function", name, qualifier @ ..])
            if is_placed(region, account)
                && !name.is_empty()
                && qualifier.len() <= 1
                && qualifier.iter().all(|qualifier| !qualifier.is_empty()) =>
        {
            Some(Resource::Lambda { arn })
        }
        ("states", region, account, ["activity", name])
            if is_placed(region, account) && !name.is_empty() =>
        {
            Some(Resource::Activity { arn })
        }
        _ => None,
    }
}

fn is_placed(region: &str, account: &str) -> bool {
    !region.is_empty() && account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'))
}

/// `[SERVICE, ACTION]`, `[aws-sdk, SERVICE, ACTION]`, either with a pattern (in which `:2` is
/// a part of its own).
fn service_of(arn: String, rest: &[&str]) -> Option<Resource> {
    let (rest, second) = match rest {
        [rest @ .., "2"] => (rest, true),
        _ => (rest, false),
    };
    let (service, last) = match rest {
        ["aws-sdk", service, last] if is_name(service) => (format!("aws-sdk:{service}"), *last),
        [service, last] => ((*service).to_owned(), *last),
        _ => return None,
    };
    let (name, pattern) = match last.split_once('.') {
        None => (last, Pattern::RequestResponse),
        Some((name, "sync")) if second => (name, Pattern::Sync2),
        Some((name, "sync")) => (name, Pattern::Sync),
        Some((name, "waitForTaskToken")) => (name, Pattern::WaitForTaskToken),
        Some(_) => return None,
    };
    if second && pattern != Pattern::Sync2 || !integrations::exists(&service, name, pattern) {
        return None;
    }
    let action = if second {
        format!("{last}:2")
    } else {
        last.to_owned()
    };
    Some(Resource::Service {
        arn,
        service,
        action,
        pattern,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<(&str, &str, Pattern)>) {
        let found = match parse(text) {
            Some(Resource::Service {
                service,
                action,
                pattern,
                ..
            }) => Some((service, action, pattern)),
            _ => None,
        };
        let expected = expected
            .map(|(service, action, pattern)| (service.to_owned(), action.to_owned(), pattern));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn services_with_their_patterns() {
        let arn = |rest: &str| format!("arn:aws:states:::{rest}");
        check(
            &arn("lambda:invoke"),
            Some(("lambda", "invoke", Pattern::RequestResponse)),
        );
        check(
            &arn("sqs:sendMessage.waitForTaskToken"),
            Some((
                "sqs",
                "sendMessage.waitForTaskToken",
                Pattern::WaitForTaskToken,
            )),
        );
        check(
            &arn("states:startExecution.sync"),
            Some(("states", "startExecution.sync", Pattern::Sync)),
        );
        check(
            &arn("states:startExecution.sync:2"),
            Some(("states", "startExecution.sync:2", Pattern::Sync2)),
        );
        check(
            &arn("aws-sdk:s3:getObject"),
            Some(("aws-sdk:s3", "getObject", Pattern::RequestResponse)),
        );
        for unknown in [
            "dynamodb:query",
            "lambda:invoke.sync",
            "lambda:invoke:2",
            "aws-sdk:s3",
            "lambda",
            "",
            "batch:submitJob.sync:2",
            "aws-sdk:s3:getObject.sync",
        ] {
            check(&arn(unknown), None);
        }
    }

    #[test]
    fn other_resources() {
        for good in [
            "arn:aws:lambda:us-east-1:123456789012:function:f",
            "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
            "arn:aws:states:us-east-1:123456789012:activity:a",
            "wasm:resize",
            "wasm:resize:3",
            "wasm:resize:live",
        ] {
            assert_eq!(parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "f",
            "wasm:",
            "wasm:a:b:c",
            "wasm:a b",
            "arn:aws:lambda:us-east-1:123456789012:function:",
            "arn:aws:lambda:us-east-1:12:function:f",
            "arn:gcp:lambda:us-east-1:123456789012:function:f",
            "arn:aws:states:us-east-1:123456789012:stateMachine:s",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
