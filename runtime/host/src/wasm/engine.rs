//! The one wasmtime engine: how code is compiled, and the pool that instances live in.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits;

/// Makes the engine. Fuel meters the work and is deterministic; epochs let a running guest
/// be interrupted; NaNs are canonical so that a pure module is pure to the last bit.
///
/// Public so that a bench can measure bare wasmtime with the same settings.
///
/// # Errors
/// When this machine cannot give the address space that the pool reserves.
pub fn new() -> wasmtime::Result<Engine> {
    let mut config = config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    Engine::new(&config)
}

/// Makes an engine for the same code that reserves no place to run it.
pub(super) fn for_compiling() -> wasmtime::Result<Engine> {
    Engine::new(&config())
}

fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        .memory_init_cow(true)
        .max_wasm_stack(limits::STACK_BYTES_MAX)
        .async_stack_size(limits::FIBER_STACK_BYTES)
        // A trap names functions; nothing maps code back to the bytes it came from.
        .generate_address_map(false);
    config
}

/// The pool. What it counts per component or module is refused at deploy; what it counts
/// in total follows from the number of attempts, so that no attempt with a place fails.
fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(limits::ATTEMPTS_MAX)
        .total_core_instances(limits::ATTEMPTS_MAX * limits::CORE_INSTANCES_MAX)
        .total_memories(limits::ATTEMPTS_MAX * limits::MEMORIES_MAX)
        .total_tables(limits::ATTEMPTS_MAX * limits::TABLES_MAX)
        .total_stacks(limits::ATTEMPTS_MAX)
        .max_core_instances_per_component(limits::CORE_INSTANCES_MAX)
        .max_memories_per_component(limits::MEMORIES_MAX)
        .max_memories_per_module(limits::MEMORIES_MAX)
        .max_tables_per_component(limits::TABLES_MAX)
        .max_tables_per_module(limits::TABLES_MAX)
        .max_component_instance_size(limits::INSTANCE_BYTES_MAX)
        .max_core_instance_size(limits::INSTANCE_BYTES_MAX)
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(limits::KEEP_RESIDENT_BYTES)
        .table_keep_resident(limits::TABLE_KEEP_RESIDENT_BYTES)
        // Linux 6.7 and later tells which pages a guest wrote; older ones are not asked.
        .pagemap_scan(Enabled::Auto);
    pool
}
