//! What a source of many objects has passed, as a number: read again it must come to the same,
//! or the items after it would be others.

use asl::map_run::Passed;

/// Counts objects, and folds their names and their states into a number.
///
/// FNV-1a with 64 bits: it must be the same in each version of this program, and whoever can
/// change a bucket so that it collides can make the items what they like anyway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trace(Passed);

const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// Between two texts; no UTF-8 has it.
const END: u8 = 0xff;

impl Default for Trace {
    fn default() -> Self {
        Self(Passed {
            objects: 0,
            trace: BASIS,
        })
    }
}

impl Trace {
    /// Passes an object in a state: its ETag.
    pub(super) fn pass(&mut self, name: &str, e_tag: &str) {
        let Self(Passed { objects, trace }) = self;
        *objects += 1;
        for text in [name, e_tag] {
            for byte in text.bytes().chain([END]) {
                *trace = (*trace ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        }
    }

    pub(super) fn passed(self) -> Passed {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_states_and_their_order_count() {
        let trace = |objects: &[(&str, &str)]| {
            let mut trace = Trace::default();
            objects
                .iter()
                .for_each(|(name, e_tag)| trace.pass(name, e_tag));
            trace.passed()
        };
        let ab = trace(&[("a", "1"), ("b", "2")]);
        assert_eq!(ab, trace(&[("a", "1"), ("b", "2")]));
        // Stored rows have it: it stays what it is.
        assert_eq!((ab.objects, ab.trace), (2, 2072640632553516545));
        for other in [
            &[("b", "2"), ("a", "1")][..],
            &[("a", "1"), ("b", "3")],
            &[("a", "1b"), ("", "2")],
            &[("a", "1")],
        ] {
            assert_ne!(trace(other), ab, "{other:?}");
        }
    }
}
