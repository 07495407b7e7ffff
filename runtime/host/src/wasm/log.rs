//! A guest's log: lines of bounded length and volume, told to `tracing` under the target
//! `stepwell::task`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::stepwell::task::host::Level;
use super::limits;
use super::stream::Sink;
use crate::Context;

/// The log of one attempt.
pub(super) struct AttemptLog {
    context: Arc<Context>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bytes told so far.
    bytes: usize,
    /// Lines not told because there were too many.
    dropped: u64,
    /// The line that standard error has begun.
    line: Vec<u8>,
    /// The last of what standard error said: up to twice the tail, trimmed when beyond.
    tail: Vec<u8>,
}

impl AttemptLog {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            state: Mutex::default(),
        }
    }

    /// Tells one line. What is longer than a line may be is cut.
    pub(super) fn line(&self, level: Level, message: &str, fields: &str) {
        let message = cut(message, limits::LOG_LINE_BYTES_MAX);
        let fields = cut(fields, limits::LOG_LINE_BYTES_MAX - message.len());
        if self.state().admits(message.len() + fields.len()) {
            tell(&self.context, level, message, fields);
        }
    }

    /// Takes what the guest wrote to standard error, and tells the lines that it ends.
    fn write(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.keep_tail(bytes);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = limits::LOG_LINE_BYTES_MAX - state.line.len();
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            state.line.extend_from_slice(&text[..text.len().min(room)]);
            if piece.ends_with(b"\n") {
                self.tell_line(&mut state);
            }
        }
    }

    fn tell_line(&self, state: &mut State) {
        let line = std::mem::take(&mut state.line);
        if state.admits(line.len()) {
            tell(
                &self.context,
                Level::Info,
                &String::from_utf8_lossy(&line),
                "",
            );
        }
    }

    /// Tells what is left: the last line of standard error, and how many were dropped.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        if !state.line.is_empty() {
            self.tell_line(&mut state);
        }
        if state.dropped > 0 {
            let said = format!(
                "{} log lines dropped: an attempt may log {} bytes",
                state.dropped,
                limits::LOG_BYTES_MAX
            );
            tell(&self.context, Level::Warn, &said, "");
        }
    }

    /// The last of what standard error said.
    pub(super) fn stderr_tail(&self) -> String {
        let state = self.state();
        let from = state
            .tail
            .len()
            .saturating_sub(limits::STDERR_TAIL_BYTES_MAX);
        String::from_utf8_lossy(&state.tail[from..])
            .trim()
            .to_owned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for AttemptLog {
    fn take(&self, bytes: &[u8]) -> wasmtime::Result<()> {
        self.write(bytes);
        Ok(())
    }
}

impl State {
    /// Counts a line in, or counts it dropped.
    fn admits(&mut self, bytes: usize) -> bool {
        // Each line costs its reader something, empty or not.
        let bytes = self.bytes + bytes.max(1);
        let admitted = bytes <= limits::LOG_BYTES_MAX;
        if admitted {
            self.bytes = bytes;
        } else {
            self.dropped += 1;
        }
        admitted
    }

    fn keep_tail(&mut self, bytes: &[u8]) {
        let from = bytes.len().saturating_sub(limits::STDERR_TAIL_BYTES_MAX);
        self.tail.extend_from_slice(&bytes[from..]);
        if self.tail.len() > 2 * limits::STDERR_TAIL_BYTES_MAX {
            self.tail
                .drain(..self.tail.len() - limits::STDERR_TAIL_BYTES_MAX);
        }
    }
}

/// The longest beginning of `text` that fits, ending between two characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// Hands one line to `tracing`, whose levels must be known when this is compiled.
fn tell(context: &Context, level: Level, message: &str, fields: &str) {
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: "stepwell::task",
                tracing::Level::$level,
                execution = %context.execution_arn,
                state = %context.state_name,
                retry = context.retry_count,
                fields,
                "{message}"
            )
        };
    }
    match level {
        Level::Trace => event!(TRACE),
        Level::Debug => event!(DEBUG),
        Level::Info => event!(INFO),
        Level::Warn => event!(WARN),
        Level::Error => event!(ERROR),
    }
}
