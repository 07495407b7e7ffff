//! A mocked result against a shape.
//!
//! The words for a missing field, a wrong type and a short blob are recorded; those for an
//! unexpected enum value are known; those for what is too long follow them. Numbers are not
//! held against their ranges: no words for that are known.

use serde_json::Value;

use super::file::{Bounds, Service, Shape, ShapeId};
use super::operation::Operation;

/// Holds a result against the operation's output. What no model describes fits.
///
/// # Errors
/// The first thing that does not fit.
pub(in crate::test_state) fn check(
    operation: &Operation<'_>,
    result: &Value,
    needs_required: bool,
) -> Result<(), String> {
    let service = Service::find(operation.service);
    let output = service
        .as_ref()
        .and_then(|service| Some((service, service.output(operation.action)?)));
    let Some((service, output)) = output else {
        return Ok(());
    };
    let check = Check {
        shapes: service.shapes(),
        parsed: operation.parsed,
        needs_required,
    };
    check.value("result", result, output)
}

struct Check<'s> {
    shapes: Vec<&'s str>,
    parsed: &'static [&'static str],
    needs_required: bool,
}

impl Check<'_> {
    /// `field` is where the value stands. The depth is bounded by the value's own.
    fn value(&self, field: &str, value: &Value, shape: ShapeId) -> Result<(), String> {
        let must_be = |what: &str| Err(format!("Field '{field}' must be {what}"));
        match (shape.shape(&self.shapes), value) {
            (Shape::Structure(members), Value::Object(fields)) => {
                if self.needs_required {
                    let mut required = members.iter().filter(|member| member.is_required);
                    if let Some(missing) = required.find(|member| !fields.contains_key(member.name))
                    {
                        return Err(format!("Required field '{}' is missing", missing.name));
                    }
                }
                fields.iter().try_for_each(|(name, value)| {
                    let member = members.iter().find(|member| member.name == name);
                    match member.filter(|_| !self.parsed.contains(&name.as_str())) {
                        None => Ok(()),
                        Some(member) => self.value(name, value, member.shape),
                    }
                })
            }
            (Shape::List(element, bounds), Value::Array(elements)) => {
                fits(field, elements.len(), bounds)?;
                elements
                    .iter()
                    .try_for_each(|e| self.value(field, e, element))
            }
            (Shape::Map(inner), Value::Object(fields)) => fields
                .values()
                .try_for_each(|v| self.value(field, v, inner)),
            (Shape::Text(bounds, values), Value::String(text)) => {
                fits(field, text.chars().count(), bounds)?;
                if values.is_empty() || values.contains(&text.as_str()) {
                    return Ok(());
                }
                Err(format!("Field '{field}' is not an expected value"))
            }
            (Shape::Blob(bounds), Value::String(text)) => {
                // Base64: three bytes in four characters.
                let bytes = text.trim_end_matches('=').len() * 3 / 4;
                fits(field, bytes, bounds)
            }
            (Shape::Anything, _)
            | (Shape::Timestamp, Value::String(_))
            | (Shape::Number, Value::Number(_))
            | (Shape::Boolean, Value::Bool(_)) => Ok(()),
            (Shape::Structure(_) | Shape::Map(_), _) => must_be("an object"),
            (Shape::List(..), _) => must_be("an array"),
            (Shape::Text(..) | Shape::Blob(_) | Shape::Timestamp, _) => must_be("a string"),
            (Shape::Number, _) => must_be("a number"),
            (Shape::Boolean, _) => must_be("a boolean"),
        }
    }
}

fn fits(field: &str, length: usize, bounds: Bounds) -> Result<(), String> {
    if length < bounds.min {
        return Err(format!(
            "Field '{field}' is smaller than the minimum length"
        ));
    }
    if length > bounds.max {
        return Err(format!("Field '{field}' is larger than the maximum length"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::Pattern;
    use serde_json::json;

    fn result_of(resource: &str, result: &Value, needs_required: bool) -> Result<(), String> {
        let (service, action) = resource.rsplit_once(':').unwrap();
        let operation = Operation::of(service, action, Pattern::RequestResponse).unwrap();
        check(&operation, result, needs_required)
    }

    fn fits(resource: &str, result: Value) {
        assert_eq!(
            result_of(resource, &result, true),
            Ok(()),
            "{resource} {result}"
        );
    }

    fn refused(resource: &str, result: Value, expected: &str) {
        let found = result_of(resource, &result, false).unwrap_err();
        assert_eq!(found, expected, "{resource} {result}");
    }

    #[test]
    fn what_a_service_could_answer_fits() {
        fits(
            "lambda:invoke",
            json!({"Payload": {"any": 1}, "StatusCode": 200}),
        );
        fits(
            "dynamodb:getItem",
            json!({"Item": {"id": {"S": "1"}, "l": {"L": [{"BOOL": true}]}}}),
        );
        fits(
            "sqs:sendMessage",
            json!({"MD5OfMessageBody": "x", "Md5OfMessageBody": "x"}),
        );
        fits(
            "aws-sdk:kms:encrypt",
            json!({"CiphertextBlob": "AQ==", "Unknown": 1}),
        );
        fits("aws-sdk:nothing:atAll", json!(1));
    }

    #[test]
    fn required_fields_are_needed_where_asked_for() {
        let result = json!({"ExecutionArn": "x"});
        let missing = Err("Required field 'StartDate' is missing".to_owned());
        assert_eq!(result_of("states:startExecution", &result, true), missing);
        assert_eq!(result_of("states:startExecution", &result, false), Ok(()));
    }

    #[test]
    fn what_it_could_not_is_refused_with_its_field() {
        let get_item = "dynamodb:getItem";
        refused(get_item, json!([]), "Field 'result' must be an object");
        refused(
            get_item,
            json!({"Item": []}),
            "Field 'Item' must be an object",
        );
        refused(
            get_item,
            json!({"Item": {"a": {"BOOL": 1}}}),
            "Field 'BOOL' must be a boolean",
        );
        refused(
            get_item,
            json!({"Item": {"a": {"L": 1}}}),
            "Field 'L' must be an array",
        );
        refused(
            "lambda:invoke",
            json!({"StatusCode": "200"}),
            "Field 'StatusCode' must be a number",
        );
        let algorithm = json!({"EncryptionAlgorithm": "ROT13"});
        refused(
            "aws-sdk:kms:encrypt",
            algorithm,
            "Field 'EncryptionAlgorithm' is not an expected value",
        );
        let key = json!({"KeyId": "k".repeat(3000)});
        refused(
            "aws-sdk:kms:encrypt",
            key,
            "Field 'KeyId' is larger than the maximum length",
        );
    }
}
