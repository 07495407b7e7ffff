//! Of paths, calls and expressions.

use std::borrow::Cow;

use asl::Timestamp;
use asl::query::intrinsics::Intrinsic;
use asl::query::jsonata::{EvaluationError, Expression, Limit};
use asl::query::jsonpath::{Path, ReferencePath};
use asl::query::{Budget, Draws, Scope, SyntaxError, Variables};
use serde_json::{Value, json};

use super::raw;
use crate::generators::{self, Choices, Step};

/// The part of a state's budget that one evaluation gets here: enough for what is usual, and
/// little enough that what is not takes milliseconds.
const SHARE: u32 = 40;

/// How often an evaluation is tried again that the clock ended. On a machine that is busy with
/// other things, ten seconds may pass while it gets a tenth of one.
const TRIES_MAX: usize = 4;

/// Evaluates twice, each time with the same scope, chance and budget, and compares.
fn twice<T: PartialEq + std::fmt::Debug>(
    text: &str,
    input: &Value,
    evaluate: impl Fn(&Scope<'_>) -> T,
) -> T {
    twice_unless(text, input, |_| false, evaluate)
}

/// The same, where what the clock ended is tried again.
fn twice_unless<T: PartialEq + std::fmt::Debug>(
    text: &str,
    input: &Value,
    is_starved: impl Fn(&T) -> bool,
    evaluate: impl Fn(&Scope<'_>) -> T,
) -> T {
    let variables = Variables::from([("x".into(), json!({"a": [1, 2]}).into())]);
    let context = json!({"Execution": {"Name": "e"}});
    let once = || {
        evaluate(&Scope {
            input,
            result: Some(&context),
            error_output: None,
            context: &context,
            variables: &variables,
            draws: &Draws::new(7),
            budget: &Budget::share(SHARE),
            now: Timestamp(1_000),
        })
    };
    let fed = || {
        let mut tries = (1..TRIES_MAX).map(|_| once());
        tries.find(|ended| !is_starved(ended)).unwrap_or_else(once)
    };
    let (first, second) = (fed(), fed());
    assert_eq!(first, second, "{text} of {input}");
    first
}

/// A syntax error says something, and points into its text.
fn check_syntax(text: &str, error: &SyntaxError) {
    assert!(!error.message.is_empty(), "{text}");
    assert!(
        text.is_char_boundary(error.offset),
        "{} is no place in {text:?}",
        error.offset
    );
}

/// A path: parses to what prints the same, finds what a plain walk finds.
pub fn jsonpath(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = match raw(choices) {
        true => choices.rest(),
        false => {
            plain_way(choices);
            generators::path(choices, 3)
        }
    };
    let input = generators::value(choices, 4);
    let path = match Path::parse(&text) {
        Ok(path) => path,
        Err(error) => return check_syntax(&text, &error),
    };
    assert_eq!(Path::parse(&path.to_string()), Ok(path.clone()));
    let found = twice(&text, &input, |scope| {
        let found = path.evaluate(scope);
        found
            .map(Cow::into_owned)
            .map_err(|error| error.to_string())
    });
    match found {
        Ok(found) => assert!(path.is_definite() || found.is_array(), "{text}: {found}"),
        Err(error) => assert!(!error.is_empty()),
    }
    if let Ok(reference) = ReferencePath::parse(&text) {
        assert!(path.is_reference(), "{text}");
        if let Ok(put) = reference.put(input, json!("put")) {
            let there = twice(&text, &put, |scope| {
                path.evaluate(scope).map(Cow::into_owned)
            });
            assert_eq!(there, Ok(json!("put")), "{text} of {put}");
        }
    }
}

/// A way of names and indexes: its text means it.
fn plain_way(choices: &mut Choices<'_>) {
    let (steps, text) = generators::plain(choices);
    let input = generators::value(choices, 4);
    let expected = steps.iter().try_fold(&input, |value, step| match step {
        Step::Name(name) => value.as_object()?.get(*name),
        Step::Index(index) => {
            let items = value.as_array()?;
            let from_end = items.len().checked_add_signed(*index as isize);
            let at = if *index < 0 {
                from_end
            } else {
                usize::try_from(*index).ok()
            };
            items.get(at.filter(|at| *at < items.len())?)
        }
    });
    let path = Path::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let found = twice(&text, &input, |scope| {
        path.evaluate(scope).map(Cow::into_owned).ok()
    });
    assert_eq!(found.as_ref(), expected, "{text} of {input}");
}

/// A call of an intrinsic function.
pub fn intrinsics(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = match raw(choices) {
        true => format!("States.{}", choices.rest()),
        false => generators::intrinsic(choices, 4),
    };
    let input = generators::value(choices, 4);
    match Intrinsic::parse(&text) {
        Ok(call) => {
            let again = Intrinsic::parse(call.as_str());
            assert!(again.is_ok(), "{text}");
            let ended = twice(&text, &input, |scope| call.evaluate(scope));
            assert!(ended.map_or_else(|error| !error.to_string().is_empty(), |_| true));
        }
        Err(error) => check_syntax(&text, &error),
    }
}

/// A JSONata expression: ends by its own bounds, never by the clock.
pub fn jsonata(bytes: &[u8]) {
    let choices = &mut Choices::new(bytes);
    let text = match raw(choices) {
        true => choices.rest(),
        false => generators::expression(choices, 5),
    };
    let input = generators::value(choices, 4);
    let expression = match Expression::parse(&text) {
        Ok(expression) => expression,
        Err(error) => return check_syntax(&text, &error),
    };
    let is_starved = |ended: &Result<Value, EvaluationError>| {
        matches!(
            ended,
            Err(EvaluationError::LimitExceeded { which: Limit::Time })
        )
    };
    let ended = twice_unless(&text, &input, is_starved, |scope| {
        expression.evaluate(scope)
    });
    match ended {
        Ok(value) => check_value(&text, &value),
        Err(EvaluationError::LimitExceeded { which: Limit::Time }) => {
            panic!("{text} of {input} takes long")
        }
        Err(error) => assert!(!error.describe(&text, "Output").is_empty()),
    }
}

/// A result is JSON that can be written and read again.
fn check_value(text: &str, value: &Value) {
    let written = value.to_string();
    let read = serde_json::from_str::<Value>(&written);
    assert!(read.is_ok_and(|read| read == *value), "{text}: {written}");
}
