//! Requests that no client of good will sends: what must not end in a fault of ours.

use serde_json::{Value, json};

use super::baseline::arn;

/// Texts for any field that takes one.
pub(super) fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\u{0}",
        "\u{7f}\u{9f}\u{feff}\u{10ffff}",
        "a\nb",
        "../../etc/passwd",
        "'; DROP TABLE rows; --",
        "%00",
        "{}",
        "null",
        "arn:aws:states",
        "arn:aws:states:::",
        "arn:aws:states:us-east-1:111111111111:",
        "arn:aws:lambda:us-east-1:111111111111:function:f",
        "arn:aws:states:eu-west-1:222222222222:stateMachine:orders",
        "9",
        "🦀",
    ]
    .map(str::to_owned)
    .to_vec();
    let resources = [
        "stateMachine:nobody",
        "stateMachine:orders",
        "stateMachine:orders:1",
        "stateMachine:orders:99999999999999999999999999",
        "stateMachine:orders:nobody",
        "stateMachine:orders:1:1",
        "stateMachine:orders/label",
        "stateMachine:orders/label:1",
        "stateMachine:",
        "stateMachine::1",
        "execution:orders:nobody",
        "execution:orders",
        "execution:orders:a:b",
        "execution::",
        "express:quick:a:b",
        "activity:nobody",
        "activity:a:b",
        "mapRun:orders/a:b",
        "mapRun:orders",
        "nothing:orders",
    ];
    texts.extend(resources.map(arn));
    texts
}

/// Bodies that are no request.
pub(super) fn bodies() -> Vec<Vec<u8>> {
    let deep = "[".repeat(100_000);
    let mut bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "null",
        "7",
        "\"x\"",
        "[]",
        "{",
        "{\"a\":}",
        "{\"a\": 1e999}",
        "{} {}",
        "NaN",
        &deep,
        &format!("{{\"name\": {deep}"),
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    bodies.push(b"\xff\xfe{}".to_vec());
    bodies.push(b"{\"name\": \"\xc3\x28\"}".to_vec());
    bodies.push(b"{\"name\": \"\\ud800\"}".to_vec());
    bodies.push(vec![b' '; api::BODY_BYTES_MAX + 1]);
    bodies
}

/// A request with a text put in place of each of its texts, one at a time.
pub(super) fn with_text(right: &Value, text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    places(right, &mut |place| {
        let mut body = right.clone();
        if let Some(value) = body.pointer_mut(place) {
            *value = json!(text);
        }
        found.push(body);
    });
    found
}

fn places(value: &Value, found: &mut dyn FnMut(&str)) {
    let mut inner = |key: &str, value: &Value| {
        places(value, &mut |place| found(&format!("/{key}{place}")));
    };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| inner(key, value)),
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            elements.for_each(|(place, value)| inner(&place.to_string(), value));
        }
        Value::String(_) => found(""),
        _ => {}
    }
}
