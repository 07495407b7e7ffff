//! What goes to standard output (data) and to standard error (everything else).

use std::fmt;
use std::io::{self, Write};

use asl::Timestamp;
use comfy_table::Table;
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

/// Whether what is said may be coloured: to a terminal, and nobody said NO_COLOR.
pub(super) fn is_colored() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::IsTerminal::is_terminal(&io::stderr()) && !unwanted && !dumb
}

/// Whether the reader of our output went away: `stepwell … | head` is not an error.
pub(super) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Prints JSON where it is wanted, words elsewhere.
pub(super) fn show(
    as_json: bool,
    value: &Value,
    words: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    match as_json {
        true => print_json(value),
        false => print_bytes(format!("{}\n", words()).as_bytes()),
    }
}

/// A table with no lines: what `column -t` would make. An empty header is none.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    if !header.is_empty() {
        table.set_header(header.to_vec());
    }
    table
}

/// A line for each field that is there.
pub(super) fn fields(fields: &[(&str, String)]) -> String {
    let there = fields.iter().filter(|(_, text)| !text.is_empty());
    let lines = there.map(|(name, text)| format!("{name:16} {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A field's text; empty when it is none.
pub(super) fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value[field].as_str().unwrap_or_default()
}

/// A moment as AWS's JSON has it: seconds since the epoch.
pub(super) fn moment(seconds: &Value) -> Option<Timestamp> {
    let seconds = seconds.as_f64()?;
    Some(Timestamp((seconds * 1000.0).round() as i64))
}

/// A field that is a moment, for a person; empty when it is none.
pub(super) fn date(value: &Value, field: &str) -> String {
    moment(&value[field]).map_or_else(String::new, |at| at.to_string())
}

/// The first line of a text, cut to what fits beside other things.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// Says how an execution ended that did not succeed.
pub(super) fn say_failure(status: &str, error: &str, cause: &str) {
    say(match (error, cause) {
        ("", "") => status.to_owned(),
        (error, "") => format!("{status}: {error}"),
        ("", cause) => format!("{status}: {cause}"),
        (error, cause) => format!("{status}: {error}: {cause}"),
    });
}

/// `1 error`, `2 errors`.
pub(super) fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
