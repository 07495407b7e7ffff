//! What DISTRIBUTED mode adds to a Map: where items come from, how they are batched, where
//! results go.
//!
//! Source: Step Functions developer guide, "ItemReader", "ItemBatcher", "ResultWriter".

use super::expression::Kind;
use super::fields::{Fields, Shape};
use super::report::{Problem, Spot};
use crate::definition::{Distributed, ExecutionType, Template};

const ITEM_READER: Shape = Shape {
    required: &["Resource"],
    both: &["ReaderConfig", "Resource"],
    jsonpath: &["Parameters"],
    jsonata: &["Arguments"],
    exclusive: &[],
    one_of: &[],
};

const READER_CONFIG: Shape = Shape {
    required: &[],
    both: &[
        "CSVDelimiter",
        "CSVHeaderLocation",
        "CSVHeaders",
        "InputType",
        "ItemsPointer",
        "ManifestType",
        "MaxItems",
        "Transformation",
    ],
    jsonpath: &["MaxItemsPath"],
    jsonata: &[],
    exclusive: &[&["MaxItems", "MaxItemsPath"]],
    one_of: &[],
};

const ITEM_BATCHER: Shape = Shape {
    required: &[],
    both: &["BatchInput", "MaxInputBytesPerBatch", "MaxItemsPerBatch"],
    jsonpath: &["MaxInputBytesPerBatchPath", "MaxItemsPerBatchPath"],
    jsonata: &[],
    exclusive: &[
        &["MaxItemsPerBatch", "MaxItemsPerBatchPath"],
        &["MaxInputBytesPerBatch", "MaxInputBytesPerBatchPath"],
    ],
    one_of: &[],
};

const RESULT_WRITER: Shape = Shape {
    required: &[],
    both: &["Resource", "WriterConfig"],
    jsonpath: &["Parameters"],
    jsonata: &["Arguments"],
    exclusive: &[],
    one_of: &[],
};

const WRITER_CONFIG: Shape = Shape {
    required: &["Transformation", "OutputType"],
    both: &["OutputType", "Transformation"],
    jsonpath: &[],
    jsonata: &[],
    exclusive: &[],
    one_of: &[],
};

/// Longest `Label`, in characters (developer guide, "Distributed mode").
const LABEL_CHARS_MAX: usize = 40;
/// Most items of one Map Run (as AWS's validation says).
const ITEMS_MAX: u64 = 100_000_000;
/// Largest input of a batch, in bytes (developer guide, "ItemBatcher").
const BATCH_BYTES_MAX: u64 = 262_144;

/// Reads what the Map has for that mode.
pub(super) fn read(fields: &Fields<'_>, execution_type: ExecutionType) -> Distributed {
    Distributed {
        execution_type,
        label: label(fields),
        item_reader: part(fields, "ItemReader", item_reader),
        item_batcher: part(fields, "ItemBatcher", item_batcher),
        result_writer: part(fields, "ResultWriter", result_writer),
    }
}

fn label(fields: &Fields<'_>) -> Option<String> {
    let label = fields.string("Label")?;
    // As the names of resources: no space, no brackets, wildcards or other signs.
    let is_odd =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    if label.is_empty() || label.chars().count() > LABEL_CHARS_MAX || label.contains(is_odd) {
        let message = format!(
            "Label '{label}' must have between 1 and {LABEL_CHARS_MAX} characters, without spaces and special characters"
        );
        let steps = fields.place.key("Label").steps();
        fields.report(Problem::error("INVALID_LABEL_NAME", steps, message));
        return None;
    }
    Some(label.to_owned())
}

/// Checks an object field, and keeps it as a template.
fn part(fields: &Fields<'_>, name: &str, check: fn(&Fields<'_>)) -> Option<Template> {
    let place = fields.place.key(name);
    let part = fields.part(place, fields.value(name)?)?;
    check(&part);
    fields.template(name)
}

fn item_reader(reader: &Fields<'_>) {
    reader.check(&[&ITEM_READER], false);
    check_resource(reader, &["s3:getObject", "s3:listObjectsV2"]);
    let Some(value) = reader.value("ReaderConfig") else {
        return;
    };
    let place = reader.place.key("ReaderConfig");
    if let Some(config) = reader.part(place, value) {
        reader_config(&config);
    }
}

fn reader_config(config: &Fields<'_>) {
    config.check(&[&READER_CONFIG], false);
    let types = ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"];
    let input = config.one_of("InputType", &types);
    config.one_of("Transformation", &["NONE", "LOAD_AND_FLATTEN"]);
    config.one_of("ManifestType", &["ATHENA_DATA", "S3_INVENTORY"]);
    config.one_of(
        "CSVDelimiter",
        &["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"],
    );
    let headers = config.one_of("CSVHeaderLocation", &["FIRST_ROW", "GIVEN"]);
    if input == Some("CSV") && !config.has("CSVHeaderLocation") {
        let message = "The field 'CSVHeaderLocation' is required";
        config.report(Problem::schema(&config.place, message).spot(Spot::Name));
    }
    if headers == Some("GIVEN") && !config.has("CSVHeaders") {
        let message = "These fields are required: [CSVHeaders]";
        config.report(Problem::schema(&config.place, message).spot(Spot::Name));
    }
    config.string("ItemsPointer");
    check_number(config, "MaxItems", "MaxItemsPath", ITEMS_MAX);
}

fn item_batcher(batcher: &Fields<'_>) {
    batcher.check(&[&ITEM_BATCHER], false);
    check_number(
        batcher,
        "MaxItemsPerBatch",
        "MaxItemsPerBatchPath",
        u64::MAX,
    );
    check_number(
        batcher,
        "MaxInputBytesPerBatch",
        "MaxInputBytesPerBatchPath",
        BATCH_BYTES_MAX,
    );
}

fn result_writer(writer: &Fields<'_>) {
    writer.check(&[&RESULT_WRITER], false);
    check_resource(writer, &["s3:putObject"]);
    let Some(value) = writer.value("WriterConfig") else {
        return;
    };
    let place = writer.place.key("WriterConfig");
    if let Some(config) = writer.part(place, value) {
        config.check(&[&WRITER_CONFIG], false);
        config.one_of("Transformation", &["NONE", "COMPACT", "FLATTEN"]);
        config.one_of("OutputType", &["JSON", "JSONL"]);
    }
}

/// `Resource`, if it is there, is one of these actions.
fn check_resource(service: &Fields<'_>, allowed: &[&str]) {
    let Some(resource) = service.string("Resource") else {
        return;
    };
    let known = resource
        .strip_prefix("arn:")
        .and_then(|rest| rest.split_once(":states:::"))
        .is_some_and(|(_, action)| allowed.contains(&action));
    if !known {
        let place = service.place.key("Resource");
        let message = "The field 'Resource' does not match any of the allowed values";
        let list = allowed.join(", arn:aws:states:::");
        let hint = format!("one of: arn:aws:states:::{list}");
        service.report(Problem::schema(&place, message).hint(hint));
    }
}

fn check_number(fields: &Fields<'_>, name: &str, path: &str, max: u64) {
    if !fields.is_braced(name) {
        fields.integer(name, 0, max);
    }
    if fields.has(path) {
        fields.path(path, Kind::OwnDefinite);
    }
}
