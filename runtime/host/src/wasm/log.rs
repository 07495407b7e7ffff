//! A guest's log: lines of bounded length and volume, told to `tracing` under the target
//! `stepwell::task`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::stepwell::task::host::Level;
use super::limits;
use super::stream::Sink;
use crate::{Context, LOG_TAIL_BYTES_MAX};

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
    /// The end of what was told: up to twice what is kept, trimmed when beyond.
    told: String,
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
        let mut state = self.state();
        if state.admits(message.len() + fields.len()) {
            state.tell(&self.context, level, message, fields);
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
            let line = String::from_utf8_lossy(&line);
            state.tell(&self.context, Level::Info, &line, "");
        }
    }

    /// Tells what is left: the last line of standard error, and how many were dropped.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        if !state.line.is_empty() {
            self.tell_line(&mut state);
        }
        let dropped = std::mem::take(&mut state.dropped);
        if dropped > 0 {
            let said = format!(
                "{dropped} log lines dropped: an attempt may log {} bytes",
                limits::LOG_BYTES_MAX
            );
            state.tell(&self.context, Level::Warn, &said, "");
        }
    }

    /// The end of all that was told, when no more will come.
    pub(super) fn tail(&self) -> String {
        self.finish();
        end(&self.state().told).to_owned()
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

    fn tell(&mut self, context: &Context, level: Level, message: &str, fields: &str) {
        for part in [message, " ", fields] {
            if !fields.is_empty() || part != " " {
                self.told.push_str(part);
            }
        }
        self.told.push('\n');
        if self.told.len() > 2 * LOG_TAIL_BYTES_MAX {
            self.told = end(&self.told).to_owned();
        }
        tell(context, level, message, fields);
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

/// The end that is kept, beginning between two characters.
fn end(told: &str) -> &str {
    let from = told.len().saturating_sub(LOG_TAIL_BYTES_MAX);
    &told[told.ceil_char_boundary(from)..]
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
