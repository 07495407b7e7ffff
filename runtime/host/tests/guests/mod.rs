//! Guests written as WebAssembly text, and attempts of them.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};

use asl::{Failure, Payload, Timestamp};
use host::wasm::{PrepareError, WasmHost};
use host::{Attempt, Context, Digest, Grants, Limits, Module, Outcome, Prepared, TaskHost as _};
use wit_component::StringEncoding;

/// Linear memory that guests of these tests may have, in bytes.
pub(crate) const MEMORY_BYTES_MAX: u64 = 16 << 20;

/// The host that all tests share, as all Tasks of a server do.
pub(crate) fn host() -> &'static WasmHost {
    static HOST: OnceLock<WasmHost> = OnceLock::new();
    HOST.get_or_init(|| WasmHost::in_memory().unwrap())
}

/// The bytes of one guest: `task/…` and `http/…` as wit-bindgen would link it, anything else as
/// written.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    let text = text(name);
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let contract = || read("../../wit/task.wit");
    if name.starts_with("task/") {
        task(&text, &contract())
    } else if name.starts_with("http/") {
        let text = text.replacen(";; PRELUDE", &read("tests/guests/http/prelude"), 1);
        link(&text, &[&contract(), &read("tests/guests/http/world.wit")])
    } else {
        wat::parse_str(text).unwrap()
    }
}

/// The names of all guests.
pub(crate) fn all() -> Vec<String> {
    let folder = root().join("tests/guests");
    let mut names = Vec::new();
    for kind in ["", "command", "http", "task"] {
        for file in std::fs::read_dir(folder.join(kind)).unwrap().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|end| end == "wat") {
                let name = path.with_extension("");
                let name = name.strip_prefix(&folder).unwrap();
                names.push(name.to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

/// The WebAssembly text of one guest.
pub(crate) fn text(name: &str) -> String {
    let path = root().join("tests/guests").join(name).with_extension("wat");
    std::fs::read_to_string(path).unwrap()
}

/// A Task written as text, linked against a contract.
pub(crate) fn task(text: &str, contract: &str) -> Vec<u8> {
    link(text, &[contract])
}

/// A module written as text, linked against the world `task` of the last of these packages.
fn link(text: &str, packages: &[&str]) -> Vec<u8> {
    let mut bytes = wat::parse_str(text).unwrap();
    let mut resolve = wit_parser::Resolve::default();
    let pushed = packages
        .iter()
        .map(|package| resolve.push_source("world.wit", package).unwrap());
    let package = pushed.last().unwrap();
    let world = resolve.select_world(&[package], Some("task")).unwrap();
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut bytes, &resolve, world, utf8).unwrap();
    bytes
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) async fn prepare(name: &str) -> Result<Prepared, PrepareError> {
    host().prepare(guest(name)).await
}

/// Limits wide enough for guests that behave.
pub(crate) fn limits() -> Limits {
    Limits {
        memory_bytes_max: MEMORY_BYTES_MAX,
        ..Limits::default()
    }
}

pub(crate) fn attempt(digest: Digest, limits: Limits, input: &str) -> Attempt {
    Attempt {
        module: Module::pure(digest, limits),
        input: Payload::from_text(input).unwrap(),
        context: Context {
            execution_arn: "arn:aws:states:us-east-1:123456789012:execution:m:e".to_owned(),
            state_machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".to_owned(),
            state_name: "Charge".to_owned(),
            retry_count: 0,
            idempotency_key: "key-1".to_owned(),
            started_at: Timestamp(1_700_000_000_000),
            deadline: None,
        },
        on_heartbeat: Arc::new(|| ()),
    }
}

/// Prepares a guest and runs one attempt of it.
pub(crate) async fn run(name: &str, limits: Limits, input: &str) -> Outcome {
    let digest = prepare(name).await.unwrap().digest;
    host().run(attempt(digest, limits, input)).await.unwrap()
}

/// Prepares a guest and runs one attempt of it that is granted something.
pub(crate) async fn granted(name: &str, grants: Grants, limits: Limits, input: &str) -> Outcome {
    let digest = prepare(name).await.unwrap().digest;
    let mut attempt = attempt(digest, limits, input);
    attempt.module.grants = grants.into();
    host().run(attempt).await.unwrap()
}

/// The failure of one attempt with the usual limits.
pub(crate) async fn failure(name: &str) -> (String, String) {
    named(run(name, limits(), "null").await.result.unwrap_err())
}

/// A failure's name and cause.
pub(crate) fn named(failure: Failure) -> (String, String) {
    (
        failure.error_name().to_owned(),
        failure.cause.unwrap_or_default(),
    )
}

/// The text that one attempt with the usual limits answers.
pub(crate) async fn answer(name: &str, input: &str) -> String {
    run(name, limits(), input)
        .await
        .result
        .unwrap()
        .text()
        .to_owned()
}

/// Counts heartbeats.
pub(crate) fn counting(attempt: &mut Attempt) -> Arc<AtomicU32> {
    let count = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&count);
    attempt.on_heartbeat = Arc::new(move || {
        counted.fetch_add(1, SeqCst);
    });
    count
}
