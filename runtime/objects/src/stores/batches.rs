//! Items, a little ahead of whoever takes them: one batch is taken while the next is read.
//!
//! Reading blocks, so each batch is read on a blocking thread, and no thread is held while
//! nobody takes anything.

use std::collections::VecDeque;

use asl::Failure;
use tokio::task::JoinHandle;

use super::source::Source;
use super::unreadable;
use crate::limits::{BATCH_BYTES_MAX, BATCH_ITEMS_MAX};
use crate::{Item, Items, NextItem};

/// The items of a source.
pub(super) struct Batches {
    ready: VecDeque<Item>,
    /// The batch that is being read; none at the end.
    reading: Option<JoinHandle<Batch>>,
    failure: Option<Failure>,
}

struct Batch {
    items: VecDeque<Item>,
    /// How it goes on: the source itself, or the failure that ended it.
    rest: Result<Option<Box<dyn Source>>, Failure>,
}

impl Batches {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self {
            ready: VecDeque::new(),
            reading: Some(read(source)),
            failure: None,
        }
    }
}

impl Items for Batches {
    fn next(&mut self) -> NextItem<'_> {
        Box::pin(async move {
            loop {
                if let Some(item) = self.ready.pop_front() {
                    return Ok(Some(item));
                }
                let Some(reading) = &mut self.reading else {
                    return self.failure.clone().map_or(Ok(None), Err);
                };
                let batch = reading.await;
                self.reading = None;
                match batch {
                    Ok(Batch { items, rest }) => {
                        self.ready = items;
                        match rest {
                            Ok(source) => self.reading = source.map(read),
                            Err(failure) => self.failure = Some(failure),
                        }
                    }
                    // A parser that panics is a bug, not a reason to wait for ever.
                    Err(error) => {
                        let cause = format!("the reader failed: {error}");
                        self.failure = Some(unreadable(cause));
                    }
                }
            }
        })
    }
}

fn read(mut source: Box<dyn Source>) -> JoinHandle<Batch> {
    tokio::task::spawn_blocking(move || {
        let (mut items, mut bytes) = (VecDeque::new(), 0);
        while items.len() < BATCH_ITEMS_MAX && bytes < BATCH_BYTES_MAX {
            match source.next() {
                Ok(Some((item, more))) => {
                    bytes += more;
                    items.push_back(item);
                }
                Ok(None) => {
                    return Batch {
                        items,
                        rest: Ok(None),
                    };
                }
                Err(failure) => {
                    let rest = Err(failure);
                    return Batch { items, rest };
                }
            }
        }
        let rest = Ok(Some(source));
        Batch { items, rest }
    })
}
