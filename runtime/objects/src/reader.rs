//! An ItemReader field, evaluated: what is to be read, and how.
//!
//! Source: Step Functions developer guide, "ItemReader".

use serde_json::Value;

use crate::formats::Headers;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) from: From,
    /// The bucket, and `ExpectedBucketOwner`, where that is given.
    pub(crate) owner: Option<(String, String)>,
    /// How objects are read: none where they themselves are the items.
    pub(crate) format: Option<Format>,
}

/// Which objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// `s3:getObject`
    Object(Place),
    /// `s3:getObject` of a list of objects.
    Manifest(Place, Manifest),
    /// `s3:listObjectsV2`
    List { bucket: String, prefix: String },
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: String,
    pub(crate) key: String,
    pub(crate) version: Option<String>,
}

impl Place {
    pub(crate) fn uri(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.key)
    }
}

/// What a manifest is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// `S3_INVENTORY`
    Inventory,
    /// `ATHENA_DATA`
    Athena,
}

/// How the values of an object are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Csv { delimiter: u8, headers: Headers },
    Json { pointer: Option<String> },
    JsonLines,
    Parquet,
}

/// Why an ItemReader is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReaderError {
    #[error("ItemReader has no {0}, or it is no string")]
    Missing(&'static str),
    #[error("'{0}' is no Resource that an ItemReader can have")]
    Resource(String),
    #[error("{0} is no {1} that an ItemReader can have")]
    Unknown(String, &'static str),
    #[error("the Transformation LOAD_AND_FLATTEN needs an InputType: CSV, JSON, JSONL or PARQUET")]
    NothingToLoad,
    #[error("a manifest of type ATHENA_DATA needs an InputType: CSV, JSONL or PARQUET")]
    NoInputType,
}

impl Reader {
    /// # Errors
    /// [`ReaderError`]: values that only evaluation gave.
    pub(crate) fn parse(reader: &Value) -> Result<Self, ReaderError> {
        let parameters = match &reader["Parameters"] {
            Value::Null => &reader["Arguments"],
            parameters => parameters,
        };
        let text = |name| parameters[name].as_str().map(str::to_owned);
        let bucket = text("Bucket").ok_or(ReaderError::Missing("Bucket"))?;
        let owner = text("ExpectedBucketOwner").map(|owner| (bucket.clone(), owner));
        let config = &reader["ReaderConfig"];
        let input = config["InputType"].as_str();
        let resource = reader["Resource"].as_str().unwrap_or_default();
        if resource.ends_with(":s3:listObjectsV2") {
            let flatten = config["Transformation"] == "LOAD_AND_FLATTEN";
            return Ok(Self {
                from: From::List {
                    bucket,
                    prefix: text("Prefix").unwrap_or_default(),
                },
                owner,
                format: match flatten {
                    true => Some(format(input.ok_or(ReaderError::NothingToLoad)?, config)?),
                    false => None,
                },
            });
        }
        if !resource.ends_with(":s3:getObject") {
            return Err(ReaderError::Resource(resource.to_owned()));
        }
        let place = Place {
            bucket,
            key: text("Key").ok_or(ReaderError::Missing("Key"))?,
            version: text("VersionId"),
        };
        let manifest = match (config["ManifestType"].as_str(), input) {
            (Some("ATHENA_DATA"), _) => Some(Manifest::Athena),
            (Some(_), _) | (None, Some("MANIFEST")) => Some(Manifest::Inventory),
            (None, _) => None,
        };
        let input = input.filter(|input| *input != "MANIFEST");
        Ok(match manifest {
            None => Self {
                from: From::Object(place),
                owner,
                // Without a ReaderConfig it is JSON.
                format: Some(format(input.unwrap_or("JSON"), config)?),
            },
            // An inventory says itself how it is to be read.
            Some(Manifest::Inventory) => Self {
                from: From::Manifest(place, Manifest::Inventory),
                owner,
                format: None,
            },
            Some(Manifest::Athena) => Self {
                from: From::Manifest(place, Manifest::Athena),
                owner,
                format: Some(format(input.ok_or(ReaderError::NoInputType)?, config)?),
            },
        })
    }
}

fn format(input: &str, config: &Value) -> Result<Format, ReaderError> {
    let unknown = |value: &Value, what| ReaderError::Unknown(value.to_string(), what);
    Ok(match input {
        "JSON" => Format::Json {
            pointer: config["ItemsPointer"].as_str().map(str::to_owned),
        },
        "JSONL" => Format::JsonLines,
        "PARQUET" => Format::Parquet,
        "CSV" => Format::Csv {
            delimiter: asl::csv::delimiter(config["CSVDelimiter"].as_str().unwrap_or("COMMA"))
                .ok_or_else(|| unknown(&config["CSVDelimiter"], "CSVDelimiter"))?,
            headers: match config["CSVHeaderLocation"].as_str() {
                Some("GIVEN") => {
                    let names = config["CSVHeaders"].as_array();
                    let names =
                        names.ok_or_else(|| unknown(&config["CSVHeaders"], "CSVHeaders"))?;
                    let names = names.iter().map(|name| match name.as_str() {
                        Some(name) => Ok(name.to_owned()),
                        None => Err(unknown(name, "name in CSVHeaders")),
                    });
                    Headers::Given(names.collect::<Result<_, _>>()?)
                }
                _ => Headers::FirstRow,
            },
        },
        _ => return Err(unknown(&config["InputType"], "InputType")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(resource: &str, config: Value, expected: &str) {
        let reader = json!({
            "Resource": format!("arn:aws:states:::s3:{resource}"),
            "Parameters": {"Bucket": "b", "Key": "k", "Prefix": "p/"},
            "ReaderConfig": config,
        });
        let told = match Reader::parse(&reader) {
            Ok(Reader { format, .. }) => format!("{format:?}"),
            Err(error) => error.to_string(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_read_and_how() {
        check("getObject", json!(null), "Some(Json { pointer: None })");
        check(
            "getObject",
            json!({"InputType": "PARQUET"}),
            "Some(Parquet)",
        );
        check("getObject", json!({"InputType": "MANIFEST"}), "None");
        check(
            "getObject",
            json!({"ManifestType": "ATHENA_DATA", "InputType": "JSONL"}),
            "Some(JsonLines)",
        );
        check(
            "getObject",
            json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "CSVDelimiter": "TAB"}),
            "Some(Csv { delimiter: 9, headers: Given([\"a\"]) })",
        );
        check("listObjectsV2", json!({}), "None");
        check(
            "listObjectsV2",
            json!({"Transformation": "LOAD_AND_FLATTEN"}),
            "the Transformation LOAD_AND_FLATTEN needs an InputType: CSV, JSON, JSONL or PARQUET",
        );
        check(
            "getObject",
            json!({"InputType": "XML"}),
            "\"XML\" is no InputType that an ItemReader can have",
        );
    }
}
