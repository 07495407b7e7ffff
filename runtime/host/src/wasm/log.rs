//! A guest's log: lines of bounded length and volume, told to `tracing` under the target
//! `stepwell::task`.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::bindings::stepwell::task::host::Level;
use super::limits;
use super::secrets::Secrets;
use super::stream::Sink;
use crate::{Context, LOG_TAIL_BYTES_MAX};

/// The log of one attempt.
pub(super) struct AttemptLog {
    context: Arc<Context>,
    /// What it may tell, in bytes.
    bytes_max: u64,
    /// What it must not tell.
    secrets: Option<Arc<Secrets>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Bytes told so far.
    bytes: u64,
    /// Lines not told because there were too many.
    dropped: u64,
    /// The line that standard error has begun.
    line: Vec<u8>,
    /// The last lines of standard error: up to twice the tail, trimmed when beyond.
    tail: String,
    /// The end of what was told: up to twice what is kept, trimmed when beyond.
    told: String,
}

impl AttemptLog {
    pub(super) fn new(
        context: Arc<Context>,
        bytes_max: u64,
        secrets: Option<Arc<Secrets>>,
    ) -> Self {
        Self {
            context,
            bytes_max,
            secrets,
            state: Mutex::default(),
        }
    }

    /// Tells one line. What is longer than a line may be is cut.
    pub(super) fn line(&self, level: Level, message: &str, fields: &str) {
        let (message, fields) = (self.masked(message), self.masked(fields));
        let message = cut(&message, limits::LOG_LINE_BYTES_MAX);
        let fields = cut(&fields, limits::LOG_LINE_BYTES_MAX - message.len());
        let mut state = self.state();
        if state.admits(message.len() + fields.len(), self.bytes_max) {
            state.tell(&self.context, level, message, fields);
        }
    }

    /// A text without the attempt's secrets.
    fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match &self.secrets {
            Some(secrets) => Cow::Owned(secrets.masked(text.to_owned())),
            None => Cow::Borrowed(text),
        }
    }

    /// Takes what the guest wrote to standard error, and tells the lines that it ends.
    fn write(&self, bytes: &[u8]) {
        let mut state = self.state();
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
        let line = String::from_utf8_lossy(&line);
        let line = self.masked(&line);
        state.keep_tail(&line);
        if state.admits(line.len(), self.bytes_max) {
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
                self.bytes_max
            );
            state.tell(&self.context, Level::Warn, &said, "");
        }
    }

    /// The end of all that was told, when no more will come.
    pub(super) fn tail(&self) -> String {
        self.finish();
        end(&self.state().told, LOG_TAIL_BYTES_MAX).to_owned()
    }

    /// The last of what standard error said, when no more will come.
    pub(super) fn stderr_tail(&self) -> String {
        let mut state = self.state();
        if !state.line.is_empty() {
            self.tell_line(&mut state);
        }
        end(&state.tail, limits::STDERR_TAIL_BYTES_MAX)
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
    fn admits(&mut self, bytes: usize, bytes_max: u64) -> bool {
        // Each line costs its reader something, empty or not.
        let bytes = self.bytes + bytes.max(1) as u64;
        let admitted = bytes <= bytes_max;
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
            self.told = end(&self.told, LOG_TAIL_BYTES_MAX).to_owned();
        }
        tell(context, level, message, fields);
    }

    fn keep_tail(&mut self, line: &str) {
        self.tail.push_str(end(line, limits::STDERR_TAIL_BYTES_MAX));
        self.tail.push('\n');
        if self.tail.len() > 2 * limits::STDERR_TAIL_BYTES_MAX {
            self.tail = end(&self.tail, limits::STDERR_TAIL_BYTES_MAX).to_owned();
        }
    }
}

/// The end that is kept, beginning between two characters.
fn end(told: &str, bytes_max: usize) -> &str {
    let from = told.len().saturating_sub(bytes_max);
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
