//! The items of a Map from what its ItemReader would have read.
//!
//! Source: Step Functions developer guide, "ItemReader".

use serde_json::Value;

use super::inspection::Inspection;
use crate::csv::{self, Columns, Lines};
use crate::{ErrorName, Failure, Payload};

/// Reads `data` as the evaluated ItemReader says; at most `items_max` items.
///
/// # Errors
/// `States.ItemReaderFailed` when the data is not what the ItemReader says.
pub(super) fn items(
    reader: &Value,
    items_max: usize,
    data: &str,
    inspection: &Inspection,
) -> Result<Payload, Failure> {
    let config = &reader["ReaderConfig"];
    let mut items = match config["InputType"].as_str() {
        Some("CSV") => csv_rows(config, data)?,
        Some("JSONL") => json_lines(data)?,
        Some(kind @ ("PARQUET" | "MANIFEST")) => {
            return Err(failed(format!(
                "TestState does not read data of the InputType {kind}."
            )));
        }
        _ => json(config, data, inspection)?,
    };
    if let Value::Array(items) = &mut items {
        items.truncate(items_max);
    }
    Ok(Payload::from_value(items))
}

fn failed(cause: impl Into<String>) -> Failure {
    Failure::new(ErrorName::ITEM_READER_FAILED, cause)
}

fn json(config: &Value, data: &str, inspection: &Inspection) -> Result<Value, Failure> {
    let whole = Payload::from_text(data)
        .map_err(|error| failed(format!("The item reader's data is {error}.")))?;
    let found = match config["ItemsPointer"].as_str() {
        None => whole,
        Some(pointer) => {
            let found = whole.value().pointer(pointer).ok_or_else(|| {
                failed(format!("The ItemsPointer '{pointer}' points at nothing."))
            })?;
            let found = Payload::from_value(found.clone());
            inspection.pointed(&found);
            found
        }
    };
    match found.value() {
        Value::Array(_) | Value::Object(_) => Ok(found.into_value()),
        _ => Err(failed(
            "The item reader's data must be a JSON array or object.",
        )),
    }
}

fn json_lines(data: &str) -> Result<Value, Failure> {
    let lines = data.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(place, line)| match Payload::from_text(line) {
            Ok(item) => Ok(item.into_value()),
            Err(error) => Err(failed(format!(
                "Line {} of the item reader's data is {error}.",
                place + 1
            ))),
        })
        .collect()
}

fn csv_rows(config: &Value, data: &str) -> Result<Value, Failure> {
    let delimiter = config["CSVDelimiter"].as_str().and_then(csv::delimiter);
    let mut lines = Lines::new(data.as_bytes(), delimiter.unwrap_or(b','));
    let names = match config["CSVHeaders"].as_array() {
        Some(given) => {
            let names = given.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        None => row(&mut lines)?.unwrap_or_default(),
    };
    let columns = Columns::new(names).map_err(|bad| failed(bad.to_string()))?;
    let mut rows = Vec::new();
    while let Some(fields) = row(&mut lines)? {
        rows.push(columns.row(fields));
    }
    Ok(Value::Array(rows))
}

/// The fields of the next line that is not blank.
fn row(lines: &mut Lines<&[u8]>) -> Result<Option<Vec<String>>, Failure> {
    loop {
        let line = lines.number();
        let fields = lines.fields().map_err(|broken| {
            failed(format!("Line {line} of the item reader's data: {broken}."))
        })?;
        match fields {
            Some(fields) if csv::is_blank(&fields) => {}
            other => return Ok(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(config: Value, data: &str, expected: Result<Value, &str>) {
        let reader = json!({ "ReaderConfig": config });
        let found = items(&reader, 3, data, &Inspection::default());
        let found = found
            .map(Payload::into_value)
            .map_err(|failure| failure.cause.unwrap_or_default());
        assert_eq!(found, expected.map_err(str::to_owned), "{data}");
    }

    #[test]
    fn json_is_read_whole_or_at_a_pointer() {
        check(json!({}), "[1, 2, 3, 4]", Ok(json!([1, 2, 3])));
        let pointer = json!({ "InputType": "JSON", "ItemsPointer": "/a/b" });
        check(pointer.clone(), r#"{"a": {"b": [1]}}"#, Ok(json!([1])));
        let nothing = Err("The ItemsPointer '/a/b' points at nothing.");
        check(pointer, "{}", nothing);
        let scalar = Err("The item reader's data must be a JSON array or object.");
        check(json!({}), "1", scalar);
    }

    #[test]
    fn lines_are_read_one_by_one() {
        let config = json!({ "InputType": "JSONL" });
        check(config.clone(), "{\"a\":1}\n\n2\n", Ok(json!([{"a": 1}, 2])));
        let bad = "Line 2 of the item reader's data is not JSON: EOF while parsing an object at \
                   line 1 column 1.";
        check(config, "1\n{", Err(bad));
    }

    #[test]
    fn csv_rows_become_objects_of_strings() {
        let config = json!({ "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW" });
        let rows = json!([{"a": "1", "b": "x,y"}, {"a": "2", "b": ""}]);
        check(config, "a,b\n1,x\\,y,z\n2\n", Ok(rows));
        let given = json!({
            "InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"],
            "CSVDelimiter": "PIPE",
        });
        check(given.clone(), "1\n2", Ok(json!([{"a": "1"}, {"a": "2"}])));
        check(
            given.clone(),
            "1\n\n2|3",
            Ok(json!([{"a": "1"}, {"a": "2"}])),
        );
        let open = "Line 2 of the item reader's data: a quotation mark is not closed.";
        check(given, "1\n\"2", Err(open));
        let twice = json!({ "InputType": "CSV" });
        check(
            twice,
            "a,a\n",
            Err("CSV headers cannot contain duplicates."),
        );
    }
}
