//! The items of one object, of a list of objects, or of all objects that a list names.
//!
//! All of it blocks: it runs on blocking threads, a batch at a time.

use std::sync::Arc;

use asl::Failure;
use asl::map_run::Passed;
use tokio::runtime::Handle;

use super::listing::{Listed, Listing};
use super::object::Object;
use super::trace::Trace;
use super::{Bucket, Buckets, manifest, unreadable};
use crate::formats::{Bad, Csv, Json, JsonLines, Parquet, Rows, inflate};
use crate::reader::{Format, From, Place, Reader};
use crate::{Item, Known, Pinned};

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

    /// Passes over so many items, and answers how many there were.
    ///
    /// # Errors
    /// The same, as far as it is seen in passing.
    fn skip(&mut self, count: u64) -> Result<u64, Failure>;

    /// How far it was read; none where it is pinned.
    fn passed(&self) -> Option<Passed>;
}

/// Opens what a reader names, if what is known of it still holds.
pub(super) fn open(
    shelf: Shelf,
    reader: Reader,
    known: Known,
) -> Result<(Box<dyn Source>, Pinned), Failure> {
    let Known { pinned, passed } = known;
    match (reader.from, reader.format) {
        (From::Object(place), Some(format)) => {
            let (object, pinned) = shelf.pinned(&place, pinned)?;
            Ok((Box::new(One::open(&place, &object, &format)?), pinned))
        }
        (From::Manifest(place, kind), format) => {
            let (object, pinned) = shelf.pinned(&place, pinned)?;
            let (places, format) = manifest::read(&place, &object, kind, format)?;
            let named = || Named::Places(places.clone().into_iter(), place.uri());
            unchanged(
                &mut Many::new(&shelf, named(), format.clone()),
                passed,
                &place.uri(),
            )?;
            Ok((Box::new(Many::new(&shelf, named(), format)), pinned))
        }
        (From::List { bucket, prefix }, format) => {
            let list = || List::open(&shelf, bucket.clone(), prefix.clone());
            let mut again = list()?;
            let uri = Arc::clone(&again.uri);
            unchanged(&mut again, passed, &uri)?;
            Ok(match format {
                None => (Box::new(list()?), None),
                Some(format) => {
                    let named = Named::List(Box::new(list()?));
                    (Box::new(Many::new(&shelf, named, format)), None)
                }
            })
        }
        (From::Object(place), None) => Err(unreadable(format!("{}: no format", place.uri()))),
    }
}

/// Something that goes from object to object.
trait Passes {
    /// Goes to the next one; false where there is none.
    fn pass(&mut self) -> Result<bool, Failure>;

    fn trace(&self) -> Passed;
}

/// Goes where an earlier reading was, and looks whether all before is as it was: read again, the
/// items would be others otherwise, and their numbers those of children that have ended.
fn unchanged(again: &mut impl Passes, passed: Option<Passed>, uri: &str) -> Result<(), Failure> {
    let Some(passed) = passed else { return Ok(()) };
    while again.trace().objects < passed.objects && again.pass()? {}
    match again.trace() == passed {
        true => Ok(()),
        false => Err(unreadable(format!(
            "{uri}: the objects were changed since the Map Run began"
        ))),
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

    fn skip(&mut self, count: u64) -> Result<u64, Failure> {
        self.rows.skip(count).map_err(|bad| told(&self.uri, &bad))
    }

    fn passed(&self) -> Option<Passed> {
        None
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
    trace: Trace,
}

impl Passes for List {
    fn pass(&mut self) -> Result<bool, Failure> {
        Ok(self.listed()?.is_some())
    }

    fn trace(&self) -> Passed {
        self.trace.passed()
    }
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
            trace: Trace::default(),
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
        let next = next.map_err(|why| unreadable(format!("{}: {why}", self.uri)))?;
        if let Some(listed) = &next {
            self.trace.pass(&listed.key, &listed.e_tag);
        }
        Ok(next)
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

    fn skip(&mut self, count: u64) -> Result<u64, Failure> {
        for skipped in 0..count {
            if self.listed()?.is_none() {
                return Ok(skipped);
            }
        }
        Ok(count)
    }

    fn passed(&self) -> Option<Passed> {
        Some(self.trace.passed())
    }
}

/// The rows of many objects, one object after the other.
struct Many {
    shelf: Shelf,
    named: Named,
    format: Format,
    current: Option<One>,
    trace: Trace,
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

impl Many {
    fn new(shelf: &Shelf, named: Named, format: Format) -> Self {
        Self {
            shelf: shelf.clone(),
            named,
            format,
            current: None,
            trace: Trace::default(),
        }
    }

    /// Looks at the next object.
    fn look(&mut self) -> Result<Option<(Place, Object)>, Failure> {
        let place = match &mut self.named {
            Named::Places(places, _) => places.next(),
            Named::List(list) => list.place()?,
        };
        let Some(place) = place else { return Ok(None) };
        let object = self.shelf.look(&place);
        let object = object.map_err(|failure| self.named.told(failure))?;
        self.trace
            .pass(&place.uri(), object.e_tag().unwrap_or_default());
        Ok(Some((place, object)))
    }

    /// Opens the next object; false where there is none.
    fn advance(&mut self) -> Result<bool, Failure> {
        self.current = None;
        while let Some((place, object)) = self.look()? {
            // An empty object, as a folder's marker is one, has no items in any format.
            if object.size() > 0 {
                self.current = Some(One::open(&place, &object, &self.format)?);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Passes for Many {
    fn pass(&mut self) -> Result<bool, Failure> {
        Ok(self.look()?.is_some())
    }

    fn trace(&self) -> Passed {
        self.trace.passed()
    }
}

impl Source for Many {
    fn next(&mut self) -> Result<Option<(Item, u64)>, Failure> {
        loop {
            if let Some(one) = &mut self.current
                && let Some(item) = one.next()?
            {
                return Ok(Some(item));
            }
            if !self.advance()? {
                return Ok(None);
            }
        }
    }

    fn skip(&mut self, count: u64) -> Result<u64, Failure> {
        let mut skipped = 0;
        loop {
            if let Some(one) = &mut self.current {
                skipped += one.skip(count - skipped)?;
            }
            if skipped == count || !self.advance()? {
                return Ok(skipped);
            }
        }
    }

    fn passed(&self) -> Option<Passed> {
        Some(match &self.named {
            Named::Places(..) => self.trace.passed(),
            // What the list says of an object is known without looking at it again.
            Named::List(list) => list.trace(),
        })
    }
}
