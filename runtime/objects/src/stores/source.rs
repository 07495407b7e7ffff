//! The items of one object, of a list of objects, or of all objects that a list names.
//!
//! All of it blocks: it runs on blocking threads, a batch at a time.

use std::io::Read;
use std::sync::Arc;

use asl::Failure;
use serde_json::Value;
use tokio::runtime::Handle;

use super::listing::{Listed, Listing};
use super::object::Object;
use super::{Bucket, Buckets, unreadable};
use crate::formats::{Bad, Csv, Headers, Json, JsonLines, Parquet, Rows, inflate};
use crate::limits::MANIFEST_BYTES_MAX;
use crate::reader::{Format, From, Manifest, Place, Reader};
use crate::{Item, Pinned};

/// Where objects are looked for.
#[derive(Clone)]
pub(super) struct Shelf {
    pub(super) buckets: Arc<Buckets>,
    /// A bucket, and the account that must own it.
    pub(super) owner: Option<(String, String)>,
    pub(super) runtime: Handle,
}

/// Items, one after the other, and about how many bytes each takes.
pub(super) trait Source: Send {
    /// # Errors
    /// `States.ItemReaderFailed`, naming the object and the place in it.
    fn next(&mut self) -> Result<Option<(Item, u64)>, Failure>;
}

/// Opens what a reader names.
pub(super) fn open(
    shelf: Shelf,
    reader: Reader,
    pinned: Pinned,
) -> Result<(Box<dyn Source>, Pinned), Failure> {
    match (reader.from, reader.format) {
        (From::Object(place), Some(format)) => {
            let (object, pinned) = shelf.pinned(&place, pinned)?;
            Ok((Box::new(One::open(&place, &object, &format)?), pinned))
        }
        (From::Manifest(place, kind), format) => {
            let (object, pinned) = shelf.pinned(&place, pinned)?;
            let (places, format) = manifest(&place, &object, kind, format)?;
            let many = Many {
                shelf,
                named: Named::Places(places.into_iter(), place.uri()),
                format,
                current: None,
            };
            Ok((Box::new(many), pinned))
        }
        (From::List { bucket, prefix }, format) => {
            let listed = List::open(&shelf, bucket, prefix)?;
            // A list has no ETag: what is added to a bucket meanwhile may be seen.
            Ok(match format {
                None => (Box::new(listed), None),
                Some(format) => {
                    let many = Many {
                        shelf,
                        named: Named::List(Box::new(listed)),
                        format,
                        current: None,
                    };
                    (Box::new(many), None)
                }
            })
        }
        (From::Object(place), None) => Err(unreadable(format!("{}: no format", place.uri()))),
    }
}

impl Shelf {
    /// The bucket of a place. Only the one that the reader names has an expected owner: a
    /// manifest may lead elsewhere.
    fn bucket(&self, name: &str) -> Result<Bucket, String> {
        let owner = self.owner.as_ref();
        let owner = owner.filter(|(bucket, _)| bucket == name);
        self.buckets.find(name, owner.map(|(_, owner)| &**owner))
    }

    fn look(&self, place: &Place) -> Result<Object, Failure> {
        let told = |why: String| unreadable(format!("{}: {why}", place.uri()));
        let bucket = self.bucket(&place.bucket).map_err(told)?;
        let (version, runtime) = (place.version.clone(), self.runtime.clone());
        Object::look(&bucket, &place.key, version, runtime).map_err(told)
    }

    /// The same, where it must be as it was.
    fn pinned(&self, place: &Place, pinned: Pinned) -> Result<(Object, Pinned), Failure> {
        let object = self.look(place)?;
        let now = object.e_tag().map(str::to_owned);
        match pinned.is_some() && pinned != now {
            true => Err(unreadable(format!(
                "{}: the object was changed since the Map Run began",
                place.uri()
            ))),
            false => Ok((object, now)),
        }
    }
}

/// The rows of one object.
struct One {
    rows: Box<dyn Rows>,
    uri: Arc<str>,
}

impl One {
    fn open(place: &Place, object: &Object, format: &Format) -> Result<Self, Failure> {
        let uri: Arc<str> = place.uri().into();
        let rows = rows(object, format).map_err(|bad| told(&uri, &bad))?;
        Ok(Self { rows, uri })
    }
}

impl Source for One {
    fn next(&mut self) -> Result<Option<(Item, u64)>, Failure> {
        let row = self.rows.next().map_err(|bad| told(&self.uri, &bad))?;
        Ok(row.map(|(value, bytes)| {
            let source = Arc::clone(&self.uri);
            let key = None;
            (Item { value, key, source }, bytes)
        }))
    }
}

fn rows(object: &Object, format: &Format) -> Result<Box<dyn Rows>, Bad> {
    let bytes = || inflate(object.bytes());
    Ok(match format {
        Format::Csv { delimiter, headers } => {
            Box::new(Csv::open(bytes()?, *delimiter, headers.clone())?)
        }
        Format::Json { pointer } => Box::new(Json::open(bytes()?, pointer.as_deref())?),
        Format::JsonLines => Box::new(JsonLines::new(bytes()?)),
        Format::Parquet => Box::new(Parquet::open(Arc::new(object.clone()))?),
    })
}

/// What is wrong with an object. Where AWS's words are known they stand alone.
fn told(uri: &str, bad: &Bad) -> Failure {
    unreadable(match bad {
        Bad::NotIterable | Bad::DuplicateHeaders(_) => bad.to_string(),
        other => format!("{uri}: {other}"),
    })
}

/// Objects themselves as items.
struct List {
    listing: Listing,
    bucket: String,
    uri: Arc<str>,
}

impl List {
    fn open(shelf: &Shelf, bucket: String, prefix: String) -> Result<Self, Failure> {
        let uri = format!("s3://{bucket}/{prefix}");
        let found = shelf.bucket(&bucket);
        let found = found.map_err(|why| unreadable(format!("{uri}: {why}")))?;
        Ok(Self {
            listing: Listing::new(found, prefix, shelf.runtime.clone()),
            bucket,
            uri: uri.into(),
        })
    }

    fn place(&mut self) -> Result<Option<Place>, Failure> {
        Ok(self.listed()?.map(|listed| Place {
            bucket: self.bucket.clone(),
            key: listed.key,
            version: None,
        }))
    }

    fn listed(&mut self) -> Result<Option<Listed>, Failure> {
        let next = self.listing.next();
        next.map_err(|why| unreadable(format!("{}: {why}", self.uri)))
    }
}

/// About what an object's description takes, in bytes.
const DESCRIPTION_BYTES: u64 = 256;

impl Source for List {
    fn next(&mut self) -> Result<Option<(Item, u64)>, Failure> {
        let listed = self.listed()?;
        Ok(listed.map(|listed| {
            let item = Item {
                value: listed.item(),
                key: None,
                source: Arc::clone(&self.uri),
            };
            (item, DESCRIPTION_BYTES)
        }))
    }
}

/// The rows of many objects, one object after the other.
struct Many {
    shelf: Shelf,
    named: Named,
    format: Format,
    current: Option<One>,
}

/// Who names the objects.
enum Named {
    /// What a manifest names, and the manifest.
    Places(std::vec::IntoIter<Place>, String),
    List(Box<List>),
}

impl Named {
    /// Why an object cannot be read, with who names it.
    fn told(&self, failure: Failure) -> Failure {
        match (self, &failure.cause) {
            (Self::Places(_, manifest), Some(cause)) => {
                unreadable(format!("{cause} ({manifest} names it)"))
            }
            _ => failure,
        }
    }
}

impl Source for Many {
    fn next(&mut self) -> Result<Option<(Item, u64)>, Failure> {
        loop {
            if let Some(one) = &mut self.current {
                if let Some(item) = one.next()? {
                    return Ok(Some(item));
                }
                self.current = None;
            }
            let place = match &mut self.named {
                Named::Places(places, _) => places.next(),
                Named::List(list) => list.place()?,
            };
            let Some(place) = place else {
                return Ok(None);
            };
            let object = self.shelf.look(&place);
            let object = object.map_err(|failure| self.named.told(failure))?;
            // An empty object, as a folder's marker is one, has no items in any format.
            if object.size() > 0 {
                self.current = Some(One::open(&place, &object, &self.format)?);
            }
        }
    }
}

/// The objects that a manifest names, and how they are read.
fn manifest(
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
