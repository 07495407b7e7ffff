//! Chance, drawn from a recorded seed.
//!
//! Evaluation cannot reach the host's entropy. It draws from a stream whose seed the shell
//! chose and history keeps, so that a replay draws the same numbers in the same order.

use std::cell::Cell;

/// A stream of numbers that its seed alone determines (SplitMix64).
///
/// Each call of [`Draws::next_u64`] moves the stream on, so two calls of `States.UUID()`
/// in one evaluation differ. The numbers are unpredictable only as far as the seed is;
/// they are no secrets.
#[derive(Clone, Debug)]
pub struct Draws(Cell<u64>);

impl Draws {
    /// A stream from its beginning.
    pub fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next number, uniform over all 64 bits.
    pub fn next_u64(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, uniform to within one part in 2⁶⁴; 0 when `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        (wide >> 64) as u64
    }

    /// A version 4 UUID in lower-case text (RFC 9562, section 5.4).
    pub fn uuid(&self) -> String {
        let high = (self.next_u64() & !0xf000) | 0x4000;
        let low = (self.next_u64() & !(0b11 << 62)) | (0b10 << 62);
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_fixes_the_stream() {
        let draw = |seed| {
            let draws = Draws::new(seed);
            [draws.next_u64(), draws.next_u64(), draws.below(10)]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(draw(7)[0], draw(7)[1]);
        // The first number of the published SplitMix64 sequence for seed 0.
        assert_eq!(draw(0)[0], 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn a_bound_is_kept() {
        let draws = Draws::new(1);
        assert!((0..1000).all(|_| draws.below(3) < 3));
        assert_eq!(draws.below(0), 0);
    }

    #[test]
    fn a_uuid_has_version_and_variant() {
        let draws = Draws::new(0);
        let uuid = draws.uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!("89ab".contains(&uuid[19..20]));
        assert_ne!(uuid, draws.uuid());
    }
}
