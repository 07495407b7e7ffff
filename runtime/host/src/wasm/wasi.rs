//! A WASI that is there, empty and deterministic but for what is granted: no files, no sockets,
//! no environment, no arguments; time that the guest makes itself, and chance drawn from the
//! attempt's key.

use std::sync::Arc;

use asl::Payload;
use chacha20::ChaCha12Rng;
use chacha20::rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, WasiCtxBuilder, WasiView};

use super::clock::{GuestTime, Monotonic, Wall};
use super::limits;
use super::log::AttemptLog;
use super::secrets::Secrets;
use super::stream::{Printed, Stream};
use crate::{Context, Directory, Grants, Limits};

/// One guest's WASI.
pub(super) struct Wasi {
    /// Serves preview 1, and through it preview 2.
    pub(super) context: WasiP1Ctx,
    pub(super) time: GuestTime,
    /// What a command printed; `None` for a Task, whose answer is a return value.
    pub(super) printed: Option<Arc<Printed>>,
}

/// What a WASI is made of.
pub(super) struct Surroundings<'a> {
    pub(super) context: &'a Context,
    pub(super) limits: &'a Limits,
    pub(super) grants: &'a Grants,
    pub(super) secrets: Option<&'a Secrets>,
    /// What a command reads; without it, standard input is empty and what the guest prints
    /// goes to the log.
    pub(super) input: Option<&'a Payload>,
    pub(super) log: Stream<AttemptLog>,
}

/// A directory that is granted and cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the directory {path} cannot be opened: {why}")]
pub(super) struct NoDirectory {
    path: String,
    why: String,
}

impl Wasi {
    /// Blocks only where directories are granted.
    pub(super) fn new(surroundings: Surroundings<'_>) -> Result<Self, NoDirectory> {
        let Surroundings {
            context,
            limits,
            grants,
            secrets,
            input,
            log,
        } = surroundings;
        let time = match grants.clock {
            true => GuestTime::real(),
            false => GuestTime::own(context.started_at),
        };
        let mut builder = WasiCtxBuilder::new();
        builder
            .max_random_size(limits::RANDOM_BYTES_MAX)
            .wall_clock(Wall(time.clone()))
            .monotonic_clock(Monotonic(time.clone()))
            // Each is the default, but none may ever become another by an upgrade.
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .allow_blocking_current_thread(false)
            .stderr(log.clone());
        let seeds = match grants.randomness {
            true => Seeds::real(),
            false => Seeds::of(context),
        };
        seeds.plant(&mut builder);
        for (name, value) in &grants.environment {
            builder.env(name, value);
        }
        for (name, value) in secrets.into_iter().flat_map(Secrets::variables) {
            builder.env(name, value);
        }
        for directory in &grants.directories {
            open(&mut builder, directory)?;
        }
        let printed = input.map(|input| {
            let printed = Arc::new(Printed::new(limits));
            builder.stdin(MemoryInputPipe::new(input.text().to_owned()));
            builder.stdout(Stream(Arc::clone(&printed)));
            printed
        });
        if printed.is_none() {
            builder.stdout(log);
        }
        let mut context = builder.build_p1();
        let resources_max = match grants.directories.is_empty() {
            true => limits::RESOURCES_MAX,
            false => limits::FILES_MAX,
        };
        context.ctx().table.set_max_capacity(resources_max);
        Ok(Self {
            context,
            time,
            printed,
        })
    }
}

/// Opens a directory for a guest, who gets no further than it: neither by `..` nor by a link.
fn open(builder: &mut WasiCtxBuilder, directory: &Directory) -> Result<(), NoDirectory> {
    let access = match directory.writable {
        true => FsPerms::ReadWrite,
        false => FsPerms::ReadOnly,
    };
    let opened = builder.preopened_dir(&directory.host, &directory.inside, access);
    opened.map(|_| ()).map_err(|error| NoDirectory {
        path: directory.host.display().to_string(),
        why: format!("{error:#}"),
    })
}

/// What a guest's chance begins from: one for each use.
struct Seeds {
    secure: [u8; 32],
    insecure: [u8; 32],
    seed: [u8; 32],
}

impl Seeds {
    /// What the attempt's key determines.
    fn of(context: &Context) -> Self {
        let hash = |usage: &str| {
            let mut hash = Sha256::new();
            hash.update(usage.as_bytes());
            hash.update([0]);
            hash.update(context.idempotency_key.as_bytes());
            hash.finalize().into()
        };
        Self {
            secure: hash("random"),
            insecure: hash("insecure"),
            seed: hash("insecure-seed"),
        }
    }

    /// What nobody can know before.
    fn real() -> Self {
        let draw = || {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).expect("the system has randomness");
            bytes
        };
        Self {
            secure: draw(),
            insecure: draw(),
            seed: draw(),
        }
    }

    fn plant(&self, builder: &mut WasiCtxBuilder) {
        let seed = self.seed[..16].try_into().expect("sixteen of its bytes");
        builder
            .secure_random(ChaCha12Rng::from_seed(self.secure))
            .insecure_random(ChaCha12Rng::from_seed(self.insecure))
            .insecure_random_seed(u128::from_le_bytes(seed));
    }
}
