//! Every bound of the sandbox that is not a [`crate::Limits`] of the module version, and
//! the limiter that holds an instance to its memory.

use std::time::Duration;

use wasmtime::ResourceLimiter;

/// A module as it is deployed, in bytes. A Python interpreter compiled to a component
/// takes 18 MB, JavaScript's 12 MB.
pub const MODULE_BYTES_MAX: usize = 64 << 20;
/// Longest wait for a module to compile. Eighteen megabytes take some ten seconds on two
/// cores; what takes this long was made to.
pub const COMPILE_TIME_MAX: Duration = Duration::from_secs(300);
/// Modules compiled or loaded side by side; each may take a gigabyte while it lasts.
pub const COMPILERS_MAX: usize = 2;
/// Attempts in progress side by side; those beyond wait for a place. Bounds the address
/// space that the pooling allocator reserves.
pub const ATTEMPTS_MAX: u32 = 512;
/// Modules kept ready to be instantiated; those beyond are mapped again when needed.
pub const LOADED_MODULES_MAX: usize = 256;
/// What a guest may answer, in bytes: Lambda's bound on a response. Whether that is too
/// much for a payload is the interpreter's question.
pub const OUTPUT_BYTES_MAX: usize = 6 << 20;
/// Bytes that one call may bring from the guest into the host: an answer, and some room
/// to tell one that is too long from one that is far too long.
pub const HOST_CALL_BYTES_MAX: usize = OUTPUT_BYTES_MAX + (64 << 10);
/// One log line, in bytes, as `wit/task.wit` promises.
pub const LOG_LINE_BYTES_MAX: usize = 64 << 10;
/// All log lines of one attempt, in bytes; the rest is dropped and counted.
pub const LOG_BYTES_MAX: usize = 1 << 20;
/// The end of stderr that is kept for the cause of a failure, in bytes.
pub const STDERR_TAIL_BYTES_MAX: usize = 2 << 10;
/// Random bytes a guest may ask for in one call.
pub const RANDOM_BYTES_MAX: u64 = 1 << 20;
/// Resources (streams, pollables) a guest may hold open.
pub const RESOURCES_MAX: usize = 4_096;
/// Subscriptions of one `poll_oneoff`.
pub const SUBSCRIPTIONS_MAX: u32 = 1_024;
/// Core instances within one component: componentize-py makes some twenty.
pub const CORE_INSTANCES_MAX: u32 = 64;
/// Memories within one instance.
pub const MEMORIES_MAX: u32 = 2;
/// Tables within one instance.
pub const TABLES_MAX: u32 = 8;
/// Elements of one table: Go and Python make ten thousand.
pub const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Bookkeeping of one instance, in bytes: grows with its functions, globals and imports.
pub const INSTANCE_BYTES_MAX: usize = 4 << 20;
/// The guest's stack, in bytes; deeper recursion traps.
pub const STACK_BYTES_MAX: usize = 512 << 10;
/// The stack that the guest's and the host's frames share, in bytes.
pub const FIBER_STACK_BYTES: usize = 1 << 20;
/// Of each memory slot, bytes that stay in place between two instances: cleared rather
/// than given back and faulted in again.
pub const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// How often a running guest lets others run, and sees that its time is up.
pub const TICK: Duration = Duration::from_millis(5);
/// How long the clock thread goes on ticking after the last attempt. Attempts in quick
/// succession then wake no thread.
pub const TICKS_WHEN_IDLE: u32 = 20;
/// What reading a clock costs, on that clock: a guest that waits by spinning gets there.
pub const CLOCK_STEP: Duration = Duration::from_micros(1);

/// Holds the memories of one instance together to a bound, and records their peak.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    bytes_max: usize,
    bytes: usize,
    bytes_peak: usize,
    /// What the last allowed growth added; taken back when the growth then fails.
    last_growth: usize,
    refused: bool,
}

impl MemoryLimiter {
    pub(crate) fn new(bytes_max: u64) -> Self {
        let bytes_max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
        Self {
            bytes_max,
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

impl ResourceLimiter for MemoryLimiter {
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
        Ok(desired <= TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
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

    #[test]
    fn memories_share_one_bound() {
        let mut limiter = MemoryLimiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(!limiter.memory_growing(0, 41, None).unwrap());
        assert!(limiter.refused());
        assert!(limiter.memory_growing(0, 40, None).unwrap());
        assert_eq!(limiter.bytes_peak(), 100);
    }

    #[test]
    fn a_guests_own_maximum_is_no_refusal_of_ours() {
        let mut limiter = MemoryLimiter::new(100);
        assert!(!limiter.memory_growing(0, 60, Some(50)).unwrap());
        assert!(!limiter.refused());
    }

    #[test]
    fn a_growth_that_fails_is_taken_back() {
        let mut limiter = MemoryLimiter::new(100);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no"))
            .unwrap();
        assert!(limiter.memory_growing(0, 100, None).unwrap());
    }
}
