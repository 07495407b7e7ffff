//! Every bound of the sandbox that is not a [`crate::Limits`] of the module version, and
//! the limiter that holds an instance to its memory, tables and instances.

use std::time::Duration;

use wasmtime::ResourceLimiter;

use crate::{LIMITS_MAX, Limits};

/// A module as it is deployed, in bytes. A Python interpreter compiled to a component
/// takes 18 MB, JavaScript's 12 MB.
pub const MODULE_BYTES_MAX: usize = 64 << 20;
/// Functions of all parts of a module together: Python has 13,000, JavaScript as many.
pub const FUNCTIONS_MAX: u64 = 100_000;
/// One function's code, in bytes. A compiler's time and memory grow faster than a function: the
/// largest of Python has 430,000, of JavaScript 170,000, of Go 26,000.
pub const FUNCTION_BYTES_MAX: u64 = 1 << 20;
/// Blocks within blocks of one function: a compiler's time grows with their square, and a hundred
/// thousand take minutes. A switch makes as many as it has cases.
pub const NESTED_BLOCKS_MAX: u64 = 5_000;
/// Imports of one part of a module: those between Python's own parts are 900.
pub const IMPORTS_MAX: u64 = 4_096;
/// Core modules and components within a module: Python has 17.
pub const PARTS_MAX: u64 = 256;
/// Longest wait for a module to compile. Eighteen megabytes take some ten seconds on two
/// cores; what takes this long was made to.
pub const COMPILE_TIME_MAX: Duration = Duration::from_secs(300);
/// What a compiler that is a process of its own may take, in bytes of address space: Python takes a
/// gigabyte and a half of them.
pub const COMPILER_BYTES_MAX: u64 = 4 << 30;
/// Machine code of a module, in bytes: four to eight times as much as the module.
pub const CODE_BYTES_MAX: u64 = 512 << 20;
/// Modules compiled side by side; each may take a gigabyte while it lasts.
pub const COMPILERS_MAX: usize = 2;
/// Attempts in progress side by side; those beyond wait for a place. Bounds the address
/// space that the pooling allocator reserves.
pub const ATTEMPTS_MAX: u32 = 512;
/// Modules kept ready to be instantiated; those beyond are mapped again when needed.
pub const LOADED_MODULES_MAX: usize = 256;
/// Bytes that one call may bring from the guest into the host: the longest answer that any
/// version may give, and some room to tell one that is too long from one that is far too long.
/// Whether an answer is too much for a payload is the interpreter's question.
pub const HOST_CALL_BYTES_MAX: usize = LIMITS_MAX.output_bytes_max as usize + (64 << 10);
/// One log line, in bytes, as `wit/task.wit` promises.
pub const LOG_LINE_BYTES_MAX: usize = 64 << 10;
/// The end of stderr that is kept for the cause of a failure, in bytes.
pub const STDERR_TAIL_BYTES_MAX: usize = 2 << 10;
/// Random bytes a guest may ask for in one call.
pub const RANDOM_BYTES_MAX: u64 = 1 << 20;
/// Resources (streams, pollables, requests) a guest may hold open.
pub const RESOURCES_MAX: usize = 4_096;
/// The same where directories are granted: each may be an open file, of which a process has few.
pub const FILES_MAX: usize = 256;
/// Subscriptions of one `poll_oneoff`.
pub const SUBSCRIPTIONS_MAX: u32 = 1_024;
/// Core instances within one component: componentize-py makes some twenty.
pub const CORE_INSTANCES_MAX: u32 = LIMITS_MAX.instances_max;
/// Memories within one instance.
pub const MEMORIES_MAX: u32 = 2;
/// Tables within one instance.
pub const TABLES_MAX: u32 = 8;
/// Elements of one table: Go and Python make ten thousand.
pub const TABLE_ELEMENTS_MAX: usize = LIMITS_MAX.table_elements_max as usize;
/// Bookkeeping of one instance, in bytes: grows with its functions, globals and imports.
pub const INSTANCE_BYTES_MAX: usize = 4 << 20;
/// The guest's stack, in bytes; deeper recursion traps.
pub const STACK_BYTES_MAX: usize = 512 << 10;
/// The stack that the guest's and the host's frames share, in bytes.
pub const FIBER_STACK_BYTES: usize = 1 << 20;
/// Of each memory slot, bytes that stay in place between two instances: cleared rather
/// than given back and faulted in again.
pub const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// The same of each table slot: two thousand functions. The slots of all attempts together keep
/// 64 MiB at most.
pub const TABLE_KEEP_RESIDENT_BYTES: usize = 16 << 10;
/// How often a running guest lets others run, and sees that its time is up.
pub const TICK: Duration = Duration::from_millis(1);
/// Ticks that find an attempt at work before it counts as one that takes long. One is chance.
pub const TICKS_OF_SHORT_ATTEMPTS: u32 = 2;
/// How far those that take long stand back, as `nice` has it: they get a tenth of what others
/// take if they want it, and all of what nobody else wants.
pub const SLOW_LANE_NICENESS: i32 = 10;
/// How long the clock thread goes on ticking after the last attempt. Attempts in quick
/// succession then wake no thread.
pub const TICKS_WHEN_IDLE: u32 = 100;
/// What reading a clock costs, on that clock: a guest that waits by spinning gets there.
pub const CLOCK_STEP: Duration = Duration::from_micros(1);

/// Holds the memories of one instance together to a bound, and records their peak; and its
/// tables and core instances each to theirs.
#[derive(Debug)]
pub(crate) struct InstanceLimiter {
    bytes_max: usize,
    table_elements_max: usize,
    instances_max: usize,
    bytes: usize,
    bytes_peak: usize,
    /// What the last allowed growth added; taken back when the growth then fails.
    last_growth: usize,
    refused: bool,
}

impl InstanceLimiter {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            bytes_max: usize::try_from(limits.memory_bytes_max).unwrap_or(usize::MAX),
            table_elements_max: limits.table_elements_max as usize,
            instances_max: limits.instances_max as usize,
            bytes: 0,
            bytes_peak: 0,
            last_growth: 0,
            refused: false,
        }
    }

    /// Most bytes the instance had.
    pub(crate) fn bytes_peak(&self) -> u64 {
        self.bytes_peak as u64
    }

    /// Whether the guest ever asked for more than it may have. No failure in itself: a
    /// guest may well live with a refusal.
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }
}

impl ResourceLimiter for InstanceLimiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // Beyond what the memory itself declares: the guest's own bound, not ours.
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let growth = desired.saturating_sub(current);
        let bytes = self.bytes.saturating_add(growth);
        if bytes > self.bytes_max {
            self.refused = true;
            return Ok(false);
        }
        self.last_growth = growth;
        self.bytes = bytes;
        self.bytes_peak = self.bytes_peak.max(bytes);
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.bytes -= std::mem::take(&mut self.last_growth);
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_elements_max)
    }

    fn instances(&self) -> usize {
        self.instances_max
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(memory_bytes_max: u64) -> InstanceLimiter {
        InstanceLimiter::new(&Limits {
            memory_bytes_max,
            ..Limits::default()
        })
    }

    #[test]
    fn memories_share_one_bound() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 41, None).unwrap());
        assert!(limiter.refused());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(limiter.bytes_peak(), 100);
    }

    #[test]
    fn a_guests_own_maximum_is_no_refusal_of_ours() {
        let mut limiter = limiter(100);
        assert!(!limiter.memory_growing(0, 60, Some(50)).unwrap());
        assert!(!limiter.refused());
    }

    #[test]
    fn a_growth_that_fails_is_taken_back() {
        let mut limiter = limiter(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no"))
            .unwrap();
        assert!(limiter.memory_growing(0, 100, None).unwrap());
    }
}
