//! What an endpoint refuses with, and what can be done about it.

use std::fmt;

use asl::arn::Place;
use serde_json::Value;

use super::Reply;

/// Why an operation was not carried out.
#[derive(Debug)]
pub(in crate::cli) enum CallError {
    /// The endpoint says no.
    Refused(Refused),
    /// Nobody answers at its address.
    Unreachable(String),
    /// Something else went wrong.
    Failed(anyhow::Error),
}

/// A refusal.
#[derive(Debug)]
pub(in crate::cli) struct Refused {
    /// AWS's exception name.
    pub(in crate::cli) name: String,
    message: String,
    hint: Option<String>,
}

impl CallError {
    /// Whether it is a refusal of one of these names.
    pub(in crate::cli) fn is(&self, names: &[&str]) -> bool {
        matches!(self, Self::Refused(refused) if names.contains(&&*refused.name))
    }
}

impl Refused {
    /// Reads a refusal; none if it is not in AWS's form.
    pub(super) fn read(reply: &Reply, body: &Value, place: &Place) -> Option<Self> {
        let header = |wanted: &str| {
            let mut headers = reply.headers.iter();
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        let name = body["__type"].as_str().or(header("x-amzn-errortype"))?;
        // AWS's own answers have a namespace before the name, or a link after it.
        let name = name.rsplit('#').next().unwrap_or(name);
        let name = name.split(':').next().unwrap_or(name).to_owned();
        let message = ["message", "Message"];
        let message = message.iter().find_map(|field| body[*field].as_str());
        let message = message.unwrap_or(&name).to_owned();
        let hint = hint(&name, &message, place);
        Some(Self {
            name,
            message,
            hint,
        })
    }
}

/// What to do about a refusal, where its own words do not say.
fn hint(name: &str, message: &str, place: &Place) -> Option<String> {
    let Place { region, account_id } = place;
    Some(match name {
        "MissingAuthenticationTokenException" => "this server takes signed requests alone: set \
             AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to a key of its key file"
            .to_owned(),
        "UnrecognizedClientException" => "AWS_ACCESS_KEY_ID must be one of the server's key \
             file, and AWS_SESSION_TOKEN must not be set"
            .to_owned(),
        "InvalidSignatureException" if message.contains("region") => {
            "give the server's region with --region".to_owned()
        }
        "StateMachineDoesNotExist"
        | "ExecutionDoesNotExist"
        | "ResourceNotFoundException"
        | "ResourceNotFound"
            if message.contains(&format!(":{region}:{account_id}:")) =>
        {
            format!(
                "names are looked for in region {region}, account {account_id}; --region and \
                 --account-id say otherwise, or give an ARN"
            )
        }
        _ => return None,
    })
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refused) => refused.fmt(f),
            Self::Unreachable(told) => f.write_str(told),
            Self::Failed(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for CallError {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message == self.name {
            true => f.write_str(&self.name)?,
            false => write!(f, "{}: {}", self.name, self.message)?,
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use serde_json::json;

    fn told(headers: &[(&str, &str)], body: &Value) -> Option<String> {
        let headers = headers.iter();
        let reply = Reply {
            status: 400,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Bytes::new(),
        };
        Refused::read(&reply, body, &Place::default()).map(|refused| refused.to_string())
    }

    #[test]
    fn refusals_are_read_in_both_protocols() {
        let states = json!({ "__type": "com.amazonaws#InvalidArn", "message": "Invalid Arn: 'x'" });
        assert_eq!(told(&[], &states).unwrap(), "InvalidArn: Invalid Arn: 'x'");
        let headers = [("X-Amzn-ErrorType", "ResourceConflictException:http://x")];
        let lambda = json!({ "Message": "it is there" });
        let expected = "ResourceConflictException: it is there";
        assert_eq!(told(&headers, &lambda).unwrap(), expected);
        assert_eq!(told(&[], &json!({ "error": "no" })), None);
        assert_eq!(told(&[], &Value::Null), None);
    }

    #[test]
    fn what_can_be_done_is_said() {
        let arn = Place::default().state_machine("orders");
        let missing = json!({
            "__type": "StateMachineDoesNotExist",
            "message": format!("State Machine Does Not Exist: '{arn}'"),
        });
        let told = told(&[], &missing).unwrap();
        assert!(
            told.contains("hint: names are looked for in region us-east-1"),
            "{told}"
        );
    }
}
