//! Items, a little ahead of whoever takes them: one batch is taken while the next is read.
//!
//! Reading blocks, so each batch is read on a blocking thread, and no thread is held while
//! nobody takes anything.

use std::collections::VecDeque;

use asl::Failure;
use asl::map_run::Passed;
use tokio::task::JoinHandle;

use super::source::Source;
use super::unreadable;
use crate::limits::{BATCH_BYTES_MAX, BATCH_ITEMS_MAX};
use crate::{Answering, Item, Items, NextItem};

/// The items of a source.
pub(super) struct Batches {
    ready: VecDeque<Read>,
    /// How far the source was read for the last item that was given.
    passed: Option<Passed>,
    /// The batch that is being read; none at the end.
    reading: Option<JoinHandle<Batch>>,
    failure: Option<Failure>,
}

/// An item, and how far the source was read for it.
type Read = (Item, Option<Passed>);

struct Batch {
    /// Items that were passed over before.
    skipped: u64,
    items: VecDeque<Read>,
    /// How it goes on: the source itself, or the failure that ended it.
    rest: Result<Option<Box<dyn Source>>, Failure>,
}

/// Items that are passed over in one go on a blocking thread: some hundredths of a second, so
/// that a run that ends meanwhile does not keep one.
const SKIPPED_AT_ONCE: u64 = 100_000;

impl Batches {
    pub(super) fn new(source: Box<dyn Source>) -> Self {
        Self {
            ready: VecDeque::new(),
            passed: None,
            reading: Some(read(source, 0)),
            failure: None,
        }
    }

    /// Waits for the batch that is being read, passes over as many items as are to be skipped, and
    /// lets the next one be read. False at the end.
    async fn receive(&mut self, to_skip: &mut u64) -> Result<bool, Failure> {
        let Some(reading) = &mut self.reading else {
            return self.failure.clone().map_or(Ok(false), Err);
        };
        let batch = reading.await;
        self.reading = None;
        match batch {
            Ok(Batch {
                skipped,
                items,
                rest,
            }) => {
                self.ready = items;
                *to_skip -= skipped;
                self.pass_over(to_skip);
                match rest {
                    Ok(source) => self.reading = source.map(|source| read(source, *to_skip)),
                    Err(failure) => self.failure = Some(failure),
                }
            }
            // A parser that panics is a bug, not a reason to wait for ever.
            Err(error) => self.failure = Some(unreadable(format!("the reader failed: {error}"))),
        }
        Ok(true)
    }

    /// Passes over what is ready, as far as it is to be skipped.
    fn pass_over(&mut self, to_skip: &mut u64) {
        let count = (self.ready.len() as u64).min(*to_skip);
        self.ready.drain(..count as usize);
        *to_skip -= count;
    }
}

impl Items for Batches {
    fn next(&mut self) -> NextItem<'_> {
        Box::pin(async move {
            loop {
                if let Some((item, passed)) = self.ready.pop_front() {
                    self.passed = passed;
                    return Ok(Some(item));
                }
                if !self.receive(&mut 0).await? {
                    return Ok(None);
                }
            }
        })
    }

    fn skip(&mut self, count: u64) -> Answering<'_, u64> {
        Box::pin(async move {
            let mut to_skip = count;
            self.pass_over(&mut to_skip);
            while to_skip > 0 && self.receive(&mut to_skip).await? {}
            Ok(count - to_skip)
        })
    }

    fn passed(&self) -> Option<Passed> {
        self.passed
    }
}

fn read(source: Box<dyn Source>, to_skip: u64) -> JoinHandle<Batch> {
    tokio::task::spawn_blocking(move || {
        let mut batch = Batch {
            skipped: 0,
            items: VecDeque::new(),
            rest: Ok(None),
        };
        batch.rest = batch.fill(source, to_skip);
        batch
    })
}

impl Batch {
    /// Passes over items, or takes some; answers the source, unless it is at its end.
    fn fill(
        &mut self,
        mut source: Box<dyn Source>,
        to_skip: u64,
    ) -> Result<Option<Box<dyn Source>>, Failure> {
        if to_skip > 0 {
            let most = to_skip.min(SKIPPED_AT_ONCE);
            self.skipped = source.skip(most)?;
            return Ok((self.skipped == most).then_some(source));
        }
        let mut bytes = 0;
        while self.items.len() < BATCH_ITEMS_MAX && bytes < BATCH_BYTES_MAX {
            let Some((item, more)) = source.next()? else {
                return Ok(None);
            };
            bytes += more;
            self.items.push_back((item, source.passed()));
        }
        Ok(Some(source))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::*;

    /// The numbers below this one.
    struct Numbers {
        next: u64,
        end: u64,
    }

    impl Source for Numbers {
        fn next(&mut self) -> Result<Option<(Item, u64)>, Failure> {
            let item = (self.next < self.end).then(|| Item {
                value: json!(self.next),
                key: None,
                source: Arc::from("numbers"),
            });
            self.next += 1;
            Ok(item.map(|item| (item, 1)))
        }

        fn skip(&mut self, count: u64) -> Result<u64, Failure> {
            let skipped = count.min(self.end - self.next);
            self.next += skipped;
            Ok(skipped)
        }

        fn passed(&self) -> Option<Passed> {
            None
        }
    }

    #[tokio::test]
    async fn what_is_skipped_is_not_given() {
        let all = SKIPPED_AT_ONCE * 3;
        // How many are taken, then skipped, and what comes next.
        let cases = [
            (0, 0, Some(0)),
            (0, 1, Some(1)),
            (3, 1_000, Some(1_003)),
            (999, 1, Some(1_000)),
            (1, SKIPPED_AT_ONCE * 2 + 5, Some(SKIPPED_AT_ONCE * 2 + 6)),
            (0, all - 1, Some(all - 1)),
            (0, all, None),
            (2, all, None),
        ];
        for (taken, skipped, expected) in cases {
            let source = Numbers { next: 0, end: all };
            let mut batches = Batches::new(Box::new(source));
            for _ in 0..taken {
                batches.next().await.unwrap();
            }
            let passed = batches.skip(skipped).await.unwrap();
            assert_eq!(passed, skipped.min(all - taken));
            let next = batches.next().await.unwrap();
            let next = next.and_then(|item| item.value.as_u64());
            assert_eq!(next, expected, "{taken} taken, {skipped} skipped");
        }
    }
}
