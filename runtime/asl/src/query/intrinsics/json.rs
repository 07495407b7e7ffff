//! Functions over JSON as text and over objects.

use serde_json::Value;

use super::{Arguments, Failed};

/// `States.StringToJson(string)`. Recorded from AWS: blank text is null, and `-0` is 0.
pub(super) fn string_to_json(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    match arguments.string(0)?.trim() {
        "" => Ok(Value::Null),
        "-0" => Ok(Value::from(0)),
        text => {
            // Before the parser makes them: a node may be of as little as two bytes.
            let bytes = text.len();
            arguments.budget.nodes(bytes / 4)?;
            let parsed = serde_json::from_str(arguments.string(0)?);
            parsed.map_err(|error| Failed::NotJson(error.to_string()))
        }
    }
}

/// `States.JsonMerge(first, second, false)`: the fields of both, of the second where both
/// have one. AWS knows the shallow merge only, hence the `false`.
pub(super) fn merge(arguments: &mut Arguments<'_>) -> Result<Value, Failed> {
    if *arguments.value(2) != Value::Bool(false) {
        return Err(arguments.wrong(2, "false: only shallow merging is supported"));
    }
    for position in [0, 1] {
        if !arguments.value(position).is_object() {
            return Err(arguments.wrong(position, "an object"));
        }
    }
    match (arguments.take(0)?, arguments.take(1)?) {
        (Value::Object(mut merged), Value::Object(over)) => {
            merged.extend(over);
            Ok(Value::Object(merged))
        }
        _ => Err(arguments.wrong(0, "an object")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::check::{check, check_fails};

    #[test]
    fn json_as_text_and_objects() {
        for (text, value) in [
            ("", json!(null)),
            (" ", json!(null)),
            ("null", json!(null)),
            ("-0", json!(0)),
            ("1", json!(1)),
            ("1.1", json!(1.1)),
            ("true", json!(true)),
            ("\"HelloWorld\"", json!("HelloWorld")),
            ("[1, 2, \"HelloWorld\"]", json!([1, 2, "HelloWorld"])),
            (
                "{\"Arg1\": 1, \"Arg2\": []}",
                json!({"Arg1": 1, "Arg2": []}),
            ),
        ] {
            check(&[("States.StringToJson($.a)", json!([text]), value)]);
        }
        for (value, text) in [
            (json!(null), "null"),
            (json!(0), "0"),
            (json!(1.1), "1.1"),
            (json!(true), "true"),
            (json!("HelloWorld"), "\"HelloWorld\""),
            (json!([1, 2, "HelloWorld"]), "[1,2,\"HelloWorld\"]"),
            (json!({"Arg1": 1, "Arg2": []}), "{\"Arg1\":1,\"Arg2\":[]}"),
        ] {
            check(&[("States.JsonToString($.a)", json!([value]), json!(text))]);
        }
        check(&[
            (
                "States.JsonMerge($.a, $.b, false)",
                json!([{"a": {"a1": 1}, "b": 2, "d": 3}, {"a": {"a3": 1}, "c": 3, "d": 4}]),
                json!({"a": {"a3": 1}, "b": 2, "c": 3, "d": 4}),
            ),
            (
                "States.JsonMerge(States.StringToJson('{\"constant\": \"false\"}'), $$.Execution.Input, false)",
                json!([]),
                json!({"constant": "false", "i": 1}),
            ),
        ]);
        check_fails(&[
            (
                "States.StringToJson('{')",
                "The string is not JSON: EOF while parsing an object at line 1 column 1",
            ),
            (
                "States.JsonMerge($.o, $.o, true)",
                "Argument 3 of States.JsonMerge must be false: only shallow merging is supported",
            ),
            (
                "States.JsonMerge($.o, $.a, false)",
                "Argument 2 of States.JsonMerge must be an object",
            ),
        ]);
    }
}
