//! The arithmetic of a small heap: where the next block goes.
//!
//! Made for a task's life: one call, mostly short, then the memory is thrown away whole.
//! A block is cut from the front of what is left (a *bump*); a freed one waits in the list
//! of its size class for the next of that class, so that a task which allocates and frees
//! in a loop stands still; nothing is ever merged. The last block can grow and shrink in
//! place, which is how a `String` of JSON is written.
//!
//! Addresses are plain numbers here and memory is touched only through [`Memory`]: the
//! tests run it on a vector.

/// What a heap stands on.
pub(crate) trait Memory {
    /// Makes at least the addresses below `end` usable; false if that cannot be.
    fn reach(&mut self, end: usize) -> bool;
    /// Reads the word at an address that the heap owns.
    fn load(&self, address: usize) -> usize;
    /// Writes the word at an address that the heap owns.
    fn store(&mut self, address: usize, word: usize);
}

/// Every block begins at a multiple of this, and every size is one: what `f64` asks for,
/// and room for the link of a free block.
const GRAIN: usize = 8;

/// Four size classes for each doubling, so that at most a fifth of a block is unused.
const CLASSES: usize = 108;

/// No block is larger: a quarter of the address space, far beyond what a task is granted.
const BLOCK_BYTES_MAX: usize = 1 << 30;

/// Where the next block goes.
pub(crate) struct Heap {
    /// The first byte that was never given away; 0 until the first block.
    next: usize,
    /// By size class, the first free block, each of which holds the address of the next; 0
    /// is the end.
    free: [usize; CLASSES],
}

impl Heap {
    /// A heap that has given nothing away.
    pub(crate) const fn new() -> Self {
        Self {
            next: 0,
            free: [0; CLASSES],
        }
    }

    /// Gives `size` bytes at a multiple of `align`, above `base`; `None` if there is no room.
    pub(crate) fn allocate(
        &mut self,
        memory: &mut impl Memory,
        base: usize,
        size: usize,
        align: usize,
    ) -> Option<usize> {
        if size > BLOCK_BYTES_MAX || align > BLOCK_BYTES_MAX {
            return None;
        }
        let (class, size) = size_class(size);
        // Blocks of a list are aligned to the grain and no better.
        if align <= GRAIN && self.free[class] != 0 {
            let block = self.free[class];
            self.free[class] = memory.load(block);
            return Some(block);
        }
        let block = self
            .next
            .max(base)
            .checked_next_multiple_of(align.max(GRAIN))?;
        let end = block.checked_add(size)?;
        memory.reach(end).then(|| self.next = end)?;
        Some(block)
    }

    /// Takes back a block of `size` bytes that [`Heap::allocate`] gave.
    pub(crate) fn free(&mut self, memory: &mut impl Memory, block: usize, size: usize) {
        let (class, size) = size_class(size);
        if block + size == self.next {
            self.next = block;
        } else {
            memory.store(block, self.free[class]);
            self.free[class] = block;
        }
    }

    /// Makes a block of `old` bytes one of `new` where it stands; false if it must move.
    pub(crate) fn resize(
        &mut self,
        memory: &mut impl Memory,
        block: usize,
        old: usize,
        new: usize,
    ) -> bool {
        if new > BLOCK_BYTES_MAX {
            return false;
        }
        let ((old_class, old), (new_class, new)) = (size_class(old), size_class(new));
        if old_class == new_class {
            return true;
        }
        let Some(end) = block.checked_add(new).filter(|_| block + old == self.next) else {
            return false;
        };
        let there = memory.reach(end);
        if there {
            self.next = end;
        }
        there
    }
}

/// The class of a size up to [`BLOCK_BYTES_MAX`], and the size all its blocks have.
fn size_class(size: usize) -> (usize, usize) {
    let last = size.max(1) - 1;
    // 8, 16, 24, 32; then a doubling is cut in four, first into steps of one grain.
    let shift = (last | 31).ilog2() - 2;
    let shift = shift.max(GRAIN.ilog2());
    let step = last >> shift;
    let class = (shift - GRAIN.ilog2()) as usize * 4 + step;
    (class, (step + 1) << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words by address, and how far it may reach.
    struct Words {
        words: Vec<usize>,
        end_max: usize,
    }

    impl Memory for Words {
        fn reach(&mut self, end: usize) -> bool {
            if end <= self.end_max && self.words.len() < end {
                self.words.resize(end, usize::MAX);
            }
            end <= self.end_max
        }
        fn load(&self, address: usize) -> usize {
            self.words[address]
        }
        fn store(&mut self, address: usize, word: usize) {
            self.words[address] = word;
        }
    }

    const BASE: usize = 1000;

    fn memory(bytes: usize) -> Words {
        Words {
            words: Vec::new(),
            end_max: BASE + bytes,
        }
    }

    #[test]
    fn classes_rise_without_gap_and_waste_a_fifth_at_most() {
        assert_eq!(size_class(0), (0, 8));
        let mut before = (0, 8);
        for size in 1..100_000 {
            let (class, rounded) = size_class(size);
            assert!(rounded >= size && rounded % GRAIN == 0);
            assert!(
                size <= 32 || (rounded - size) * 5 <= rounded,
                "{size} in {rounded}"
            );
            match class - before.0 {
                0 => assert_eq!(rounded, before.1),
                1 => assert_eq!(size, before.1 + 1),
                gap => panic!("{gap} classes at once"),
            }
            before = (class, rounded);
        }
        let (class, rounded) = size_class(BLOCK_BYTES_MAX);
        assert!(class < CLASSES);
        assert_eq!(rounded, BLOCK_BYTES_MAX);
    }

    #[test]
    fn a_loop_of_allocations_stands_still() {
        let (mut heap, mut memory) = (Heap::new(), memory(4096));
        let kept = heap.allocate(&mut memory, BASE, 100, 8).unwrap();
        for size in (1..1000).cycle().take(20_000) {
            let (a, b) = (size % 60 + 1, size % 90 + 1);
            let first = heap.allocate(&mut memory, BASE, a, 8).unwrap();
            let second = heap.allocate(&mut memory, BASE, b, 1).unwrap();
            assert!(first != kept && second != first);
            heap.free(&mut memory, first, a);
            heap.free(&mut memory, second, b);
        }
        assert!(heap.next < BASE + 4096);
    }

    #[test]
    fn the_last_block_grows_in_place_and_others_do_not() {
        let (mut heap, mut memory) = (Heap::new(), memory(4096));
        let first = heap.allocate(&mut memory, BASE, 100, 8).unwrap();
        assert!(heap.resize(&mut memory, first, 100, 1000));
        let second = heap.allocate(&mut memory, BASE, 8, 8).unwrap();
        assert!(second >= first + 1000);
        assert!(!heap.resize(&mut memory, first, 1000, 2000));
        assert!(heap.resize(&mut memory, first, 1000, 1001), "same class");
        heap.free(&mut memory, second, 8);
        assert!(heap.resize(&mut memory, first, 1001, 8), "shrinks");
        assert!(!heap.resize(&mut memory, first, 8, 5000), "no room");
    }

    #[test]
    fn alignment_is_kept_and_absurd_sizes_are_refused() {
        let (mut heap, mut memory) = (Heap::new(), memory(1 << 16));
        for align in [1, 8, 16, 64, 4096] {
            let block = heap.allocate(&mut memory, BASE, 24, align).unwrap();
            assert_eq!(block % align.max(GRAIN), 0);
        }
        for size in [1 << 16, BLOCK_BYTES_MAX + 1, usize::MAX] {
            assert_eq!(heap.allocate(&mut memory, BASE, size, 8), None);
        }
        assert_eq!(heap.allocate(&mut memory, BASE, 8, 1 << 31), None);
    }
}
