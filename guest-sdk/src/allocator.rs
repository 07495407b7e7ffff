//! The guest's allocator: [`Heap`] over the linear memory.
//!
//! What a fresh instance costs is mostly pages: those the host must reset, and those it
//! must add because the guest's allocator asked. This one starts in the memory the module
//! begins with, behind the linker's `__heap_base` (`--initial-heap` makes room there), and
//! grows it only when that is used up.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;

use crate::heap::{Heap, Memory};

/// Bytes of a page of linear memory, as the WebAssembly specification has it.
const PAGE_BYTES: usize = 65_536;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(UnsafeCell::new(Heap::new()));

struct Allocator(UnsafeCell<Heap>);

// SAFETY: a task's module has one thread: wasm32-unknown-unknown starts none, and without
// the `atomics` feature, checked below, its memory cannot be shared.
unsafe impl Sync for Allocator {}

#[cfg(target_feature = "atomics")]
compile_error!("this allocator is for one thread");

struct LinearMemory;

impl Memory for LinearMemory {
    fn reach(&mut self, end: usize) -> bool {
        let pages = core::arch::wasm32::memory_size(0);
        let wanted = end.div_ceil(PAGE_BYTES);
        // A growth costs the host a system call, so each adds at least half of what there is.
        wanted <= pages || grow((wanted - pages).max(pages / 2)) || grow(wanted - pages)
    }

    fn load(&self, address: usize) -> usize {
        // SAFETY: the heap loads only from free blocks: within memory, aligned to eight, and
        // written by `store` when they were freed.
        unsafe { *(address as *const usize) }
    }

    fn store(&mut self, address: usize, word: usize) {
        // SAFETY: as for `load`; a free block has no other owner.
        unsafe { *(address as *mut usize) = word }
    }
}

fn grow(pages: usize) -> bool {
    core::arch::wasm32::memory_grow(0, pages) != usize::MAX
}

fn heap_base() -> usize {
    unsafe extern "C" {
        /// Placed by the linker behind all data; an address, not a value.
        static __heap_base: u8;
    }
    (&raw const __heap_base) as usize
}

// SAFETY: blocks do not overlap (each is cut from memory never given away, or was freed),
// have at least the size and the alignment asked for, and stay until freed; nothing panics.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: one thread, and the heap calls nothing that allocates: the only reference.
        let heap = unsafe { &mut *self.0.get() };
        let block = heap.allocate(
            &mut LinearMemory,
            heap_base(),
            layout.size(),
            layout.align(),
        );
        block.map_or(core::ptr::null_mut(), |address| address as *mut u8)
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as in `alloc`; the caller gives back what `alloc` gave for this layout.
        let heap = unsafe { &mut *self.0.get() };
        heap.free(&mut LinearMemory, block as usize, layout.size());
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as in `alloc`.
        let heap = unsafe { &mut *self.0.get() };
        if heap.resize(&mut LinearMemory, block as usize, layout.size(), size) {
            return block;
        }
        // SAFETY: the caller vouches for `size` and the alignment of `layout`, and that
        // `block` holds `layout.size()` bytes; the new block is another one.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(block, new, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}
