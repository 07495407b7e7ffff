//! The ARNs that requests bear: what each operation takes, and AWS's words for the rest.

use asl::arn::Place;

use crate::ApiError;

/// An ARN of Step Functions, in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// As it was written.
    pub(crate) text: &'a str,
    /// `stateMachine`, `execution`, `express`, `activity`, `mapRun`.
    pub(crate) kind: &'a str,
    /// What stands after the kind.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN of one of these kinds.
    ///
    /// # Errors
    /// `InvalidArn`.
    pub(crate) fn of(text: &'a str, kinds: &[&str]) -> Result<Self, ApiError> {
        let arn = Self::parse(text)?;
        if !kinds.contains(&arn.kind) {
            let why = format!("Resource type not valid in this context: {}", arn.kind);
            return Err(ApiError::invalid_arn(why));
        }
        Ok(arn)
    }

    /// Reads the ARN of a Map Run: `…:mapRun:MACHINE/LABEL:ID`.
    ///
    /// # Errors
    /// `InvalidArn`.
    pub(crate) fn map_run(text: &'a str) -> Result<Self, ApiError> {
        let arn = Self::of(text, &["mapRun"])?;
        let parts = arn.resource.split_once('/');
        match parts.and_then(|(machine, run)| Some((machine, run.split_once(':')?))) {
            Some((machine, (label, id)))
                if ![machine, label, id].contains(&"") && !id.contains(':') =>
            {
                Ok(arn)
            }
            _ => Err(ApiError::invalid_arn(format!(
                "Invalid ARN resource: {text}"
            ))),
        }
    }

    fn parse(text: &'a str) -> Result<Self, ApiError> {
        let parts: Vec<&str> = text.splitn(7, ':').collect();
        let refused = |why: &str| Err(ApiError::invalid_arn(format!("{why}: {text}")));
        match parts.as_slice() {
            ["arn", partition, "states", region, account, kind, resource]
                if !partition.is_empty() =>
            {
                if region.is_empty() {
                    return refused("Invalid ARN region");
                }
                if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
                    return refused("Invalid ARN account");
                }
                if resource.is_empty() {
                    return refused("Invalid ARN resource");
                }
                Ok(Self {
                    text,
                    kind,
                    resource,
                })
            }
            ["arn", _, service, ..] if *service != "states" => refused("Invalid ARN service"),
            ["arn", _, ..] => refused("Invalid ARN resource"),
            _ => refused("Invalid ARN prefix"),
        }
    }
}

/// The region and account of an ARN that was read before.
pub(crate) fn place(arn: &str) -> Place {
    let mut parts = arn.split(':').skip(3).map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    Place {
        region: part(),
        account_id: part(),
    }
}

/// A state machine's ARN, taken apart at its qualifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineArn<'a> {
    /// As it was written.
    pub(crate) text: &'a str,
    /// Without a qualifier.
    pub(crate) machine: &'a str,
    /// A version's number or an alias's name.
    pub(crate) qualifier: Option<&'a str>,
}

impl<'a> MachineArn<'a> {
    /// Reads the ARN of a state machine, of a version or of an alias.
    ///
    /// # Errors
    /// `InvalidArn`, or `ValidationException` for that of a Map state (`…:orders/label`).
    pub(crate) fn read(text: &'a str) -> Result<Self, ApiError> {
        let arn = Arn::of(text, &["stateMachine"])?;
        if arn.resource.contains('/') {
            return Err(ApiError {
                reason: Some("API_DOES_NOT_SUPPORT_LABELED_ARNS"),
                ..ApiError::validation(format!(
                    "This operation does not accept the ARN of a Map state: {text}"
                ))
            });
        }
        let (name, qualifier) = match arn.resource.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (arn.resource, None),
        };
        let is_sound = |part: &str| !part.is_empty() && !part.contains(':');
        if !is_sound(name) || !qualifier.is_none_or(is_sound) {
            return Err(ApiError::invalid_arn(format!(
                "Invalid ARN resource: {text}"
            )));
        }
        let length = qualifier.map_or(0, |qualifier| qualifier.len() + 1);
        Ok(Self {
            text,
            machine: &text[..text.len() - length],
            qualifier,
        })
    }

    /// The version that the qualifier is, if it is one.
    pub(crate) fn version(&self) -> Option<u64> {
        self.qualifier?.parse().ok()
    }

    /// Reads the ARN of a state machine, neither version nor alias.
    ///
    /// # Errors
    /// `InvalidArn`, or `ValidationException` for one that is qualified.
    pub(crate) fn unqualified(text: &'a str) -> Result<Self, ApiError> {
        let arn = Self::read(text)?;
        match arn.qualifier {
            None => Ok(arn),
            Some(_) => Err(ApiError::validation(format!(
                "This operation does not accept the ARN of a version or an alias: {text}"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        MachineArn::read(text).unwrap_err().message
    }

    #[test]
    fn arns_are_taken_apart() {
        let text = "arn:aws:states:us-east-1:123456789012:stateMachine:orders:live";
        let arn = MachineArn::read(text).unwrap();
        assert_eq!(arn.machine, text.strip_suffix(":live").unwrap());
        assert_eq!(arn.qualifier, Some("live"));
        assert_eq!(MachineArn::read(arn.machine).unwrap().qualifier, None);
    }

    #[test]
    fn arns_of_map_runs_have_three_parts() {
        let read = |resource| {
            Arn::map_run(&format!(
                "arn:aws:states:us-east-1:123456789012:mapRun:{resource}"
            ))
            .is_ok()
        };
        assert!(read("orders/each:4af8"));
        for resource in [
            "orders",
            "orders/each",
            "/each:a",
            "orders/:a",
            "orders/each:",
            "a/b:c:d",
        ] {
            assert!(!read(resource), "{resource}");
        }
    }

    #[test]
    fn arns_of_map_states_are_refused() {
        let text = "arn:aws:states:us-east-1:123456789012:stateMachine:orders/each";
        let refused = MachineArn::read(text).unwrap_err();
        assert_eq!(refused.name, "ValidationException");
        assert_eq!(refused.reason, Some("API_DOES_NOT_SUPPORT_LABELED_ARNS"));
    }

    #[test]
    fn wrong_ones_are_refused_in_aws_words() {
        assert_eq!(
            refused("invalid_arn"),
            "Invalid Arn: 'Invalid ARN prefix: invalid_arn'"
        );
        assert_eq!(
            refused("arn:aws:states:us-east-1:123456789012:express:a:b:c"),
            "Invalid Arn: 'Resource type not valid in this context: express'"
        );
        for text in [
            "arn:aws:states:us-east-1:123456789012:stateMachine:",
            "arn:aws:states:us-east-1:123456789012:stateMachine::1",
            "arn:aws:states:us-east-1:123456789012:stateMachine:a:",
            "arn:aws:states:us-east-1:123456789012:stateMachine:a:b:c",
            "arn:aws:states::123456789012:stateMachine:a",
            "arn:aws:states:us-east-1::stateMachine:a",
            "arn:aws:lambda:us-east-1:123456789012:function:a",
            "arn:aws",
        ] {
            assert!(
                refused(text).starts_with("Invalid Arn: 'Invalid ARN "),
                "{text}"
            );
        }
    }
}
