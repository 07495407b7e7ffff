//! Every operator of a Choice against every kind of value, literal and by its path.
//!
//! Source: the States Language, "Data-test expression"; recordings have an operator of each
//! family against each kind of value: one that is not of the operator's kind does not match.

use serde_json::{Value, json};

use super::{Next, Place, TestState, Timestamp};

/// Values of every kind.
const VALUES: [&str; 12] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "1.5",
    "\"\"",
    "\"a\"",
    "\"2020-01-01T00:00:00Z\"",
    "\"2020-01-01T01:00:00+01:00\"",
    "[]",
    "{}",
];

/// Where a Choice goes, or the name of its failure.
fn goes(rule: &Value, input: &Value) -> String {
    let mut rule = rule.clone();
    rule["Next"] = "Match".into();
    let state = json!({"Type": "Choice", "Choices": [rule], "Default": "Default"});
    let request = json!({"definition": state.to_string(), "input": input.to_string()});
    let request = serde_json::from_value(request).expect("a request");
    let test = TestState::new(&request, &Place::default());
    match test.and_then(|mut test| test.start(Timestamp(0), 7)) {
        Ok(Next::Done(answer)) => {
            let told = answer.next_state.or(answer.error);
            told.unwrap_or_default()
        }
        other => format!("{other:?}"),
    }
}

/// The values that match, and no others; an operator with a relation by its path as well.
fn check(operator: &str, operand: &Value, matching: &[&str]) {
    let by_path = !operator.starts_with("Is") && operator != "StringMatches";
    for value in VALUES {
        let variable: Value = serde_json::from_str(value).expect("JSON");
        let input = json!({"v": variable, "operand": operand});
        let expected = match matching.contains(&value) {
            true => "Match",
            false => "Default",
        };
        let rule = json!({"Variable": "$.v", operator: operand});
        assert_eq!(goes(&rule, &input), expected, "{rule} of {value}");
        if by_path {
            let rule = json!({"Variable": "$.v", format!("{operator}Path"): "$.operand"});
            assert_eq!(goes(&rule, &input), expected, "{rule} of {input}");
        }
    }
}

const MOMENTS: [&str; 2] = ["\"2020-01-01T00:00:00Z\"", "\"2020-01-01T01:00:00+01:00\""];

#[test]
fn comparisons_match_their_own_kind() {
    let (texts, a) = (["\"\"", MOMENTS[0], MOMENTS[1], "\"a\""], json!("a"));
    check("StringEquals", &a, &texts[3..]);
    check("StringLessThan", &a, &texts[..3]);
    check("StringLessThanEquals", &a, &texts);
    check("StringGreaterThan", &a, &[]);
    check("StringGreaterThanEquals", &a, &texts[3..]);
    let (numbers, one) = (["0", "1", "1.5"], json!(1));
    check("NumericEquals", &one, &numbers[1..2]);
    check("NumericLessThan", &one, &numbers[..1]);
    check("NumericLessThanEquals", &one, &numbers[..2]);
    check("NumericGreaterThan", &one, &numbers[2..]);
    check("NumericGreaterThanEquals", &one, &numbers[1..]);
    let moment = json!("2020-01-01T00:00:00.000Z");
    check("TimestampEquals", &moment, &MOMENTS);
    check("TimestampLessThan", &moment, &[]);
    check("TimestampLessThanEquals", &moment, &MOMENTS);
    check("TimestampGreaterThan", &moment, &[]);
    check("TimestampGreaterThanEquals", &moment, &MOMENTS);
    check("BooleanEquals", &json!(false), &["false"]);
    check("StringMatches", &json!("2020-*Z"), &MOMENTS[..1]);
    check("StringMatches", &json!("*"), &texts);
}

#[test]
fn kinds_are_told_apart() {
    for (operator, own) in [
        ("IsNull", &["null"][..]),
        ("IsBoolean", &["true", "false"]),
        ("IsNumeric", &["0", "1", "1.5"]),
        ("IsString", &["\"\"", "\"a\"", MOMENTS[0], MOMENTS[1]]),
        ("IsTimestamp", &MOMENTS),
        ("IsPresent", &VALUES),
    ] {
        let others: Vec<&str> = VALUES.into_iter().filter(|v| !own.contains(v)).collect();
        check(operator, &json!(true), own);
        check(operator, &json!(false), &others);
    }
}

#[test]
fn an_operand_of_another_kind_matches_nothing() {
    for (operator, operand) in [
        ("StringEqualsPath", json!(1)),
        ("NumericEqualsPath", json!("1")),
        ("TimestampEqualsPath", json!("soon")),
        ("BooleanEqualsPath", json!("true")),
    ] {
        let rule = json!({"Variable": "$.v", operator: "$.operand"});
        let input = json!({"v": operand, "operand": operand});
        assert_eq!(goes(&rule, &input), "Default", "{rule}");
    }
}

#[test]
fn what_is_missing_fails_but_for_is_present() {
    let input = json!({"a": 1});
    for (rule, expected) in [
        (json!({"Variable": "$.v", "IsPresent": false}), "Match"),
        (json!({"Variable": "$.v", "IsPresent": true}), "Default"),
        (json!({"Variable": "$.v", "IsNull": true}), "States.Runtime"),
        (
            json!({"Variable": "$.v", "NumericEquals": 1}),
            "States.Runtime",
        ),
        (
            json!({"Variable": "$.a", "NumericEqualsPath": "$.v"}),
            "States.Runtime",
        ),
        // Both sides of an And, and only as far as it must be known.
        (
            json!({"And": [{"Variable": "$.v", "IsPresent": true}, {"Variable": "$.v", "IsNull": true}]}),
            "Default",
        ),
        (
            json!({"Or": [{"Variable": "$.a", "IsNumeric": true}, {"Variable": "$.v", "IsNull": true}]}),
            "Match",
        ),
        (
            json!({"Not": {"Variable": "$.v", "IsPresent": true}}),
            "Match",
        ),
    ] {
        assert_eq!(goes(&rule, &input), expected, "{rule}");
    }
    // A null is there, even as the whole input.
    let null = json!({"Variable": "$", "IsNull": true});
    assert_eq!(goes(&null, &Value::Null), "Match");
}
