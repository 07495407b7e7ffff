//! A set of children's numbers, of which there may be millions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Numbers in words of 64 bits: as small as they are few, or as they lie together. Stored as
/// the words alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<u64, u64>", into = "BTreeMap<u64, u64>")]
pub(super) struct Numbers {
    words: BTreeMap<u64, u64>,
    count: u64,
}

impl From<BTreeMap<u64, u64>> for Numbers {
    fn from(words: BTreeMap<u64, u64>) -> Self {
        let count = words.values().map(|word| u64::from(word.count_ones()));
        Self {
            count: count.sum(),
            words,
        }
    }
}

impl From<Numbers> for BTreeMap<u64, u64> {
    fn from(numbers: Numbers) -> Self {
        numbers.words
    }
}

impl Numbers {
    pub(super) fn insert(&mut self, number: u64) {
        let word = self.words.entry(number / 64).or_default();
        let bit = 1 << (number % 64);
        self.count += u64::from(*word & bit == 0);
        *word |= bit;
    }

    /// Takes a number out; answers whether it was in.
    pub(super) fn remove(&mut self, number: u64) -> bool {
        let (place, bit) = (number / 64, 1 << (number % 64));
        let Some(word) = self.words.get_mut(&place).filter(|word| **word & bit != 0) else {
            return false;
        };
        *word &= !bit;
        if *word == 0 {
            self.words.remove(&place);
        }
        self.count -= 1;
        true
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        let word = self.words.get(&(number / 64));
        word.is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    pub(super) fn first(&self) -> Option<u64> {
        let (place, word) = self.words.first_key_value()?;
        Some(place * 64 + u64::from(word.trailing_zeros()))
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_was_put_in() {
        let mut numbers = Numbers::default();
        for number in [0, 63, 64, 1_000_000, 63] {
            numbers.insert(number);
        }
        assert_eq!(numbers.count(), 4);
        assert!(numbers.contains(63) && !numbers.contains(62) && !numbers.contains(65));
        assert_eq!(numbers.first(), Some(0));
        assert!(numbers.remove(0) && numbers.first() == Some(63));
        numbers.insert(0);
        assert!(numbers.remove(63) && !numbers.remove(63) && !numbers.contains(63));
        assert_eq!((numbers.count(), numbers.words.len()), (3, 3));
    }
}
