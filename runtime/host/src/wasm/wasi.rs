//! A WASI that is there, empty and deterministic: no files, no sockets, no environment, no
//! arguments; time that the guest makes itself, and chance drawn from the attempt's key.

use std::sync::Arc;

use asl::Payload;
use chacha20::ChaCha12Rng;
use chacha20::rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{WasiCtxBuilder, WasiView};

use super::clock::{GuestTime, Monotonic, Wall};
use super::limits;
use super::log::AttemptLog;
use super::stream::{Printed, Stream};
use crate::Context;

/// One guest's WASI.
pub(super) struct Wasi {
    /// Serves preview 1, and through it preview 2.
    pub(super) context: WasiP1Ctx,
    pub(super) time: GuestTime,
    /// What a command printed; `None` for a Task, whose answer is a return value.
    pub(super) printed: Option<Arc<Printed>>,
}

impl Wasi {
    /// `input` is what a command reads; without it, standard input is empty and what the
    /// guest prints goes to the log.
    pub(super) fn new(context: &Context, input: Option<&Payload>, log: Stream<AttemptLog>) -> Self {
        let time = GuestTime::default();
        let mut builder = WasiCtxBuilder::new();
        builder
            .secure_random(chance(context, "random"))
            .insecure_random(chance(context, "insecure"))
            .insecure_random_seed(insecure_seed(context))
            .max_random_size(limits::RANDOM_BYTES_MAX)
            .wall_clock(Wall {
                started_at: context.started_at,
                time: time.clone(),
            })
            .monotonic_clock(Monotonic(time.clone()))
            // Each is the default, but none may ever become another by an upgrade.
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .allow_blocking_current_thread(false)
            .stderr(log.clone());
        let printed = input.map(|input| {
            let printed = Arc::new(Printed::default());
            builder.stdin(MemoryInputPipe::new(input.text().to_owned()));
            builder.stdout(Stream(Arc::clone(&printed)));
            printed
        });
        if printed.is_none() {
            builder.stdout(log);
        }
        let mut context = builder.build_p1();
        context.ctx().table.set_max_capacity(limits::RESOURCES_MAX);
        Self {
            context,
            time,
            printed,
        }
    }
}

/// What the attempt's key determines, different for each use.
fn seed(context: &Context, usage: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(usage.as_bytes());
    hash.update([0]);
    hash.update(context.idempotency_key.as_bytes());
    hash.finalize().into()
}

fn chance(context: &Context, usage: &str) -> ChaCha12Rng {
    ChaCha12Rng::from_seed(seed(context, usage))
}

fn insecure_seed(context: &Context) -> u128 {
    let bytes = seed(context, "insecure-seed");
    u128::from_le_bytes(bytes[..16].try_into().expect("a hash has 32 bytes"))
}
