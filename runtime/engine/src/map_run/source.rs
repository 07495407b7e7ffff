//! Where a Map Run's items come from, one after the other.

use std::sync::Arc;

use asl::interpreter::ItemSource;
use asl::map_run::Passed;
use asl::{Failure, Payload};
use objects::{Answering, Item, Items, Known, NextItem, Objects, Pinned};

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
        let item = item.map(|value| Item {
            value,
            key: None,
            source: Arc::clone(&self.source),
        });
        Box::pin(std::future::ready(Ok(item)))
    }

    fn skip(&mut self, count: u64) -> Answering<'_, u64> {
        let all = self.items.value().as_array().map_or(0, Vec::len);
        let left = all.saturating_sub(self.next);
        let skipped = usize::try_from(count).map_or(left, |count| count.min(left));
        self.next += skipped;
        Box::pin(std::future::ready(Ok(skipped as u64)))
    }

    fn passed(&self) -> Option<Passed> {
        None
    }
}

/// The first so many of other items.
struct FirstItems {
    items: Box<dyn Items>,
    left: u64,
}

impl Items for FirstItems {
    fn next(&mut self) -> NextItem<'_> {
        Box::pin(async move {
            if self.left == 0 {
                return Ok(None);
            }
            let item = self.items.next().await?;
            self.left -= 1;
            Ok(item)
        })
    }

    fn skip(&mut self, count: u64) -> Answering<'_, u64> {
        Box::pin(async move {
            let skipped = self.items.skip(count.min(self.left)).await?;
            self.left -= skipped;
            Ok(skipped)
        })
    }

    fn passed(&self) -> Option<Passed> {
        self.items.passed()
    }
}

/// Opens a plan's source; answers what it is pinned to.
pub(super) async fn open(
    source: &ItemSource,
    objects: &dyn Objects,
    known: Known,
) -> Result<(Box<dyn Items>, Pinned), Failure> {
    match source {
        ItemSource::Items(items) => {
            let own = OwnItems {
                items: items.clone(),
                next: 0,
                source: "STATE_DATA".into(),
            };
            Ok((Box::new(own), None))
        }
        ItemSource::Reader { reader, items_max } => {
            let (items, pinned) = objects.open(reader, known).await?;
            let left = *items_max;
            Ok((Box::new(FirstItems { items, left }), pinned))
        }
        ItemSource::Refused(failure) => Err(failure.clone()),
    }
}
