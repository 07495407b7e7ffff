//! Whether an answer is one that AWS's model allows.

use api::Answer;
use serde_json::Value;

use super::{MODEL, Shape};

/// Checks an answer of an operation: a success by its output's shape, a refusal by its name
/// and status.
pub(crate) fn answer(operation: &str, answer: &Answer) -> Result<(), String> {
    if answer.status == 200 {
        let output = &MODEL.operations[operation].output;
        return value(output, "", &answer.body);
    }
    let name = answer.body["__type"].as_str().unwrap_or_default();
    if !MODEL.may_refuse(operation, name) {
        return Err(format!("{operation} must not refuse with {name:?}"));
    }
    if !answer.body["message"].is_string() {
        return Err(format!("{name} without a message"));
    }
    let expected = match name {
        "ConflictException" => 409,
        "ServiceQuotaExceededException" => 402,
        _ => 400,
    };
    match answer.status == expected {
        true => Ok(()),
        false => Err(format!("{name} with status {}", answer.status)),
    }
}

fn value(name: &str, path: &str, value: &Value) -> Result<(), String> {
    let shape = MODEL.shape(name);
    let wrong = |what: &str| Err(format!("{path}: {what}, for a {name}: {value}"));
    match (&*shape.kind, value) {
        ("structure", Value::Object(_)) => structure(shape, path, value),
        ("list", Value::Array(elements)) => {
            let member = shape
                .member
                .as_deref()
                .expect("a list's model says of what");
            if !within(shape, elements.len()) {
                return wrong("a bound is crossed");
            }
            for (place, element) in elements.iter().enumerate() {
                self::value(member, &format!("{path}/{place}"), element)?;
            }
            Ok(())
        }
        ("map", Value::Object(entries)) => {
            let of = shape.value.as_deref().expect("a map's model says of what");
            for (key, entry) in entries {
                self::value(of, &format!("{path}/{key}"), entry)?;
            }
            Ok(())
        }
        ("string", Value::String(text)) => {
            let is_word = shape.words.is_empty() || shape.words.contains(text);
            match is_word && within(shape, text.chars().count()) {
                true => Ok(()),
                false => wrong("a bound is crossed, or it is not in the enum"),
            }
        }
        ("integer" | "long", Value::Number(number)) if !number.is_f64() => Ok(()),
        ("float" | "double" | "timestamp", Value::Number(_)) | ("boolean", Value::Bool(_)) => {
            Ok(())
        }
        _ => wrong("a wrong type"),
    }
}

fn structure(shape: &Shape, path: &str, value: &Value) -> Result<(), String> {
    let fields = value.as_object().expect("the caller looked");
    if let Some(missing) = shape
        .required
        .iter()
        .find(|name| !fields.contains_key(*name))
    {
        return Err(format!("{path}: {missing} is missing"));
    }
    for (field, value) in fields {
        let Some(name) = shape.members.get(field) else {
            return Err(format!("{path}: {field} is unknown to the model"));
        };
        self::value(name, &format!("{path}/{field}"), value)?;
    }
    Ok(())
}

fn within(shape: &Shape, size: usize) -> bool {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    shape.min.is_none_or(|min| size >= min) && shape.max.is_none_or(|max| size <= max)
}
