//! An execution as it goes: a live table on a terminal, plain lines elsewhere.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use asl::Timestamp;
use asl::history::{Detail, HistoryEvent, Note, Record, ScopeId};
use asl::interpreter::Execution;
use engine::Observer;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output;

/// States shown as live at once; beyond it a wide Map would push the rest off the screen.
const LIVE_ROWS_MAX: usize = 16;

/// How often a live row moves.
const REDRAW: Duration = Duration::from_millis(100);

/// Who shows an execution to the person at this terminal.
pub(super) fn observer(lines: bool) -> Arc<dyn Observer> {
    if lines || !std::io::stderr().is_terminal() {
        Arc::new(Lines)
    } else {
        Arc::new(Table::default())
    }
}

/// One line an event.
struct Lines;

impl Observer for Lines {
    fn recorded(&self, _: &Execution, records: &[Record]) {
        for record in records {
            match record {
                Record::Event(_, event) => output::say(line(event)),
                Record::Note(Note::RetryAt { at, .. }) => {
                    output::say(format_args!("             retry at {}", time_of_day(*at)));
                }
                Record::Note(_) => {}
            }
        }
    }
}

/// `12:00:01.123 TaskStateEntered Charge`
fn line(event: &HistoryEvent) -> String {
    let what = event.detail.event_type();
    let about = about(&event.detail);
    format!("{} {what} {about}", time_of_day(event.timestamp))
        .trim_end()
        .to_owned()
}

/// The shortest useful word on an event: the state, the failure.
pub(super) fn about(detail: &Detail) -> String {
    match detail {
        Detail::StateEntered { name, .. } | Detail::StateExited { name, .. } => name.to_string(),
        Detail::MapIterationStarted { name, index }
        | Detail::MapIterationSucceeded { name, index }
        | Detail::MapIterationFailed { name, index }
        | Detail::MapIterationAborted { name, index } => format!("{name} #{index}"),
        Detail::MapStateStarted { length } => format!("{length} items"),
        Detail::Scheduled { resource, .. } => resource.to_string(),
        Detail::Failed { failure, .. }
        | Detail::TimedOut { failure, .. }
        | Detail::EvaluationFailed { failure, .. }
        | Detail::ExecutionFailed(failure)
        | Detail::ExecutionAborted(failure)
        | Detail::ExecutionTimedOut(failure) => {
            let cause = failure.cause.as_deref().unwrap_or_default();
            format!("{}: {}", failure.error_name(), first_line(cause))
        }
        _ => String::new(),
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// `12:00:01.123`, in UTC as history has it.
pub(super) fn time_of_day(moment: Timestamp) -> String {
    moment
        .to_string()
        .get(11..23)
        .unwrap_or_default()
        .to_owned()
}

/// Rows of live states, and a line for each that was left.
#[derive(Default)]
struct Table {
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    screen: MultiProgress,
    live: HashMap<ScopeId, Row>,
}

struct Row {
    bar: Option<ProgressBar>,
    name: String,
    kind: &'static str,
    entered: Timestamp,
    attempts: u32,
}

impl Observer for Table {
    fn recorded(&self, _: &Execution, records: &[Record]) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            match record {
                Record::Event(scope, event) => rows.event(*scope, event),
                Record::Note(note) => rows.note(note),
            }
        }
    }
}

impl Rows {
    fn event(&mut self, scope: ScopeId, event: &HistoryEvent) {
        match &event.detail {
            Detail::StateEntered { state, name, .. } => {
                let row = Row {
                    bar: self.bar(),
                    name: name.to_string(),
                    kind: state.as_str(),
                    entered: event.timestamp,
                    attempts: 0,
                };
                row.show("");
                self.live.insert(scope, row);
            }
            Detail::Scheduled { .. } => {
                if let Some(row) = self.live.get_mut(&scope) {
                    row.attempts += 1;
                    row.show("running");
                }
            }
            Detail::StateExited { .. } => self.leave(scope, event.timestamp, "✓"),
            Detail::StateAborted(_) => self.leave(scope, event.timestamp, "–"),
            Detail::Failed { .. } | Detail::TimedOut { .. } => self.say(&about(&event.detail)),
            detail if detail.ends_execution() => {
                let scopes: Vec<ScopeId> = self.live.keys().copied().collect();
                for scope in scopes {
                    self.leave(scope, event.timestamp, "✗");
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, note: &Note) {
        let (scope, what) = match note {
            Note::WaitUntil { scope, at } => (scope, format!("until {}", time_of_day(*at))),
            Note::RetryAt { scope, at, .. } => (scope, format!("retry at {}", time_of_day(*at))),
            Note::Items { scope, items, .. } => {
                let count = items.value().as_array().map_or(0, Vec::len);
                (scope, format!("{count} items"))
            }
            _ => return,
        };
        if let Some(row) = self.live.get(scope) {
            row.show(&what);
        }
    }

    fn bar(&self) -> Option<ProgressBar> {
        if self.live.len() >= LIVE_ROWS_MAX {
            return None;
        }
        let bar = self.screen.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
        bar.set_style(style.expect("a sound template"));
        bar.enable_steady_tick(REDRAW);
        Some(bar)
    }

    fn leave(&mut self, scope: ScopeId, at: Timestamp, mark: &str) {
        let Some(row) = self.live.remove(&scope) else {
            return;
        };
        if let Some(bar) = &row.bar {
            bar.finish_and_clear();
            self.screen.remove(bar);
        }
        let seconds = (at.0 - row.entered.0) as f64 / 1000.0;
        let attempts = match row.attempts {
            0 | 1 => String::new(),
            many => format!("{many} attempts"),
        };
        let line = format!(
            "{mark} {:28} {:9} {seconds:8.3} s  {attempts}",
            row.name, row.kind
        );
        self.say(line.trim_end());
    }

    fn say(&self, line: &str) {
        // A terminal that went away is no reason to fail.
        let _ = self.screen.println(line);
    }
}

impl Row {
    fn show(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{:28} {:9} {what}", self.name, self.kind));
        }
    }
}
