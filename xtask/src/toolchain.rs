//! A compiler that can build for `wasm32-unknown-unknown`.
//!
//! The usual one is rustup's, with the target added. Where its servers cannot be reached
//! (air-gapped machines, some CI), Debian's `rustc-web` serves: it comes with the source of
//! its standard library, which is then compiled once for the target and kept in the cache
//! as a *sysroot*, the folder in which rustc looks for `std`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::workspace::{Workspace, at, output, stage};

/// What guests are built for.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What guests that use WASI are built for: only rustup has its library.
pub(crate) const WASIP2: &str = "wasm32-wasip2";

/// Debian's compiler, cargo and library source (bookworm-security and later).
const DEBIAN_PACKAGES: [&str; 3] = ["rustc-web", "cargo-web", "rust-web-src"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std";

/// The oldest Debian compiler that builds the guests: the second number of its version.
const DEBIAN_MINOR_MIN: u32 = 95;

/// How guests are compiled.
pub(crate) enum Toolchain {
    /// By the compiler that everything else is built with.
    Rustup,
    /// By Debian's, with a standard library of our own making.
    Debian {
        /// Where rustc finds `std` for the target.
        sysroot: PathBuf,
        /// What links: Debian's compiler comes without a linker for Wasm.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// Finds a compiler for the target, getting what is missing. What an earlier run found
    /// or made is used without asking the network again.
    pub(crate) fn get(workspace: &Workspace) -> Result<Self> {
        let rustup_sysroot = rustup_sysroot()?;
        if library(&rustup_sysroot, TARGET).is_dir() {
            return Ok(Self::Rustup);
        }
        if let Some(sysroot) = made_sysroot(workspace) {
            return Ok(Self::Debian {
                sysroot,
                linker: linker(&rustup_sysroot)?,
            });
        }
        let mut add = Command::new("rustup");
        let Err(refused) = stage(
            "Adding the Wasm target to Rust, to build the tasks (rustup, about 20 MB)",
            add.args(["target", "add", TARGET]),
        ) else {
            return Ok(Self::Rustup);
        };
        eprintln!("    rustup could not ({refused}); taking Debian's compiler instead");
        install_debian_packages()?;
        let sysroot = make_sysroot(workspace)?;
        Ok(Self::Debian {
            sysroot,
            linker: linker(&rustup_sysroot)?,
        })
    }

    /// Cargo, set up to build for the target.
    pub(crate) fn cargo(&self, workspace: &Workspace) -> Command {
        let cargo = match self {
            Self::Rustup => workspace.cargo(),
            Self::Debian { sysroot, linker } => {
                let mut cargo = debian_cargo();
                cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
                // Joined by cargo to the flags of the guests' own configuration.
                let flags = format!(
                    "target.{TARGET}.rustflags=['--sysroot={}']",
                    sysroot.display()
                );
                cargo.args(["--config", &flags]);
                cargo
            }
        };
        with_own_flags(cargo)
    }

    /// Cargo, set up to build for [`WASIP2`], getting the target if it is missing.
    ///
    /// # Errors
    /// Why it cannot be had: where rustup was refused before, it is not asked again.
    pub(crate) fn cargo_for_wasip2(&self, workspace: &Workspace) -> Result<Command> {
        if matches!(self, Self::Debian { .. }) {
            return Err("rustup cannot add the target here, and Debian's compiler has none".into());
        }
        if !library(&rustup_sysroot()?, WASIP2).is_dir() {
            stage(
                "Adding the WASI target to Rust (rustup, about 25 MB)",
                Command::new("rustup").args(["target", "add", WASIP2]),
            )?;
        }
        Ok(with_own_flags(workspace.cargo()))
    }
}

/// Cargo without the flags of whoever called: they would replace the guests' link flags.
fn with_own_flags(mut cargo: Command) -> Command {
    cargo
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

fn rustup_sysroot() -> Result<PathBuf> {
    output(Command::new("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

/// Where a sysroot keeps a target's libraries.
fn library(sysroot: &Path, target: &str) -> PathBuf {
    sysroot.join("lib/rustlib").join(target).join("lib")
}

fn debian_cargo() -> Command {
    let mut cargo = Command::new(DEBIAN_CARGO);
    // Rustup's variables would lead Debian's cargo back to rustup's compiler.
    cargo
        .env("RUSTC", DEBIAN_RUSTC)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("RUSTDOC");
    cargo
}

/// Debian's version text, as in `rustc 1.96.0 (…)`, if it is there and new enough.
fn debian_version() -> Option<String> {
    if !Path::new(DEBIAN_SOURCE).exists() || !Path::new(DEBIAN_CARGO).exists() {
        return None;
    }
    let version = output(Command::new(DEBIAN_RUSTC).arg("--version")).ok()?;
    let minor = version.split('.').nth(1)?.parse::<u32>().ok()?;
    (minor >= DEBIAN_MINOR_MIN).then_some(version)
}

/// The place of the sysroot for a compiler: another compiler needs another.
fn sysroot_of(workspace: &Workspace, version: &str) -> PathBuf {
    let word = version.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
    workspace.cache.join("sysroot").join(word)
}

fn made_sysroot(workspace: &Workspace) -> Option<PathBuf> {
    Some(sysroot_of(workspace, &debian_version()?))
        .filter(|sysroot| library(sysroot, TARGET).is_dir())
}

fn install_debian_packages() -> Result<()> {
    if debian_version().is_some() {
        return Ok(());
    }
    let by_hand = format!(
        "a compiler for {TARGET} is needed. Either of these gives one:\n  \
         rustup target add {TARGET}\n  apt-get install --no-install-recommends {}",
        DEBIAN_PACKAGES.join(" ")
    );
    stage(
        "Asking Debian what it has",
        Command::new("apt-get").args(["update", "--quiet"]),
    )
    .and_then(|_| {
        let mut install = Command::new("apt-get");
        install
            .args(["install", "--yes", "--no-install-recommends"])
            .args(DEBIAN_PACKAGES);
        stage(
            "Installing Debian's Rust, to build the tasks (about 150 MB)",
            &mut install,
        )
    })
    .map_err(|error| format!("{error}\n{by_hand}"))?;
    debian_version().map(drop).ok_or(by_hand)
}

/// Compiles Debian's standard library for the target and lays it out as a sysroot. Made
/// aside and moved into place whole, so that a run beside this one, or the next after a
/// crash, sees all of it or nothing.
fn make_sysroot(workspace: &Workspace) -> Result<PathBuf> {
    let version = debian_version().ok_or("Debian's compiler is gone")?;
    let sysroot = sysroot_of(workspace, &version);
    // Beside what it becomes: the folder of both is made here too.
    let aside = sysroot.with_file_name(format!("making-{}", std::process::id()));
    let source = aside.join("src");
    fs::create_dir_all(&source).map_err(at(&source))?;
    // Cargo builds a library only for some crate; this one holds nothing.
    let manifest = aside.join("Cargo.toml");
    let package = "[package]\nname = 'nothing'\nedition = '2024'\n[workspace]\n";
    fs::write(&manifest, package).map_err(at(&manifest))?;
    fs::write(source.join("lib.rs"), "#![no_std]\n").map_err(at(&source))?;

    let target = aside.join("target");
    let mut build = debian_cargo();
    build
        .args([
            "build",
            "--release",
            "--target",
            TARGET,
            "-Zbuild-std=std,panic_abort",
        ])
        .current_dir(&aside)
        .env("CARGO_TARGET_DIR", &target)
        // Building the library is unstable cargo; Debian's compiler allows it when told to.
        .env("RUSTC_BOOTSTRAP", "1")
        // The guests are optimised across crates, library included.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes");
    stage(
        "Compiling Rust's standard library for Wasm (a minute or two, once a machine)",
        &mut build,
    )?;

    let built = target.join(TARGET).join("release/deps");
    let library = library(&aside, TARGET);
    fs::create_dir_all(&library).map_err(at(&library))?;
    for file in fs::read_dir(&built).map_err(at(&built))? {
        let file = file.map_err(at(&built))?;
        let name = file.file_name();
        if Path::new(&name).extension().is_some_and(|e| e == "rlib")
            && !name.to_string_lossy().starts_with("libnothing-")
        {
            fs::rename(file.path(), library.join(&name)).map_err(at(&library))?;
        }
    }
    fs::remove_dir_all(&target).map_err(at(&target))?;
    match fs::rename(&aside, &sysroot) {
        // Another run was first: its sysroot is as good.
        Err(_) if self::library(&sysroot, TARGET).is_dir() => {
            fs::remove_dir_all(&aside).map_err(at(&aside))?;
        }
        moved => moved.map_err(at(&sysroot))?,
    }
    Ok(sysroot)
}

/// Rustup's toolchain brings a linker for Wasm; without one Debian's `lld` serves.
fn linker(rustup_sysroot: &Path) -> Result<PathBuf> {
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap_or_default();
    let rust_lld = rustup_sysroot
        .join("lib/rustlib")
        .join(host)
        .join("bin/rust-lld");
    Ok(if rust_lld.is_file() {
        rust_lld
    } else {
        PathBuf::from("wasm-ld")
    })
}
