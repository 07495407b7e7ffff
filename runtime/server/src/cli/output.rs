//! What goes to standard output (data) and to standard error (everything else).

use std::fmt;
use std::io::{self, Write};

use serde_json::Value;

/// Prints one JSON value and a line end: indented for a person, compact for a pipe.
pub(super) fn print_json(value: &Value) -> anyhow::Result<()> {
    let stdout = io::stdout();
    let text = if io::IsTerminal::is_terminal(&stdout) {
        serde_json::to_string_pretty(value)?
    } else {
        value.to_string()
    };
    print_bytes(format!("{text}\n").as_bytes())
}

/// Prints text as it is.
pub(super) fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(())
}

/// Says something to the person at the terminal.
pub(super) fn say(text: impl fmt::Display) {
    // Nobody listening is no reason to fail.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Says what is wrong.
pub(super) fn complain(text: impl fmt::Display) {
    say(format_args!("error: {text}"));
}

/// Whether the reader of our output went away: `stepwell … | head` is not an error.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
