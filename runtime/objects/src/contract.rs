//! What a Map Run asks of whoever keeps objects.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use asl::map_run::Passed;
use asl::{ErrorName, Failure, Payload};
use serde_json::Value;

use crate::limits;

/// The future of an answer.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send + 'a>>;

/// An item, as its source gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Itself.
    pub value: Value,
    /// `$$.Map.Item.Key`: its name, where the source is an object's fields.
    pub key: Option<Arc<str>>,
    /// `$$.Map.Item.Source`: `STATE_DATA`, or the URI of what it was read from.
    pub source: Arc<str>,
}

/// The future of the next item; none at the end.
pub type NextItem<'a> = Answering<'a, Option<Item>>;

/// Items, one after the other: the same, in the same order, each time they are read.
pub trait Items: Send {
    /// The next item. The future may be dropped and asked for anew.
    ///
    /// # Errors
    /// The Map Run's failure, in most cases `States.ItemReaderFailed`.
    fn next(&mut self) -> NextItem<'_>;

    /// Passes over items that are not needed, which may cost less than to make them. Answers how
    /// many: fewer than asked for where they end before.
    ///
    /// # Errors
    /// As of [`Items::next`].
    fn skip(&mut self, count: u64) -> Answering<'_, u64>;

    /// How far the source was read for the last item that was given; none where it is pinned.
    fn passed(&self) -> Option<Passed>;
}

/// What tells the state of a source: an object's ETag. Read again under another one, it
/// would not give the same items.
pub type Pinned = Option<String>;

/// What an earlier opening of the same source came to.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What it was pinned to.
    pub pinned: Pinned,
    /// How far it was read, where it was pinned to nothing.
    pub passed: Option<Passed>,
}

/// A source that was opened, and what it is pinned to.
pub type OpenedItems = (Box<dyn Items>, Pinned);

/// An object that is being written. Nothing of it is seen before it is finished; dropped
/// unfinished, it never is.
pub trait ObjectWriter: Send {
    /// Appends bytes.
    ///
    /// # Errors
    /// `States.ResultWriterFailed`.
    fn write(&mut self, bytes: Vec<u8>) -> Answering<'_, ()>;

    /// Makes the object what was written, in place of any that is there.
    ///
    /// # Errors
    /// `States.ResultWriterFailed`.
    fn finish(self: Box<Self>) -> Answering<'static, ()>;
}

/// Reads and writes objects.
pub trait Objects: Send + Sync + 'static {
    /// Opens what an ItemReader names. `reader` is that field, evaluated; what is `known` of the
    /// same source from before must still hold.
    ///
    /// # Errors
    /// The Map Run's failure.
    fn open<'a>(&'a self, reader: &'a Payload, known: Known) -> Answering<'a, OpenedItems>;

    /// Largest object of results, in bytes.
    fn result_bytes_max(&self) -> u64 {
        limits::RESULT_FILE_BYTES_MAX
    }

    /// Begins an object, in a bucket of `owner`, where that is given: an account's number.
    ///
    /// # Errors
    /// `States.ResultWriterFailed`.
    fn create<'a>(
        &'a self,
        bucket: &'a str,
        owner: Option<&'a str>,
        key: &'a str,
    ) -> Answering<'a, Box<dyn ObjectWriter>>;
}

/// No store at all: a Map that names one fails, and says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObjects;

impl Objects for NoObjects {
    fn open<'a>(&'a self, _: &'a Payload, _: Known) -> Answering<'a, OpenedItems> {
        let cause = "Nothing here can read items: no object store is configured.";
        let failure = Failure::new(ErrorName::ITEM_READER_FAILED, cause);
        Box::pin(std::future::ready(Err(failure)))
    }

    fn create<'a>(
        &'a self,
        _: &'a str,
        _: Option<&'a str>,
        _: &'a str,
    ) -> Answering<'a, Box<dyn ObjectWriter>> {
        let cause = "Nothing here can write results: no object store is configured.";
        let failure = Failure::new(ErrorName::RESULT_WRITER_FAILED, cause);
        Box::pin(std::future::ready(Err(failure)))
    }
}
