//! Where a Map Run's items come from, one after the other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use asl::interpreter::ItemSource;
use asl::{ErrorName, Failure, Payload};
use serde_json::Value;

/// An item and where it was read: `STATE_DATA`, or an object's URI.
pub type SourceItem = (Value, Arc<str>);

/// The future of the next item; none at the end.
pub type NextItem<'a> =
    Pin<Box<dyn Future<Output = Result<Option<SourceItem>, Failure>> + Send + 'a>>;

/// Items, one after the other: the same, in the same order, each time they are read.
pub trait Items: Send {
    /// The next item.
    ///
    /// # Errors
    /// The Map Run's failure, in most cases `States.ItemReaderFailed`.
    fn next(&mut self) -> NextItem<'_>;
}

/// The future of a source that is being opened.
pub type OpeningItems<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Items>, Failure>> + Send + 'a>>;

/// Opens what an ItemReader names.
pub trait ItemReaders: Send + Sync + 'static {
    /// `reader` is the ItemReader field, evaluated.
    ///
    /// # Errors
    /// The Map Run's failure.
    fn open<'a>(&'a self, reader: &'a Payload) -> OpeningItems<'a>;
}

/// No reader at all: a Map with an ItemReader fails, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReaders;

impl ItemReaders for NoReaders {
    fn open<'a>(&'a self, _: &'a Payload) -> OpeningItems<'a> {
        let cause = "Nothing here can read items: no object store is configured.";
        let failure = Failure::new(ErrorName::ITEM_READER_FAILED, cause);
        Box::pin(std::future::ready(Err(failure)))
    }
}

/// The items of a state's own data.
struct OwnItems {
    items: Payload,
    next: usize,
    source: Arc<str>,
}

impl Items for OwnItems {
    fn next(&mut self) -> NextItem<'_> {
        let item = self.items.value().get(self.next).cloned();
        self.next += 1;
        let item = item.map(|item| (item, Arc::clone(&self.source)));
        Box::pin(std::future::ready(Ok(item)))
    }
}

/// The first so many of other items.
struct FirstItems {
    items: Box<dyn Items>,
    left: u64,
}

impl Items for FirstItems {
    fn next(&mut self) -> NextItem<'_> {
        if self.left == 0 {
            return Box::pin(std::future::ready(Ok(None)));
        }
        self.left -= 1;
        self.items.next()
    }
}

/// Opens a plan's source.
pub(super) async fn open(
    source: &ItemSource,
    readers: &dyn ItemReaders,
) -> Result<Box<dyn Items>, Failure> {
    match source {
        ItemSource::Items(items) => Ok(Box::new(OwnItems {
            items: items.clone(),
            next: 0,
            source: "STATE_DATA".into(),
        })),
        ItemSource::Reader { reader, items_max } => Ok(Box::new(FirstItems {
            items: readers.open(reader).await?,
            left: *items_max,
        })),
    }
}
