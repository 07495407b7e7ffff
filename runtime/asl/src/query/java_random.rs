//! `java.util.Random`: what AWS draws from where a seed is given, so that the numbers are the same.
//!
//! Source: the documentation of its methods, which fixes the algorithms.

/// A generator; its numbers follow from its seed alone.
pub(super) struct JavaRandom(u64);

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    pub(super) fn new(seed: i64) -> Self {
        Self((seed.cast_unsigned() ^ Self::MULTIPLIER) & Self::MASK)
    }

    /// The next number of so many bits, at most 32.
    fn next(&mut self, bits: u32) -> u64 {
        self.0 = self.0.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB) & Self::MASK;
        self.0 >> (48 - bits)
    }

    /// `nextDouble()`: from 0 up to, not including, 1.
    pub(super) fn double(&mut self) -> f64 {
        let (high, low) = (self.next(26), self.next(27));
        ((high << 27) + low) as f64 / (1_u64 << 53) as f64
    }

    /// `nextInt(bound)`: from 0 up to, not including, `bound`, which is above 0.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let bound = u64::from(bound);
        if bound.is_power_of_two() {
            return ((bound * self.next(31)) >> 31) as u32;
        }
        // Of 2³¹ numbers those beyond the last multiple of the bound are drawn again: fewer than
        // half of them, so that the loop ends.
        loop {
            let drawn = self.next(31);
            let below = drawn % bound;
            if drawn - below + (bound - 1) < 1 << 31 {
                return below as u32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_java() {
        // As `new Random(42)` gives them in a JVM: known from countless examples.
        assert_eq!(JavaRandom::new(42).double(), 0.7275636800328681);
        let mut random = JavaRandom::new(42);
        assert_eq!([0; 5].map(|_| random.below(10)), [0, 3, 8, 4, 0]);
        let mut random = JavaRandom::new(0);
        assert_eq!([0; 3].map(|_| random.below(100)), [60, 48, 29]);
        assert_eq!(JavaRandom::new(1).below(1), 0);
    }
}
