//! Wrong requests, made from a right one and the model: each required field left out, each
//! bound crossed, each type exchanged for every other.

use serde_json::{Value, json};

use super::{MODEL, Shape};

/// A wrong request.
pub(super) struct Wrong {
    /// What is wrong with it.
    pub(super) what: String,
    pub(super) body: Value,
    /// The exception that it must be refused with, where the service's front decides.
    pub(super) refusal: &'static str,
}

/// Every wrong request of an operation.
pub(super) fn all(operation: &str, right: &Value) -> Vec<Wrong> {
    let mut found = Vec::new();
    let input = &MODEL.operations[operation].input;
    within(MODEL.shape(input), "", right, &mut |wrong| {
        found.push(wrong)
    });
    found
}

/// The wrong forms of a structure: of each of its members, and of those within.
fn within(shape: &Shape, path: &str, right: &Value, found: &mut dyn FnMut(Wrong)) {
    for (member, name) in &shape.members {
        let path = format!("{path}/{member}");
        let with = |value: Value| {
            let mut body = right.clone();
            body[member] = value;
            body
        };
        let mut wrong = |what: String, value: Value, refusal| {
            found(Wrong {
                what: format!("{path}: {what}"),
                body: with(value),
                refusal,
            });
        };
        if shape.required.contains(member) {
            wrong("left out".into(), Value::Null, "ValidationException");
        }
        let shape = MODEL.shape(name);
        for value in crossing(shape) {
            let size = value.to_string().len();
            wrong(
                format!("crossed, {size} bytes"),
                value,
                "ValidationException",
            );
        }
        for value in mistyped(shape) {
            wrong(format!("{value}"), value, "SerializationException");
        }
        deeper(shape, &path, &right[member], &mut |inner| {
            found(Wrong {
                body: with(inner.body),
                ..inner
            });
        });
    }
}

/// The wrong forms of what is within a member.
fn deeper(shape: &Shape, path: &str, right: &Value, found: &mut dyn FnMut(Wrong)) {
    match &shape.member {
        None if shape.kind == "structure" => within(shape, path, right, found),
        None => {}
        Some(element) => {
            let element = MODEL.shape(element);
            let mut put = |inner: Wrong| {
                found(Wrong {
                    body: json!([inner.body]),
                    ..inner
                });
            };
            for value in mistyped(element) {
                put(Wrong {
                    what: format!("{path}/0: {value}"),
                    body: value,
                    refusal: "SerializationException",
                });
            }
            deeper(element, &format!("{path}/0"), &right[0], &mut put);
        }
    }
}

/// Values of the right type that the shape does not allow.
fn crossing(shape: &Shape) -> Vec<Value> {
    let sizes = [shape.min.map(|min| min - 1), shape.max.map(|max| max + 1)];
    let sizes = sizes.into_iter().flatten();
    match &*shape.kind {
        "string" if !shape.words.is_empty() => vec!["NO_SUCH_WORD".into(), "".into()],
        "string" => {
            let sizes = sizes.filter_map(|size| usize::try_from(size).ok());
            let mut values: Vec<Value> = sizes.map(|size| "a".repeat(size).into()).collect();
            if shape.pattern.is_some() {
                values.push("é".into());
            }
            values
        }
        "integer" | "long" | "float" => sizes.map(Value::from).collect(),
        // A list of structures that are wrong themselves would be refused for those.
        "list" => Vec::new(),
        _ => Vec::new(),
    }
}

/// Values of every other type.
fn mistyped(shape: &Shape) -> Vec<Value> {
    let (right, others): (&[&str], Vec<(&str, Value)>) = (
        match &*shape.kind {
            "structure" | "map" => &["object"],
            "list" => &["list"],
            "string" => &["string"],
            "boolean" => &["boolean"],
            "float" | "double" => &["integer", "decimal"],
            _ => &["integer"],
        },
        vec![
            ("object", json!({})),
            ("list", json!([])),
            ("string", json!("x")),
            ("boolean", json!(true)),
            ("integer", json!(1)),
            ("decimal", json!(1.5)),
        ],
    );
    let wrong = others.into_iter().filter(|(kind, _)| !right.contains(kind));
    wrong.map(|(_, value)| value).collect()
}
