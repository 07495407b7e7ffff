//! Counts the bytes that a parser takes, so that no item and no object is without bound.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::limits;

/// A bound that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    /// One item.
    #[error("an item is longer than {} bytes", limits::ITEM_BYTES_MAX)]
    Item,
    /// The whole object.
    #[error(
        "the object has more than {} bytes when it is unpacked",
        limits::OBJECT_BYTES_MAX
    )]
    Object,
    /// What comes before the array.
    #[error(
        "the array does not begin in the first {} bytes",
        limits::ARRAY_BEGINS_MAX
    )]
    BeforeArray,
}

/// How much was taken: in all, and since the last item began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: AtomicU64,
    /// Where the item began.
    began: AtomicU64,
    /// Set while what is read stands before the first item.
    is_before: std::sync::atomic::AtomicBool,
}

impl Meter {
    /// The next item begins here; answers how many bytes the last one took.
    pub(crate) fn begin(&self) -> u64 {
        self.0.is_before.store(false, Ordering::Relaxed);
        let all = self.0.all.load(Ordering::Relaxed);
        all - self.0.began.swap(all, Ordering::Relaxed)
    }

    /// Until the first item begins, other bounds hold.
    pub(crate) fn before(&self) {
        self.0.is_before.store(true, Ordering::Relaxed);
    }

    /// A reader that counts here.
    pub(crate) fn read<R>(&self, inner: R) -> Metered<R> {
        Metered {
            inner,
            meter: self.clone(),
        }
    }

    fn take(&self, bytes: u64) -> Result<(), TooMuch> {
        let all = self.0.all.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let item = all - self.0.began.load(Ordering::Relaxed);
        if all > limits::OBJECT_BYTES_MAX {
            return Err(TooMuch::Object);
        }
        match self.0.is_before.load(Ordering::Relaxed) {
            true if all > limits::ARRAY_BEGINS_MAX => Err(TooMuch::BeforeArray),
            // What a parser reads ahead is no part of the item.
            false if item > limits::ITEM_BYTES_MAX + AHEAD => Err(TooMuch::Item),
            _ => Ok(()),
        }
    }
}

/// Bytes that a parser may have read ahead.
const AHEAD: u64 = 64 * 1024;

/// A reader whose bytes are counted.
pub(crate) struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.inner.read(buffer)?;
        self.meter.take(bytes as u64).map_err(io::Error::other)?;
        Ok(bytes)
    }
}
