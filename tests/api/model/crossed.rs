//! Wrong requests, made from a right one and the model: each required field left out, each
//! bound crossed, each type exchanged for every other.

use serde_json::{Value, json};

use super::{MODEL, Shape};

/// A wrong request.
pub(super) struct Wrong {
    /// What is wrong with it.
    pub(super) what: String,
    pub(super) body: Value,
    /// The exception that it must be refused with.
    refusal: &'static str,
    /// What the message must say.
    says: Vec<String>,
}

impl Wrong {
    /// Whether a refusal is the right one, and says what it must.
    pub(super) fn is_told(&self, refusal: &Value) -> bool {
        let told = refusal["message"].as_str().unwrap_or_default();
        refusal["__type"] == self.refusal && self.says.iter().all(|word| told.contains(word))
    }

    /// The same within something greater.
    fn put(self, put: impl FnOnce(Value) -> Value) -> Self {
        Self {
            body: put(self.body),
            ..self
        }
    }
}

/// Every wrong request of an operation.
pub(super) fn all(operation: &str, right: &Value) -> Vec<Wrong> {
    let input = MODEL.shape(&MODEL.operations[operation].input);
    structure(input, "", right)
}

/// The wrong forms of a structure: of each of its members, and of those within.
fn structure(shape: &Shape, path: &str, right: &Value) -> Vec<Wrong> {
    let mut found = Vec::new();
    for (member, name) in &shape.members {
        let here = format!("{path}{member}");
        let mut wrong = value(MODEL.shape(name), &here, &right[member]);
        if shape.required.contains(member) {
            wrong.push(Wrong {
                what: format!("{here} left out"),
                body: Value::Null,
                refusal: "ValidationException",
                says: vec![format!("'{here}'"), "must not be null".into()],
            });
        }
        found.extend(wrong.into_iter().map(|wrong| {
            wrong.put(|value| {
                let mut body = right.clone();
                body[member] = value;
                body
            })
        }));
    }
    found
}

/// The wrong forms of a value.
fn value(shape: &Shape, path: &str, right: &Value) -> Vec<Wrong> {
    let mut found = mistyped(shape, path);
    match (&*shape.kind, &shape.member) {
        ("structure", _) => found.extend(structure(shape, &format!("{path}."), right)),
        ("list", Some(element)) => {
            found.extend(sizes(shape).map(|(size, bound)| {
                let elements = vec![right[0].clone(); size];
                crossed(path, elements.into(), vec![bound])
            }));
            let element = MODEL.shape(element);
            let of_structures = element.kind == "structure";
            let path = format!("{path}.1.member{}", if of_structures { "." } else { "" });
            let inner = match of_structures {
                true => structure(element, &path, &right[0]),
                false => value(element, &path, &right[0]),
            };
            found.extend(
                inner
                    .into_iter()
                    .map(|wrong| wrong.put(|value| json!([value]))),
            );
        }
        ("string", _) if !shape.words.is_empty() => {
            // The message tells every word there is.
            found.push(crossed(path, "NO_SUCH_WORD".into(), shape.words.clone()));
        }
        ("string", _) => {
            let texts = sizes(shape).map(|(size, bound)| ("a".repeat(size), bound));
            found.extend(texts.map(|(text, bound)| crossed(path, text.into(), vec![bound])));
            if let Some(pattern) = &shape.pattern {
                found.push(crossed(path, "é".into(), vec![pattern.clone()]));
            }
        }
        ("integer" | "long" | "float", _) => {
            let bounds = [
                shape.min.map(|min| (min - 1, min)),
                shape.max.map(|max| (max + 1, max)),
            ];
            let bounds = bounds.into_iter().flatten();
            found.extend(bounds.map(|(value, bound)| {
                crossed(path, value.into(), vec![format!("equal to {bound}")])
            }));
        }
        _ => {}
    }
    found
}

/// The sizes that a text or a list must not have, each with what the message then says.
fn sizes(shape: &Shape) -> impl Iterator<Item = (usize, String)> {
    let low = shape.min.map(|min| (min - 1, min));
    let high = shape.max.map(|max| (max + 1, max));
    let both = low.into_iter().chain(high);
    both.filter_map(|(size, bound)| {
        let size = usize::try_from(size).ok()?;
        Some((size, format!("equal to {bound}")))
    })
}

fn crossed(path: &str, body: Value, mut says: Vec<String>) -> Wrong {
    says.push(format!("'{path}' failed to satisfy constraint"));
    let bytes = body.to_string().len();
    Wrong {
        what: format!("{path} crossed, {bytes} bytes"),
        body,
        refusal: "ValidationException",
        says,
    }
}

/// A value of every other type.
fn mistyped(shape: &Shape, path: &str) -> Vec<Wrong> {
    let right: &[&str] = match &*shape.kind {
        "structure" | "map" => &["object"],
        "list" => &["list"],
        "string" => &["string"],
        "boolean" => &["boolean"],
        "float" | "double" => &["integer", "decimal"],
        _ => &["integer"],
    };
    let all = [
        ("object", json!({})),
        ("list", json!([])),
        ("string", json!("x")),
        ("boolean", json!(true)),
        ("integer", json!(1)),
        ("decimal", json!(1.5)),
    ];
    let wrong = all.into_iter().filter(|(kind, _)| !right.contains(kind));
    wrong
        .map(|(kind, body)| Wrong {
            what: format!("{path} of type {kind}"),
            body,
            refusal: "SerializationException",
            says: Vec::new(),
        })
        .collect()
}
