//! `--input`: JSON itself, `@FILE`, or `-` for standard input.

use std::io::Read;

use anyhow::{Context, anyhow, bail};
use asl::{Payload, limits};

/// Longest text read from a file or standard input, in bytes: more than any payload or
/// definition may have, so that the right complaint can be made.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// The payload an `--input` names.
pub(super) fn payload(argument: &str) -> anyhow::Result<Payload> {
    let text = text(argument)?;
    let payload = Payload::from_text(text.trim())
        .map_err(|error| anyhow!("the input is {error}, in {}", shorten(argument)))?;
    if payload.exceeds_limit() {
        bail!(
            "the input has {} bytes; at most {} may pass between states",
            payload.text().len(),
            limits::PAYLOAD_BYTES_MAX
        );
    }
    Ok(payload)
}

/// The text an argument names: itself, a file's, or standard input's.
pub(super) fn text(argument: &str) -> anyhow::Result<String> {
    match argument.strip_prefix('@') {
        Some(path) => file(path),
        None if argument == "-" => standard(),
        None => Ok(argument.to_owned()),
    }
}

/// All of standard input.
fn standard() -> anyhow::Result<String> {
    let name = "standard input";
    utf8(
        bounded(std::io::stdin().lock(), name, TEXT_BYTES_MAX)?,
        name,
    )
}

/// The text of a file.
pub(super) fn file(path: &str) -> anyhow::Result<String> {
    utf8(bytes(path, TEXT_BYTES_MAX)?, path)
}

/// The bytes of a file that has at most so many.
pub(super) fn bytes(path: &str, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
    bounded(file, path, bytes_max)
}

fn bounded(reader: impl Read, name: &str, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > bytes_max {
        bail!("{name} has more than {bytes_max} bytes");
    }
    Ok(bytes)
}

fn utf8(bytes: Vec<u8>, name: &str) -> anyhow::Result<String> {
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        _ if text == "-" => "standard input".to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
