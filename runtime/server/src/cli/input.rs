//! `--input`: JSON itself, `@FILE`, or `-` for standard input.

use std::io::Read;

use anyhow::{Context, bail};
use asl::{Payload, limits};

/// Longest text read from a file or standard input, in bytes: more than any payload or
/// definition may have, so that the right complaint can be made.
const TEXT_BYTES_MAX: u64 = 16 << 20;

/// The payload an `--input` names.
pub(super) fn payload(argument: &str) -> anyhow::Result<Payload> {
    let text = text(argument)?;
    let payload = Payload::from_text(text.trim())
        .with_context(|| format!("the input is not JSON: {}", shorten(argument)))?;
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
        None if argument == "-" => bounded(std::io::stdin().lock(), "standard input"),
        None => Ok(argument.to_owned()),
    }
}

/// The text of a file.
pub(super) fn file(path: &str) -> anyhow::Result<String> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
    bounded(file, path)
}

fn bounded(reader: impl Read, name: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    reader
        .take(TEXT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {name}"))?;
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        bail!("{name} has more than {TEXT_BYTES_MAX} bytes");
    }
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
