//! Manifests: objects that name the objects whose rows are the items.

use std::io::Read;

use asl::Failure;
use serde_json::Value;

use super::object::Object;
use super::unreadable;
use crate::formats::{Headers, inflate};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::reader::{Format, Manifest, Place};

/// The objects that a manifest names, and how they are read. Blocks.
///
/// # Errors
/// `States.ItemReaderFailed`: it is too long, cannot be read, or is none.
pub(super) fn read(
    place: &Place,
    object: &Object,
    kind: Manifest,
    format: Option<Format>,
) -> Result<(Vec<Place>, Format), Failure> {
    let bad = |why: String| unreadable(format!("{}: {why}", place.uri()));
    if object.size() > MANIFEST_BYTES_MAX {
        return Err(bad(format!(
            "a manifest has at most {MANIFEST_BYTES_MAX} bytes"
        )));
    }
    let mut text = String::new();
    let bytes = inflate(object.bytes());
    bytes
        .and_then(|bytes| bytes.take(MANIFEST_BYTES_MAX).read_to_string(&mut text))
        .map_err(|error| bad(error.to_string()))?;
    match (kind, format) {
        (Manifest::Athena, Some(format)) => Ok((athena(&text).map_err(bad)?, format)),
        _ => inventory(&text).map_err(bad),
    }
}

/// An Athena manifest: a URI a line.
fn athena(text: &str) -> Result<Vec<Place>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            let uri = line.trim().trim_matches('"').strip_prefix("s3://");
            let place = uri.and_then(|uri| uri.split_once('/'));
            let (bucket, key) =
                place.ok_or_else(|| format!("line {}: '{line}' is no s3:// URI", number + 1))?;
            Ok(Place {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                version: None,
            })
        })
        .collect()
}

/// An S3 inventory's manifest.json. Source: Amazon S3 user guide, "Inventory manifest".
fn inventory(text: &str) -> Result<(Vec<Place>, Format), String> {
    let manifest: Value =
        serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    let field = |name: &str| {
        let value = manifest[name].as_str();
        value.ok_or_else(|| format!("no inventory's manifest: it has no string {name}"))
    };
    let bucket = field("destinationBucket")?;
    let bucket = bucket.strip_prefix("arn:aws:s3:::").unwrap_or(bucket);
    let format = match field("fileFormat")? {
        "CSV" => Format::Csv {
            delimiter: b',',
            headers: Headers::Given(
                field("fileSchema")?
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect(),
            ),
        },
        "Parquet" => Format::Parquet,
        other => {
            return Err(format!(
                "an inventory of format {other} cannot be read: let S3 make it as CSV or as Parquet"
            ));
        }
    };
    let files = manifest["files"].as_array();
    let files = files.ok_or("no inventory's manifest: it has no array files")?;
    let places = files.iter().map(|file| {
        let key = file["key"]
            .as_str()
            .ok_or("no inventory's manifest: one of its files has no string key")?;
        Ok(Place {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: None,
        })
    });
    let places = places.collect::<Result<_, &str>>()?;
    Ok((places, format))
}
