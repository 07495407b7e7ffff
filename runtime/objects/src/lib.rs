//! Objects: what a Map Run reads its items from, and what it writes its results to.
//!
//! This crate knows buckets, keys and the formats of what is in them. It knows neither
//! executions nor the journal: an item goes out, bytes of results come in. Its contract is
//! [`Objects`]; with the feature `stores` off nothing else is built. [`Buckets`] implements
//! it, on folders of this machine and on whatever speaks S3's protocol.
//!
//! A source is read as a stream. What it holds in memory is bounded by [`limits`]: a range of
//! the object, a batch of items, the next batch. Whoever reads sets the pace.

mod contract;
#[cfg(feature = "stores")]
mod formats;
pub mod limits;
#[cfg(feature = "stores")]
mod reader;
#[cfg(feature = "stores")]
mod stores;

pub use contract::{
    Answering, Item, Items, Known, NextItem, NoObjects, ObjectWriter, Objects, OpenedItems, Pinned,
};
#[cfg(feature = "stores")]
pub use stores::{Buckets, BucketsError, S3Settings};
