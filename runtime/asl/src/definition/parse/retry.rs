//! `Retry` and `Catch`.

use serde_json::Value;

use super::fields::{Fields, Shape};
use super::flow::Site;
use super::report::Problem;
use crate::definition::{Catcher, Jitter, QueryLanguage, ResultPath, Retrier};
use crate::limits;

const RETRIER: Shape = Shape {
    required: &["ErrorEquals"],
    both: &[
        "BackoffRate",
        "Comment",
        "ErrorEquals",
        "IntervalSeconds",
        "JitterStrategy",
        "MaxAttempts",
        "MaxDelaySeconds",
    ],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

const CATCHER: Shape = Shape {
    required: &["ErrorEquals", "Next"],
    both: &["Assign", "Comment", "ErrorEquals", "Next"],
    jsonpath: &["ResultPath"],
    jsonata: &["Output"],
    exclusive: &[],
    one_of: &[],
};

/// Most retries (AWS, as its validation says).
const MAX_ATTEMPTS_MAX: u64 = 99_999_999;

/// The name that matches nearly every error.
const ALL: &str = "States.ALL";

/// `Retry`: `None` when one of them has an error.
pub(super) fn retriers(fields: &Fields<'_>) -> Option<Vec<Retrier>> {
    each(fields, "Retry", |entry, error_equals| {
        entry.check(&[&RETRIER], false);
        let interval = entry.integer("IntervalSeconds", 0, limits::SECONDS_MAX);
        let max_delay = entry.integer("MaxDelaySeconds", 1, limits::MAX_DELAY_SECONDS_MAX);
        let interval_seconds = interval.unwrap_or(1);
        if max_delay.is_some_and(|max| max <= interval_seconds) {
            let place = entry.place.key("MaxDelaySeconds");
            let message = "The value for the field 'MaxDelaySeconds' must be greater than the value for the field 'IntervalSeconds'";
            entry.report(Problem::schema(&place, message));
        }
        let jitter = match entry.one_of("JitterStrategy", &["NONE", "FULL"]) {
            Some("FULL") => Jitter::Full,
            _ => Jitter::None,
        };
        let max_attempts = entry
            .integer("MaxAttempts", 0, MAX_ATTEMPTS_MAX)
            .unwrap_or(3);
        let backoff_rate = entry.number("BackoffRate", 1.0, f64::MAX).unwrap_or(2.0);
        Some(Retrier {
            error_equals: error_equals?,
            interval_seconds,
            max_attempts,
            backoff_rate,
            max_delay_seconds: max_delay,
            jitter,
        })
    })
}

/// `Catch`: `None` when one of them has an error.
pub(super) fn catchers(site: &Site<'_>, fields: &Fields<'_>) -> Option<Vec<Catcher>> {
    each(fields, "Catch", |entry, error_equals| {
        entry.check(&[&CATCHER], false);
        let next = site.target(entry, "Next");
        let assign = entry.assign();
        let (result, output) = match entry.language {
            QueryLanguage::JsonPath => (entry.result_path(), None),
            QueryLanguage::Jsonata => (ResultPath::default(), entry.template("Output")),
        };
        Some(Catcher {
            error_equals: error_equals?,
            next: next?,
            result,
            output,
            assign,
        })
    })
}

/// Reads each element of `Retry` or `Catch`, with its `ErrorEquals`.
fn each<T>(
    fields: &Fields<'_>,
    name: &str,
    mut read: impl FnMut(&Fields<'_>, Option<Vec<String>>) -> Option<T>,
) -> Option<Vec<T>> {
    let items = match fields.value(name) {
        None => return Some(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => {
            fields.wrong_type(name, "[ARRAY]");
            return None;
        }
    };
    let list = fields.place.key(name);
    let mut all = Some(Vec::with_capacity(items.len()));
    for (index, item) in items.iter().enumerate() {
        let read = fields.part(list.index(index), item).and_then(|entry| {
            let is_last = index + 1 == items.len();
            let names = error_equals(&entry, is_last);
            read(&entry, names)
        });
        all = all.zip(read).map(|(mut all, entry)| {
            all.push(entry);
            all
        });
    }
    all
}

fn error_equals(entry: &Fields<'_>, is_last: bool) -> Option<Vec<String>> {
    let items = entry.filled_array("ErrorEquals")?;
    let list = entry.place.key("ErrorEquals");
    let mut names = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let place = list.index(index);
        let Value::String(name) = item else {
            entry.report(Problem::schema(&place, "Expected value of type [STRING]"));
            continue;
        };
        if name == ALL && (items.len() > 1 || !is_last) {
            let message = "States.ALL must appear alone and at end of list";
            entry.report(Problem::schema(&place, message));
        }
        names.push(name.clone());
    }
    Some(names)
}
