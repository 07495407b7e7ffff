//! Compares an answer of ours with a recorded one, placeholders and all.
//!
//! `<name>` stands for some text, the same wherever it stands in a case. JSON inside a
//! string is shown parsed where it is an object. Inside a Parallel the recordings have the
//! events of all branches sorted, without ids, and without the state's own end.

use std::collections::HashMap;

use regex_lite::Regex;
use serde_json::Value;

/// What each placeholder stands for in this case.
pub(crate) type Bindings = HashMap<String, String>;

/// Words that stand for a moment, in whatever form.
const MOMENTS: [&str; 7] = [
    "timestamp",
    "datetime",
    "date",
    "<date>",
    "creation-date",
    "start-date",
    "stop-date",
];

/// Words that stand for a value without saying so.
const WORDS: [&str; 16] = [
    "sqs_queue_url",
    "a_task_token",
    "a_message_id",
    "start-time",
    "entered-time",
    "<start-time>",
    "<entered-time>",
    "snf_role_arn",
    "sfn_role_arn",
    "x-amzn-RequestId",
    "X-Amzn-Trace-Id",
    "bucket-name",
    "bucket_name",
    "map_run_arn",
    "lambda_function_name",
    "function_name",
];

/// Words that stand for a value within a longer text, without saying so.
const EMBEDDED: [&str; 6] = [
    "lambda_function_name",
    "activity_arn",
    "activity_name",
    "log_group_name",
    "ssm_nonexistent_arn",
    "invalid_execution_arn",
];

/// Fields of which only the shape can be compared: AWS alone makes their values.
const SHAPE_ONLY: [&str; 5] = [
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "stackTrace",
    "requestId",
    "RequestId",
];

/// Amounts that AWS measured: any of ours will do.
const MEASURED: [&str; 1] = ["billedDurationInMilliseconds"];

/// Compares two histories.
pub(crate) fn history(
    recorded: &[Value],
    ours: &[Value],
    bindings: &mut Bindings,
) -> Result<(), String> {
    let ours = as_recorded(recorded, ours);
    for (place, recorded) in recorded.iter().enumerate() {
        let Some(event) = ours.get(place) else {
            return Err(format!("event {} is missing: {recorded}", place + 1));
        };
        value("", recorded, event, bindings).map_err(|why| {
            format!(
                "event {}: {why}\n    recorded {recorded}\n    ours     {event}",
                place + 1
            )
        })?;
    }
    match ours.get(recorded.len()) {
        Some(event) => Err(format!("an event too many: {event}")),
        None => Ok(()),
    }
}

/// Our events in the order and with the gaps that the recording has for Parallels.
fn as_recorded(recorded: &[Value], ours: &[Value]) -> Vec<Value> {
    let sorted = recorded.iter().any(|event| event["id"].is_array());
    if !sorted {
        return ours.to_vec();
    }
    let dropped = ["ParallelStateSucceeded", "ParallelStateFailed"];
    let mut pool: Vec<Value> = ours
        .iter()
        .filter(|event| !dropped.contains(&event["type"].as_str().unwrap_or_default()))
        .cloned()
        .collect();
    let mut ordered = Vec::new();
    for event in recorded {
        let found = pool.iter().position(|candidate| {
            let same_id = event["id"].is_array() || event["id"] == candidate["id"];
            same_id && value("", event, candidate, &mut Bindings::new()).is_ok()
        });
        match found {
            Some(place) => ordered.push(pool.remove(place)),
            None => return ours.to_vec(),
        }
    }
    // A nested Parallel loses events in the recording; all others must be accounted for.
    let nested = recorded
        .iter()
        .filter(|e| e["type"] == "ParallelStateStarted")
        .count()
        > 1;
    if !nested {
        ordered.extend(pool);
    }
    ordered
}

/// Compares two values.
pub(crate) fn value(
    field: &str,
    recorded: &Value,
    ours: &Value,
    bindings: &mut Bindings,
) -> Result<(), String> {
    let differ = || Err(format!("{field}: {recorded} is {ours} here"));
    match (recorded, ours) {
        // How long AWS took: ours is in virtual time.
        (Value::Number(_), Value::Number(_)) if field == "billedDurationInMilliseconds" => Ok(()),
        (Value::Array(place), _) if field == "id" && place.len() == 1 => Ok(()),
        (Value::Number(_), _) if field == "previousEventId" && recorded == 0 => Ok(()),
        (Value::Object(_) | Value::Array(_), Value::String(text)) => {
            match serde_json::from_str::<Value>(text) {
                Ok(parsed) if !parsed.is_string() => value(field, recorded, &parsed, bindings),
                _ => differ(),
            }
        }
        (Value::Object(expected), Value::Object(actual)) => {
            if SHAPE_ONLY.contains(&field) {
                return Ok(());
            }
            for (key, expected) in expected {
                let Some(actual) = actual.get(key) else {
                    return Err(format!("{field}: no {key} here"));
                };
                value(key, expected, actual, bindings)?;
            }
            match actual.keys().find(|key| !expected.contains_key(*key)) {
                // Newer than some recordings; the newest have them.
                Some(key) if ["RedriveCount", "encryptionConfiguration"].contains(&&**key) => {
                    Ok(())
                }
                Some(key) => Err(format!("{field}: {key} is too much here")),
                None => Ok(()),
            }
        }
        (Value::Array(expected), Value::Array(actual)) => {
            if SHAPE_ONLY.contains(&field) {
                return Ok(());
            }
            if expected.len() != actual.len() {
                return differ();
            }
            expected
                .iter()
                .zip(actual)
                .try_for_each(|(e, a)| value(field, e, a, bindings))
        }
        (Value::Number(_), Value::Number(_)) if MEASURED.contains(&field) => Ok(()),
        (Value::String(word), Value::Number(_)) if MOMENTS.contains(&&**word) => Ok(()),
        (Value::String(expected), Value::String(actual)) => {
            if SHAPE_ONLY.contains(&field) || text(expected, actual, bindings) {
                Ok(())
            } else {
                differ()
            }
        }
        _ if recorded == ours => Ok(()),
        _ => differ(),
    }
}

fn text(recorded: &str, ours: &str, bindings: &mut Bindings) -> bool {
    let is_word = WORDS.contains(&recorded) || MOMENTS.contains(&recorded);
    if recorded == ours || is_word || recorded == "\"date\"" {
        return true;
    }
    let (pattern, names) = pattern(&marked(recorded));
    if let (Ok(a), Ok(b)) = (
        serde_json::from_str::<Value>(recorded),
        serde_json::from_str::<Value>(ours),
    ) {
        // Who put a placeholder into a list printed the list anew.
        if a.is_object() || a.is_array() && !names.is_empty() {
            return value("", &a, &b, bindings).is_ok();
        }
    }
    if names.is_empty() {
        return false;
    }
    let Ok(pattern) = Regex::new(&pattern) else {
        return false;
    };
    let Some(found) = pattern.captures(ours) else {
        return false;
    };
    names.iter().enumerate().all(|(place, name)| {
        let Some(found) = found.get(place + 1) else {
            return false;
        };
        // A function's name has several placeholders; times are never the same twice.
        let bound = bindings
            .entry(name.clone())
            .or_insert_with(|| found.as_str().to_owned());
        bound == found.as_str() || name.contains("timestamp") || name.contains("uuid")
    })
}

/// The recorded text with embedded words in the brackets of placeholders.
fn marked(recorded: &str) -> String {
    // A placeholder in a placeholder.
    let mut text = recorded.replace("<<task_token>:", "<task_token:");
    for word in EMBEDDED {
        if !text.contains(&format!("{word}>")) {
            text = text.replace(word, &format!("<{word}>"));
        }
    }
    // An alias's name, or what several have in common.
    Regex::new("([^<]|^)(state_machine_alias_(base_)?name)")
        .expect("a pattern")
        .replace_all(&text, "${1}<$2>")
        .into_owned()
}

/// The recorded text as a pattern, and the names of its placeholders.
fn pattern(recorded: &str) -> (String, Vec<String>) {
    let placeholder = Regex::new("<[A-Za-z_][A-Za-z0-9_:.-]*>").expect("a pattern");
    let (mut pattern, mut names, mut from) = (String::from("(?s)^"), Vec::new(), 0);
    for found in placeholder.find_iter(recorded) {
        pattern.push_str(&regex_lite::escape(&recorded[from..found.start()]));
        pattern.push_str("(.*?)");
        names.push(found.as_str().to_owned());
        from = found.end();
    }
    pattern.push_str(&regex_lite::escape(&recorded[from..]));
    pattern.push('$');
    (pattern, names)
}
