//! `ResultWriter`, evaluated: where results go, and in which form.
//!
//! Source: Step Functions developer guide, "ResultWriter".

use serde_json::Value;

use super::{ChildEnd, ChildName, ChildOutcome};
use crate::Payload;
use crate::arn::MapRunArn;

/// What is made of the results of a Map Run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultWriter {
    /// Where they are written; none: they become the state's result.
    pub target: Option<Target>,
    /// How each is written.
    pub transformation: Transformation,
    /// How they are put together.
    pub output_type: OutputType,
}

/// Where results are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The bucket.
    pub bucket: String,
    /// The account that must own it: `ExpectedBucketOwner`.
    pub owner: Option<String>,
    /// What all keys begin with, up to the file's name.
    pub prefix: String,
}

/// What is written of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transformation {
    /// Its record: who it was, what it was given, how it ended.
    None,
    /// Its output.
    Compact,
    /// Its output; of an array, its elements.
    Flatten,
}

/// How results are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputType {
    /// A JSON array.
    Json,
    /// A line each.
    Jsonl,
}

impl ResultWriter {
    /// What the field says; without one, what AWS takes for granted.
    pub fn of(field: Option<&Payload>, run: &MapRunArn) -> Self {
        let nothing = Value::Null;
        let field = field.map_or(&nothing, Payload::value);
        let parameters = match &field["Parameters"] {
            Value::Null => &field["Arguments"],
            parameters => parameters,
        };
        let target = field.get("Resource").map(|_| {
            let text = |name: &str| parameters[name].as_str().unwrap_or_default();
            let prefix = text("Prefix").trim_end_matches('/');
            let between = if prefix.is_empty() { "" } else { "/" };
            let (_, id) = run.0.rsplit_once(':').unwrap_or(("", &run.0));
            Target {
                bucket: text("Bucket").to_owned(),
                owner: parameters["ExpectedBucketOwner"]
                    .as_str()
                    .map(str::to_owned),
                prefix: format!("{prefix}{between}{id}/"),
            }
        });
        let config = &field["WriterConfig"];
        Self {
            transformation: match config["Transformation"].as_str() {
                Some("NONE") => Transformation::None,
                Some("COMPACT") => Transformation::Compact,
                Some("FLATTEN") => Transformation::Flatten,
                _ if target.is_some() => Transformation::None,
                _ => Transformation::Compact,
            },
            output_type: match config["OutputType"].as_str() {
                Some("JSONL") => OutputType::Jsonl,
                _ => OutputType::Json,
            },
            target,
        }
    }

    /// What is written of a child, as JSON texts: one, or as many as its output has elements.
    /// A child that did not succeed is always written with its record.
    pub fn texts(&self, name: &ChildName, end: &ChildEnd) -> Vec<String> {
        let ChildOutcome::Succeeded(output) = &end.outcome else {
            return vec![name.record(end)];
        };
        match (self.transformation, output.value()) {
            (Transformation::None, _) => vec![name.record(end)],
            (Transformation::Flatten, Value::Array(elements)) => {
                elements.iter().map(Value::to_string).collect()
            }
            (Transformation::Flatten | Transformation::Compact, _) => {
                vec![output.text().to_owned()]
            }
        }
    }

    /// Whether a child's input is needed when it has ended so.
    pub fn needs_input(&self, outcome: &ChildOutcome) -> bool {
        let succeeded = matches!(outcome, ChildOutcome::Succeeded(_));
        match self.transformation {
            Transformation::None => self.target.is_some() || succeeded,
            _ => self.target.is_some() && !succeeded,
        }
    }
}
